/** The site's examiner: what it gets, and what its verdict means. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import { runExaminer, unpackedBytes, type Examination } from '../../src/rootfs/index.js';
import { unsquash, writeLayer } from '../support/images.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { tarOf } from '../support/tar.js';
import { convert } from './convert.js';

const withMounts = (await canMount()) ? it : it.skip;

let directory: string;
let examination: Examination;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-examine-'));
  const layer = writeLayer(
    directory,
    tarOf(
      { name: 'etc/', type: 'directory' },
      { name: 'etc/motd', body: 'welcome' },
      { name: 'l', type: 'symlink', link: 'etc' },
    ),
  );
  const { product, root } = await convert([layer], directory);
  examination = {
    kind: 'classic',
    command: join(directory, 'examiner'),
    timeLimitMs: 60_000,
    imageId: 'f00d',
    product,
    tree: root,
    unpackInto: join(directory, 'unpacked'),
    unpacking: { processors: 1, timeLimitMs: 60_000 },
    signal: new AbortController().signal,
  };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function examiner(script: string): void {
  writeFileSync(examination.command, `#!/bin/sh\n${script}\n`);
  chmodSync(examination.command, 0o755);
}

describe('a classic examiner', () => {
  it('gets the image unpacked, and its id; the tree is gone afterwards', async () => {
    examiner(`echo "$2 $(cat "$1/etc/motd")" > ${directory}/seen`);
    await runExaminer(examination);
    expect(readFileSync(join(directory, 'seen'), 'utf8')).toBe('f00d welcome\n');
    expect(existsSync(examination.unpackInto)).toBe(false);
  });

  it('refuses: EXAMINATION_FAILED with its last words, and the tree is gone', async () => {
    examiner('echo "found a miner"; echo "in /opt" >&2; exit 7');
    const refused = runExaminer(examination);
    await expect(refused).rejects.toMatchObject({
      code: 'EXAMINATION_FAILED',
      retryable: false,
      message: expect.stringContaining('found a miner\nin /opt') as unknown,
    });
    expect(existsSync(examination.unpackInto)).toBe(false);
  });

  it('takes too long', async () => {
    examiner('exec sleep 600');
    await expect(runExaminer({ ...examination, timeLimitMs: 300 })).rejects.toMatchObject({
      code: 'EXAMINATION_FAILED',
      message: expect.stringContaining('time limit') as unknown,
    });
    expect(existsSync(examination.unpackInto)).toBe(false);
  });

  withMounts('is not started when the disk is full before the image is unpacked: NO_SPACE, and the tree is gone (needs mount)', async () => {
    examiner(`touch ${directory}/seen`);
    const { product } = await convert([writeLayer(directory, tarOf({ name: 'large', body: randomBytes(2 << 20) }))], directory, {
      pack: { output: join(directory, 'large.squashfs') },
    });
    const small = join(directory, 'small');
    const unpackInto = join(small, 'unpacked');
    await mountTmpfs(small, 'size=1m');
    try {
      await expect(runExaminer({ ...examination, product, unpackInto })).rejects.toMatchObject({
        code: 'NO_SPACE',
        retryable: true,
        message: expect.stringContaining(unpackInto) as unknown,
      });
      expect(readdirSync(small)).toEqual([]);
      expect(existsSync(join(directory, 'seen'))).toBe(false);
    } finally {
      await unmount(small);
    }
  });

  it('is not started when the image can not be unpacked for another reason, which does not refuse the image', async () => {
    examiner(`touch ${directory}/seen`);
    const broken = join(directory, 'broken');
    writeFileSync(broken, 'no squashfs');
    await expect(runExaminer({ ...examination, product: { path: broken } })).rejects.toMatchObject({ code: 'CONVERSION_FAILED', retryable: true });
    expect(existsSync(join(directory, 'seen'))).toBe(false);
  });

  it('ends with the pull that is cancelled', async () => {
    const abort = new AbortController();
    const reason = new GatewayError('CANCELLED', 'Enough.');
    examiner('exec sleep 600');
    const running = runExaminer({ ...examination, signal: abort.signal });
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(existsSync(examination.unpackInto)).toBe(false);
  });

  it('is not there', async () => {
    await expect(runExaminer(examination)).rejects.toMatchObject({ code: 'EXAMINATION_FAILED' });
  });
});

describe('a hook', () => {
  it('gets the squashfs, and the listing on its input', async () => {
    examiner(`head -c 4 "$1" > ${directory}/magic; cat > ${directory}/listing`);
    await runExaminer({ ...examination, kind: 'hook' });
    expect(readFileSync(join(directory, 'magic'), 'latin1')).toBe('hsqs');
    const entries = readFileSync(join(directory, 'listing'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; type: string; size: number });
    expect(entries.map(({ path, type, size }) => [path, type, size])).toEqual([
      ['etc', 'directory', 0],
      ['etc/motd', 'file', 7],
      ['l', 'symlink', 0],
    ]);
    expect(existsSync(examination.unpackInto)).toBe(false);
  });

  it('gets names as they are: UTF-8, or one character for each byte, which is said', async () => {
    const bytes = (text: string): string => Buffer.from(text).toString('latin1');
    const good = ['plain', 'ünï/日本', '\u{1f600}', 'a "quote" \\ and\ttab', '\uffff\ufeff'];
    const layer = writeLayer(
      directory,
      tarOf(
        ...good.map((name) => ({ name: bytes(name), body: '' })),
        // Half of a pair of UTF-16: no UTF-8, though some decoders take it.
        { name: '\xed\xa0\x80', body: '' },
        { name: `${bytes('ü-\xff')}\xff`, body: '' },
        { name: bytes('zü'), type: 'symlink', link: bytes('ü/ziel') },
        { name: bytes('zz-ü'), type: 'symlink', link: '\xfc' },
      ),
    );
    const { root: tree } = await convert([layer], directory, { pack: { output: join(directory, 'names.squashfs') } });
    examiner(`cat > ${directory}/listing`);
    await runExaminer({ ...examination, kind: 'hook', tree });
    const told = readFileSync(join(directory, 'listing'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; linkTarget: string; encoding: string });
    const names = (encoding: string): unknown[] => told.filter((one) => one.encoding === encoding).map(({ path, linkTarget }) => [path, linkTarget]);
    expect(names('utf-8').sort()).toEqual([...good.map((name) => [name, '']), ['ünï', ''], ['zü', 'ü/ziel']].sort());
    expect(names('bytes')).toEqual([
      ['zz-\xc3\xbc', '\xfc'],
      ['\xc3\xbc-\xc3\xbf\xff', ''],
      ['\xed\xa0\x80', ''],
    ]);
  });

  it('refuses: EXAMINATION_FAILED with its last words', async () => {
    examiner('cat > /dev/null; echo "found a miner" >&2; exit 7');
    await expect(runExaminer({ ...examination, kind: 'hook' })).rejects.toMatchObject({
      code: 'EXAMINATION_FAILED',
      retryable: false,
      message: expect.stringContaining('found a miner') as unknown,
    });
  });

  it('takes too long, its input unread', async () => {
    examiner('exec sleep 600');
    await expect(runExaminer({ ...examination, kind: 'hook', timeLimitMs: 300 })).rejects.toMatchObject({
      code: 'EXAMINATION_FAILED',
      message: expect.stringContaining('time limit') as unknown,
    });
  });

  it('may leave its input unread', async () => {
    examiner('exit 0');
    await runExaminer({ ...examination, kind: 'hook' });
  });
});

it('an unpacked image is as large as is foretold: in blocks, and what has several names once', async () => {
  const layer = writeLayer(
    directory,
    tarOf(
      ...Array.from({ length: 2000 }, (_, i) => ({ name: `d${String(i % 20)}/f${String(i)}`, body: 'x' })),
      { name: 'large', body: randomBytes(3_000_000) },
      ...Array.from({ length: 20 }, (_, i) => ({ name: `l${String(i)}`, type: 'hardlink' as const, link: 'large' })),
    ),
  );
  const { product, root } = await convert([layer], directory, { pack: { output: join(directory, 'many.squashfs') } });
  const tree = await unsquash(product.path, join(directory, 'tree'));
  const blocks = new Map(
    (readdirSync(tree, { recursive: true }) as string[]).map((name) => {
      const { ino, blocks: count } = lstatSync(join(tree, name));
      return [ino, count];
    }),
  );
  const taken = [...blocks.values()].reduce((sum, count) => sum + count * 512, 0);
  const foretold = await unpackedBytes(root, new AbortController().signal);
  expect(foretold).toBeGreaterThanOrEqual(taken);
  expect(foretold).toBeLessThan(taken * 1.2);
});
