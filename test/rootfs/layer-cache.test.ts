/** Layers that are kept as they were read: the same product again, without the blobs; damage is found. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { openSync, closeSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createCacheFiles } from '../../src/lib/cache-files.js';
import { GatewayError } from '../../src/lib/errors.js';
import {
  applyPolicy,
  createLayerCache,
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  packSquashfs,
  probeTools,
  verifyProduct,
  type HeldLayer,
  type LayerBlob,
  type LayerCache,
  type RootfsTools,
  type VerifiedProduct,
} from '../../src/rootfs/index.js';
import { inScratch, writeLayer } from '../support/images.js';
import { record, tarOf, type TarItem } from '../support/tar.js';
import { KEEP_ALL } from './convert.js';

const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
const SEGMENT = { squashfs: SQUASHFS, threads: 2, memoryBytes: 64 << 20 };
const signal = new AbortController().signal;
const options = { limits: DEFAULT_ROOTFS_LIMITS, signal };
let tools: RootfsTools;

beforeAll(async () => {
  tools = await probeTools();
});

function files(count: number, seed: string): TarItem[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `d/${seed}${String(i)}`,
    body: createHash('sha256').update(seed + String(i)).digest('hex').repeat(i % 40 === 0 ? 5000 : 1 + (i % 9)),
  }));
}

interface Scene {
  readonly directory: string;
  readonly cacheDirectory: string;
  readonly cache: LayerCache;
  readonly layers: readonly LayerBlob[];
  /** Where the layers are kept. */
  readonly kept: () => string[];
  readonly make: (held: readonly HeldLayer[]) => Promise<VerifiedProduct>;
  readonly scanAll: () => Promise<HeldLayer[]>;
  readonly findAll: () => Promise<(HeldLayer | undefined)[]>;
}

/** Two layers, the upper one removing, replacing and linking what the lower one has. */
async function scene(use: (scene: Scene) => Promise<void>, maxBytes?: number): Promise<void> {
  await inScratch(async (directory) => {
    const cacheDirectory = join(directory, 'cache');
    const cache = createLayerCache({ directory: cacheDirectory, owner: 'me', tools, maxBytes });
    const layers = [
      writeLayer(directory, tarOf(...files(300, 'a'))),
      writeLayer(directory, tarOf({ name: 'd/.wh.a7' }, { name: 'd/a8', body: 'other' }, { name: 'l', type: 'hardlink', link: 'd/a9' })),
    ];
    const segments = join(cacheDirectory, 'segments');
    await use({
      directory,
      cacheDirectory,
      cache,
      layers,
      kept: () => readdirSync(segments).map((name) => join(segments, name)),
      scanAll: () => Promise.all(layers.map((layer) => cache.scan(layer, SEGMENT, options))),
      findAll: () => Promise.all(layers.map((layer) => cache.find(layer, SQUASHFS, options))),
      async make(held) {
        const indexes = held.map(({ index }) => index);
        const root = await mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS);
        await applyPolicy(root, KEEP_ALL);
        const limits = { tools, processors: 2, timeLimitMs: 60_000, signal };
        const packed = await packSquashfs(root, indexes, {
          output: join(directory, 'product'),
          squashfs: SQUASHFS,
          memoryBytes: 256 << 20,
          ...limits,
        });
        const product = await verifyProduct(packed, root, limits);
        rmSync(product.path);
        return product;
      },
    });
  });
}

