/** Images of many entries, several at a time in one worker. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf, type TarItem } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let place: string;

const files = (name: string, count: number): TarItem[] => Array.from({ length: count }, (_, at) => ({ name: `${name}${String(at)}`, body: name }));

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  place = mkdtempSync(join(tmpdir(), 'imagegw-large-'));
  registry.putImage([tarOf(...files('a', 20))], 'first');
  registry.putImage([tarOf(...files('b', 4)), tarOf(...files('c', 20)), tarOf(...files('d', 4))], 'second');
  registry.putImage([tarOf(...files('e', 10))], 'small');
});
afterEach(async () => {
  await registry.stop();
  await stack.stop();
  site.remove();
  rmSync(place, { recursive: true });
});

it.each([
  ['layers that are kept', 'pull', true],
  ['layers that are not', 'pull', false],
  ['an imported squashfs', 'import', true],
])('large ones are made one after the other, small ones beside them: %s', async (_what, way, CacheSegments) => {
  // The first image that comes is held where it is examined.
  const [hook, begun, go] = ['hook', 'begun', 'go'].map((name) => join(place, name)) as [string, string, string];
  execFileSync('mkfifo', [begun, go]);
  writeFileSync(hook, `#!/bin/sh\nmkdir ${place}/seen 2>/dev/null || exit 0\necho > ${begun}; read word < ${go}\n`);
  chmodSync(hook, 0o755);
  site = makeSite(stack, registry.url, { WorkerThreads: 3, RootfsLimits: { smallEntries: 10 }, ExaminerHook: hook, CacheSegments, ImportUsers: 'all', ImportPaths: [place] });
  const gateway = await startInProcess(site, { api: true, worker: true });
  try {
    const client = clientOf(gateway);
    const pull = async (tag: string): Promise<string> => (await client.pull({ reference: `app:${tag}`, systems: ['one'] })).pulls[0]!.id;
    const first = await pull('first');
    await readFile(begun);
    const squashfs = join(place, 'second.sqsh');
    execFileSync('tar2sqfs', ['-q', squashfs], { input: tarOf(...files('b', 8), ...files('c', 20)) });
    const second = way === 'pull' ? await pull('second') : (await client.importImage({ system: 'one', path: squashfs, name: 'second' })).id;
    await until(client, second, ({ message }) => message === 'waiting for another large image, which is being made');
    expect((await statesOf(client, await pull('small'))).at(-1)).toMatchObject({ state: 'READY' });
    await writeFile(go, 'on\n');
    for (const id of [first, second]) expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
    const image = await client.lookup('one', way === 'pull' ? 'app:second' : 'custom:second');
    const listed = execFileSync('unsquashfs', ['-lc', image!.path], { encoding: 'utf8' });
    expect(listed.match(/squashfs-root\/[bcd]\d+\n/g)).toHaveLength(28);
  } finally {
    await gateway.close();
  }
  expect(await allLeftovers(site)).toEqual([]);
});
