/** Images on a common base: what was read of a layer once is not fetched and not compressed again. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const withMounts = (await canMount()) ? it : it.skip;

let stack: TestStack;
let registry: FakeRegistry;

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
});

afterAll(async () => {
  await registry.stop();
  await stack.stop();
});

let serial = 0;

function putOnBase(base: Buffer, tag: string): string {
  serial++;
  return registry.putImage([base, tarOf({ name: 'top', body: `top ${String(serial)}` }, { name: 'etc/.wh.old' })], tag);
}

function newBase(): Buffer {
  serial++;
  const text = Array.from({ length: 40_000 }, (_, i) => `${String(serial)} ${String(i)}\n`).join('');
  return tarOf({ name: 'etc/', type: 'directory' }, { name: 'etc/text', body: text }, { name: 'etc/old', body: 'old' });
}

async function onSite(keys: Readonly<Record<string, unknown>>, use: (site: Site, pull: (tag: string) => ReturnType<typeof statesOf>) => Promise<void>): Promise<void> {
  const site = makeSite(stack, registry.url, keys);
  const gateway = await startInProcess(site, { api: true, worker: true });
  try {
    const client = clientOf(gateway);
    await use(site, async (tag) => {
      const { pulls } = await client.pull({ reference: `app:${tag}`, systems: ['one'], force: true });
      return await statesOf(client, pulls[0]!.id);
    });
  } finally {
    await gateway.close();
    site.remove();
  }
}

function forgetBlobs(site: Site): void {
  const blobs = join(site.directory, 'cache', 'sha256');
  for (const name of readdirSync(blobs)) rmSync(join(blobs, name));
}

const blobsAskedSince = (from: number): number =>
  registry.seen.slice(from).filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).length;

it('fetches and compresses a common base once, even when its blob has gone from the cache', () =>
  onSite({}, async (site, pull) => {
    const base = newBase();
    putOnBase(base, 'one');
    expect((await pull('one')).at(-1)).toMatchObject({ state: 'READY', layers: [{ fromCache: false }, { fromCache: false }] });
    forgetBlobs(site);
    const digest = putOnBase(base, 'two');
    const from = registry.seen.length;
    const last = (await pull('two')).at(-1)!;
    expect(last).toMatchObject({ state: 'READY', layers: [{ fromCache: true, state: 'DONE' }, { fromCache: false, state: 'DONE' }] });
    expect(last.bytesDone).toBe(last.bytesTotal);
    // The configuration and the upper layer.
    expect(blobsAskedSince(from)).toBe(2);
    const path = join(site.images, `${digest.slice(7)}.squashfs`);
    expect(execFileSync('unsquashfs', ['-cat', path, 'etc/text'], { encoding: 'utf8' })).toMatch(/ 39999\n$/);
    expect(execFileSync('unsquashfs', ['-l', path], { encoding: 'utf8' })).not.toContain('old');
    expect(site.leftovers()).toEqual([]);
  }));

it('finds that what it kept is damaged, and makes the same product from the registry', () =>
  onSite({}, async (site, pull) => {
    const digest = putOnBase(newBase(), 'whole');
    await pull('whole');
    const product = join(site.images, `${digest.slice(7)}.squashfs`);
    const before = readFileSync(product);
    const segments = join(site.directory, 'cache', 'segments');
    for (const name of readdirSync(segments)) {
      const file = openSync(join(segments, name), 'r+');
      writeSync(file, Buffer.alloc(200, 1), 0, 200, 10);
      closeSync(file);
    }
    rmSync(product);
    forgetBlobs(site);
    const states = await pull('whole');
    expect(states.at(-1)).toMatchObject({ state: 'READY' });
    expect(states.map(({ message }) => message)).toContain('what was kept of its layers is damaged: once more from the registry');
    expect(readFileSync(product).equals(before)).toBe(true);
    expect(site.leftovers()).toEqual([]);
  }));

it('fetches a layer again whose blob the disk has damaged after it was checked', () =>
  onSite({ CacheSegments: false }, async (site, pull) => {
    const digest = putOnBase(newBase(), 'rotten');
    await pull('rotten');
    const product = join(site.images, `${digest.slice(7)}.squashfs`);
    const before = readFileSync(product);
    const blobs = join(site.directory, 'cache', 'sha256');
    const names = readdirSync(blobs);
    for (const name of names) {
      const path = join(blobs, name);
      const { atime, mtime, size } = statSync(path);
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(100, 1), 0, 100, size >> 1);
      closeSync(file);
      // As a disk does it: the file looks as it did.
      utimesSync(path, atime, mtime);
    }
    rmSync(product);
    const from = registry.seen.length;
    expect((await pull('rotten')).at(-1)).toMatchObject({ state: 'READY', layers: [{ fromCache: false }, { fromCache: false }] });
    // The configuration and both layers.
    expect(blobsAskedSince(from)).toBe(3);
    expect(readFileSync(product).equals(before)).toBe(true);
    expect(readdirSync(blobs).sort()).toEqual(names.sort());
    expect(site.leftovers()).toEqual([]);
  }));

it('keeps blobs only where the site says so', () =>
  onSite({ CacheSegments: false }, async (site, pull) => {
    putOnBase(newBase(), 'plain');
    expect((await pull('plain')).at(-1)).toMatchObject({ state: 'READY' });
    expect(readdirSync(join(site.directory, 'cache', 'sha256'))).toHaveLength(2);
    expect(readdirSync(join(site.directory, 'cache', 'segments'))).toEqual([]);
    expect(site.leftovers()).toEqual([]);
  }));

withMounts('keeps blobs only where there is no room for more (needs mount)', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'imagegw-cache-'));
  // The base has 300 KiB, and what is kept of it might have as much.
  await mountTmpfs(cache, 'size=512k');
  try {
    await onSite({ CacheDirectory: cache }, async (site, pull) => {
      putOnBase(newBase(), 'tight');
      expect((await pull('tight')).at(-1)).toMatchObject({ state: 'READY' });
      expect(readdirSync(join(cache, 'sha256'))).toHaveLength(2);
      expect(readdirSync(join(cache, 'segments'))).toEqual([]);
      expect(site.leftovers()).toEqual([]);
    });
  } finally {
    await unmount(cache);
    rmdirSync(cache);
  }
});
