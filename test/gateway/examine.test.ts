/** The site's own check of an image, through the whole gateway. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PullState } from '../../src/client/index.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const withMounts = (await canMount()) ? it : it.skip;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let seen: string;

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  seen = mkdtempSync(join(tmpdir(), 'imagegw-seen-'));
  registry.putImage([tarOf({ name: 'etc/', type: 'directory' }, { name: 'etc/motd', body: 'welcome' })], 'latest');
});

afterEach(async () => {
  await registry.stop();
  await stack.stop();
  site.remove();
  rmSync(seen, { recursive: true });
});

/** Pulls with an examiner that is a shell script; what it writes goes to `$SEEN`. */
async function pullWith(key: 'examiner' | 'ExaminerHook', script: string, keys: Readonly<Record<string, unknown>> = {}): Promise<PullState[]> {
  const program = join(seen, 'examine');
  writeFileSync(program, `#!/bin/sh\nSEEN=${seen}\n${script}\n`);
  chmodSync(program, 0o755);
  site = makeSite(stack, registry.url, { [key]: program, ...keys });
  const gateway = await startInProcess(site, { api: true, worker: true });
  try {
    const client = clientOf(gateway);
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    return await statesOf(client, pulls[0]!.id);
  } finally {
    await gateway.close();
    expect(await allLeftovers(site)).toEqual([]);
  }
}

const published = (): string[] => readdirSync(site.images).filter((name) => !name.startsWith('.'));

describe('a classic examiner', () => {
  it('gets the image unpacked and its id', async () => {
    const states = await pullWith('examiner', 'cat "$1/etc/motd" > "$SEEN/seen"; echo " $2" >> "$SEEN/seen"');
    expect(states.at(-1)).toMatchObject({ state: 'READY' });
    expect(states.map(({ state }) => state)).toContain('EXAMINING');
    expect(readFileSync(join(seen, 'seen'), 'utf8')).toBe(`welcome ${states.at(-1)!.image!.imageId}\n`);
  });

  it('that refuses an image keeps it from being published, and its words are told', async () => {
    const states = await pullWith('examiner', 'echo "there is a motd in it"; exit 1');
    expect(states.at(-1)).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'EXAMINATION_FAILED',
        stage: 'EXAMINE',
        retryable: false,
        message: expect.stringContaining('there is a motd in it') as unknown,
      },
    });
    expect(published()).toEqual([]);
  });

  withMounts('is not called, and nothing is unpacked, where the files would not fit: each takes whole blocks (needs mount)', async () => {
    const small = join(seen, 'small');
    // 4,000 bytes, and 16 MB in blocks.
    registry.putImage([tarOf(...Array.from({ length: 4000 }, (_, i) => ({ name: `f${String(i)}`, body: 'x' })))], 'latest');
    await mountTmpfs(small, 'size=8m');
    try {
      const states = await pullWith('examiner', 'touch "$SEEN/seen"', { ExpandDirectory: small });
      expect(states.at(-1)).toMatchObject({
        state: 'FAILED',
        error: { code: 'NO_SPACE', stage: 'EXAMINE', retryable: true, message: expect.stringMatching(new RegExp(`unpacked for the examiner.*${small}.* 16\\d{6} bytes`)) as unknown },
      });
      expect(readdirSync(seen)).not.toContain('seen');
      expect(published()).toEqual([]);
    } finally {
      await unmount(small);
    }
  });
});

it('a hook gets the squashfs and the list of its entries', async () => {
  const states = await pullWith('ExaminerHook', 'cat > "$SEEN/list"; head -c 4 "$1" > "$SEEN/magic"');
  expect(states.at(-1)).toMatchObject({ state: 'READY' });
  const lines = readFileSync(join(seen, 'list'), 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(['etc', 'etc/motd']);
  expect(readFileSync(join(seen, 'magic'), 'latin1')).toBe('hsqs');
});