function present(held: readonly (HeldLayer | undefined)[]): HeldLayer[] {
  return held.map((one) => {
    if (one === undefined) throw new Error('a layer is not in the cache');
    return one;
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof GatewayError ? `${error.code}: ${error.message}` : String(error);
}

/** Changes one byte. */
function damage(path: string, at: number): void {
  const byte = readFileSync(path)[at]!;
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from([byte ^ 0x55]), 0, 1, at);
  closeSync(file);
}

describe('a layer that is kept', () => {
  it('gives the same product, many times, when its blob is gone', () =>
    scene(async ({ layers, scanAll, findAll, make, kept, cacheDirectory }) => {
      const scanned = await scanAll();
      const first = await make(scanned);
      await Promise.all(scanned.map((held) => held.release()));
      for (const { path } of layers) rmSync(path);
      const sizes = kept().map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
      for (let time = 0; time < 2; time++) {
        const held = present(await findAll());
        const again = await make(held);
        expect([again.sha256, again.entryCount]).toEqual([first.sha256, first.entryCount]);
        await Promise.all(held.map((one) => one.release()));
      }
      // Packing has taken nothing of them.
      expect(kept().map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'))).toEqual(sizes);
      for (const folder of ['partial', 'held']) expect(readdirSync(join(cacheDirectory, folder))).toEqual([]);
    }));

  it('is another one for other blocks, and can be discarded', () =>
    scene(async ({ cache, layers: [layer], scanAll }) => {
      await scanAll();
      expect(await cache.has(layer!.digest, SQUASHFS)).toBe(true);
      for (const other of [
        { ...SQUASHFS, blockSize: 65_536 },
        { ...SQUASHFS, level: 4 },
        { compression: 'gzip', level: 3, blockSize: 131_072 } as const,
      ])
        expect(await cache.find(layer!, other, options)).toBeUndefined();
      await cache.discard(layer!.digest, SQUASHFS);
      expect(await cache.has(layer!.digest, SQUASHFS)).toBe(false);
    }));

  it('is held to the rules of now, and to the diffID of this image', () =>
    scene(async ({ cache, layers: [layer, upper], scanAll }) => {
      await scanAll();
      const strict = { signal, limits: { ...DEFAULT_ROOTFS_LIMITS, entries: 10 } };
      expect(await codeOf(cache.find(layer!, SQUASHFS, strict))).toMatch(/^BAD_LAYER: .*more than 10 entries/);
      const small = { signal, limits: { ...DEFAULT_ROOTFS_LIMITS, layerBytes: 5000 } };
      expect(await codeOf(cache.find(layer!, SQUASHFS, small))).toMatch(/^BAD_LAYER: .*more than 5000 bytes/);
      const lie = { ...layer!, diffId: upper!.diffId };
      expect(await codeOf(cache.find(lie, SQUASHFS, options))).toMatch(/^BAD_LAYER: .*not what the image configuration promises/);
      expect(await cache.find(layer!, SQUASHFS, options)).toBeDefined();
    }));

  it.each([
    ['cut', (path: string, size: number) => truncateSync(path, size - 40)],
    ['longer', (path: string, size: number) => truncateSync(path, size + 1)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['changed in its records', (path: string, size: number) => damage(path, size - 200)],
    ['changed in its checksum', (path: string, size: number) => damage(path, size - 1)],
  ])('is taken out when it is %s', (_name, harm) =>
    scene(async ({ cache, layers: [layer], scanAll, kept }) => {
      const held = await scanAll();
      const path = kept().find((name) => name.includes(layer!.digest.slice(7)))!;
      harm(path, statSync(path).size);
      await Promise.all(held.map((one) => one.release()));
      expect(await cache.find(layer!, SQUASHFS, options)).toBeUndefined();
      expect(existsSync(path)).toBe(false);
    }));

  it('makes no product when its data is damaged', () =>
    scene(async ({ layers: [layer], scanAll, findAll, make, kept }) => {
      await scanAll();
      damage(kept().find((name) => name.includes(layer!.digest.slice(7)))!, 30);
      expect(await codeOf(make(present(await findAll())))).toMatch(/^CONVERSION_FAILED: /);
    }));

  it('stays in use while it is held, and goes as the least recently used', () =>
    scene(async ({ directory, cache, scanAll, kept, findAll }) => {
      const held = await scanAll();
      const more = writeLayer(directory, tarOf(...files(50, 'b')));
      await (await cache.scan(more, SEGMENT, options)).release();
      expect(kept()).toHaveLength(3);
      await Promise.all(held.map((one) => one.release()));
      const last = writeLayer(directory, tarOf(...files(50, 'c')));
      await (await cache.scan(last, SEGMENT, options)).release();
      expect(kept().map((path) => path.includes(last.digest.slice(7)))).toEqual([true]);
      expect(await findAll()).toEqual([undefined, undefined]);
    }, 1));

  it('stays for a pull that is going to need it', () =>
    scene(async ({ cache, layers: [lower, upper], kept, cacheDirectory }) => {
      await (await cache.scan(lower!, SEGMENT, options)).release();
      const letGo = await cache.hold(lower!.digest, SQUASHFS);
      expect(await cache.hold(upper!.digest, SQUASHFS)).toBeUndefined();
      await (await cache.scan(upper!, SEGMENT, options)).release();
      expect(kept()).toHaveLength(2);
      await letGo!();
      await createCacheFiles(cacheDirectory, 'other').trim(1);
      expect(kept()).toEqual([]);
      expect(readdirSync(join(cacheDirectory, 'held'))).toEqual([]);
    }, 1));

  it('shares the room of the cache with the blobs, of which the one that has been read goes first', () =>
    scene(async ({ cache, cacheDirectory, layers: [lower, upper], kept }) => {
      await (await cache.scan(lower!, SEGMENT, options)).release();
      const blob = { folder: 'sha256', name: 'b'.repeat(64) } as const;
      const blobs = createCacheFiles(cacheDirectory, 'me');
      writeFileSync(blobs.path(blob), Buffer.alloc(999_000));
      await blobs.makeLast(blob);
      await (await cache.scan(upper!, SEGMENT, options)).release();
      expect(existsSync(blobs.path(blob))).toBe(false);
      expect(kept()).toHaveLength(2);
    }, 1_000_000));
});

describe('several pulls at once', () => {
  /** The program, with a note of each call of `scan`. */
  function counting(directory: string): { readonly tools: RootfsTools; scans(): number } {
    const [path, log] = [join(directory, 'squash'), join(directory, 'calls')];
    writeFileSync(log, '');
    writeFileSync(path, `#!/bin/sh\n[ "$1" != scan ] || echo scan >> ${log}\nexec ${tools.squash.path} "$@"\n`, { mode: 0o755 });
    return { tools: { ...tools, squash: { ...tools.squash, path } }, scans: () => readFileSync(log, 'utf8').split('\n').length - 1 };
  }

  it('read a layer once', () =>
    scene(async ({ directory, cacheDirectory, layers: [layer] }) => {
      const counted = counting(directory);
      const cache = createLayerCache({ directory: cacheDirectory, owner: 'me', tools: counted.tools });
      const held = await Promise.all([1, 2, 3].map(() => cache.scan(layer!, SEGMENT, options)));
      expect(counted.scans()).toBe(1);
      expect(new Set(held.map(({ index }) => index.segment?.path)).size).toBe(3);
      expect(held.map(({ index }) => index.entries.length)).toEqual([300, 300, 300]);
    }));

  it('go on when the one that reads is cancelled, and leave at once when they are', () =>
    scene(async ({ directory, cacheDirectory, layers: [layer] }) => {
      const counted = counting(directory);
      const cache = createLayerCache({ directory: cacheDirectory, owner: 'me', tools: counted.tools });
      const [leader, leaver] = [new AbortController(), new AbortController()];
      const first = cache.scan(layer!, SEGMENT, { ...options, signal: leader.signal });
      const second = cache.scan(layer!, SEGMENT, options);
      const third = cache.scan(layer!, SEGMENT, { ...options, signal: leaver.signal });
      const codes = [codeOf(first), codeOf(third)];
      leaver.abort(new GatewayError('CANCELLED', 'left'));
      leader.abort(new GatewayError('CANCELLED', 'stopped'));
      expect(await Promise.all(codes)).toEqual(['CANCELLED: stopped', 'CANCELLED: left']);
      expect((await second).index.entries.length).toBe(300);
    }));
});

describe('what is not kept', () => {
  it('a layer that is refused', () =>
    scene(async ({ directory, cache, cacheDirectory }) => {
      const bad = writeLayer(directory, tarOf(...files(20, 'x')).subarray(0, 5000));
      expect(await codeOf(cache.scan(bad, SEGMENT, options))).toMatch(/^BAD_LAYER/);
      for (const folder of ['segments', 'partial', 'held']) expect(readdirSync(join(cacheDirectory, folder))).toEqual([]);
    }));

  it('what a program that was killed has left beside the segment', () =>
    scene(async ({ directory, cacheDirectory, layers: [layer] }) => {
      const path = join(directory, 'squash');
      // Killed where the file of its records has a name: nobody can aim at that with the program itself.
      writeFileSync(path, '#!/bin/sh\nfor last; do :; done\ntouch "$last" "$last.records"\nkill -KILL $$\n', { mode: 0o755 });
      const cache = createLayerCache({ directory: cacheDirectory, owner: 'me', tools: { ...tools, squash: { ...tools.squash, path } } });
      expect(await codeOf(cache.scan(layer!, SEGMENT, options))).toMatch(/SIGKILL/);
      for (const folder of ['segments', 'partial', 'held']) expect(readdirSync(join(cacheDirectory, folder))).toEqual([]);
    }));

  it('a layer with a sparse file, which is read all the same', () =>
    scene(async ({ directory, cache, cacheDirectory, make }) => {
      const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'hole', 'GNU.sparse.realsize': '1000000' };
      const pax = Object.entries(records)
        .map(([key, value]) => {
          const rest = ` ${key}=${value}\n`;
          const length = rest.length + String(rest.length + 2).length;
          return `${String(length)}${rest}`;
        })
        .join('');
      const map = Buffer.alloc(512);
      map.write('1\n0\n3\n');
      const sparse = Buffer.concat([
        record('x', 'pax', Buffer.from(pax)),
        record('0', 'GNUSparseFile.0/hole', Buffer.concat([map, Buffer.from('abc')])),
        Buffer.alloc(1024),
      ]);
      const held = await cache.scan(writeLayer(directory, sparse), SEGMENT, options);
      expect((await make([held])).entryCount).toBe(1);
      await held.release();
      for (const folder of ['segments', 'partial', 'held']) expect(readdirSync(join(cacheDirectory, folder))).toEqual([]);
    }));
});
