/** A cache that is full: what nobody needs makes room for the next pull, and what a running pull needs stays. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createCipheriv } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PullState } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { digestOf, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const withMounts = (await canMount()) ? it : it.skip;
const KIB = 1024;
const MIB = 1024 * KIB;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway | undefined;
let mounted: string | undefined;

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
});

afterEach(async () => {
  registry.hook = undefined;
  await gateway?.close();
  gateway = undefined;
  if (mounted !== undefined) await unmount(mounted);
  mounted = undefined;
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function start(keys: Readonly<Record<string, unknown>>, cacheOptions?: string): Promise<void> {
  site = makeSite(stack, registry.url, { RegistryLimits: { retries: 1, retryDelayMax: 0 }, ...keys });
  if (cacheOptions !== undefined) {
    mounted = join(site.directory, 'cache');
    await mountTmpfs(mounted, cacheOptions);
  }
  gateway = await startInProcess(site, { api: true, worker: true });
}

async function pull(reference: string): Promise<PullState> {
  const client = clientOf(gateway!);
  const { pulls } = await client.pull({ reference, systems: ['one'] });
  return (await statesOf(client, pulls[0]!.id)).at(-1)!;
}

const inCache = (...names: string[]): string => join(site.directory, 'cache', ...names);

/** A layer that some image had once. */
function putOldLayer(letter: string, bytes: number, usedAt: number): string {
  const path = inCache('sha256', letter.repeat(64));
  mkdirSync(inCache('sha256'), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes, letter));
  utimesSync(path, usedAt, usedAt);
  return path;
}

/** Bytes that do not compress. */
function noise(length: number, seed: number): Buffer {
  return createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

const layer = (name: string, bytes: number, seed: number): Buffer => tarOf({ name, body: noise(bytes, seed) });

withMounts.each([true, false])('old layers make room on a full disk (CacheSegments %s; needs mount)', async (CacheSegments) => {
  registry.putImage([layer('big', 3 * MIB, 1)], 'latest');
  await start({ CacheSegments }, 'size=9m');
  putOldLayer('a', 4 * MIB, 1);
  putOldLayer('b', 4 * MIB, 2);
  expect(await pull('app')).toMatchObject({ state: 'READY' });
  const kept = readdirSync(inCache('sha256'));
  expect(kept).not.toContain('a'.repeat(64));
  // No more than is needed goes: of what is kept as it was read there are two copies.
  expect(kept.includes('b'.repeat(64))).toBe(!CacheSegments);
  expect(readdirSync(inCache('segments'))).toHaveLength(CacheSegments ? 1 : 0);
  expect(site.leftovers()).toEqual([]);
});

withMounts('what running pulls hold makes no room: NO_SPACE, and nothing is thrown out in vain (needs mount)', async () => {
  registry.putImage([layer('big', 3 * MIB, 1)], 'latest');
  await start({}, 'size=8m');
  const held = putOldLayer('a', 6 * MIB, 1);
  const free = putOldLayer('b', MIB, 2);
  // A pull of another worker.
  const link = inCache('held', `other~${'a'.repeat(64)}~1`);
  linkSync(held, link);
  const { state, error } = await pull('app');
  expect({ state, code: error?.code, stage: error?.stage }).toEqual({ state: 'FAILED', code: 'NO_SPACE', stage: 'ADMIT' });
  expect(error?.message).toContain(inCache());
  expect(error?.message).toMatch(new RegExp(`\\d{7} bytes are needed and \\d{7} are free.* ${String(MIB)} `));
  expect(statSync(free).size).toBe(MIB);
  rmSync(link);
  expect(await pull('app')).toMatchObject({ state: 'READY' });
});

it('a pull keeps the layers that it will need in the cache while it fetches others, and no more than the cache may have after it', async () => {
  const base = layer('base', 200 * KIB, 1);
  registry.putImage([base], 'base');
  registry.putImage([base, ...[2, 3, 4].map((seed) => layer(String(seed), 400 * KIB, seed))], 'app');
  await start({ CacheSegments: false, CacheMaxSize: 600 * KIB, RegistryLimits: { parallelLayers: 1 } });
  expect(await pull('app:base')).toMatchObject({ state: 'READY' });
  const from = registry.seen.length;
  const { state, layers } = await pull('app:app');
  expect({ state, fromCache: layers.map(({ fromCache }) => fromCache) }).toEqual({ state: 'READY', fromCache: [true, false, false, false] });
  // Three layers and the configuration.
  expect(registry.seen.slice(from).filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))).toHaveLength(4);
  const sizes = readdirSync(inCache('sha256')).map((name) => statSync(inCache('sha256', name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(600 * KIB);
  expect(sizes).not.toEqual([]);
  expect(site.leftovers()).toEqual([]);
});

withMounts('room that was promised to one pull is not promised again: the second waits until the first has ended (needs mount)', async () => {
  const first = layer('first', 3 * MIB, 1);
  registry.putImage([first], 'first');
  registry.putImage([layer('second', 3 * MIB, 2)], 'second');
  await start({ CacheSegments: false, WorkerThreads: 2 }, 'size=5m');
  let letGo = (): void => {};
  const asked = new Promise<void>((resolve) => {
    registry.hook = (_request, response, path) => {
      if (!path.endsWith(digestOf(first))) return false;
      letGo = () => void response.writeHead(200, { 'content-length': first.length }).end(first);
      resolve();
      return true;
    };
  });
  const client = clientOf(gateway!);
  const ids: string[] = [];
  const begin = async (reference: string): Promise<void> => void ids.push((await client.pull({ reference, systems: ['one'] })).pulls[0]!.id);
  await begin('app:first');
  await asked;
  const from = registry.seen.length;
  await begin('app:second');
  const waiting = await until(client, ids[1]!, ({ message }) => message?.startsWith('waiting for room') === true);
  expect(waiting.stage).toBe('ADMIT');
  expect(readdirSync(inCache('partial'))).toHaveLength(1);
  expect(registry.seen.slice(from).filter(({ path }) => path.includes('/blobs/'))).toHaveLength(1);
  letGo();
  expect((await Promise.all(ids.map((id) => statesOf(client, id)))).map((states) => states.at(-1)!.state)).toEqual(['READY', 'READY']);
  expect(site.leftovers()).toEqual([]);
});
