/** The same in, the same out; the formats that a system can ask for; large things. */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { sha256 } from '../../src/lib/digest.js';
import {
  DEFAULT_ROOTFS_POLICY,
  packerFor,
  probeTools,
  productKey,
  type SquashfsOptions,
} from '../../src/rootfs/index.js';
import { differences, inScratch, snapshot, unsquash, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';

/** Text that compresses, in many files that share fragments, and some that are larger than a block. */
function someFiles(count: number): TarItem[] {
  return Array.from({ length: count }, (_, i) => {
    const line = createHash('sha256').update(String(i)).digest('hex');
    return { name: `f${String(i)}`, body: line.repeat(i % 50 === 0 ? 9000 : 1 + (i % 40)) };
  });
}

/** All zlib streams of a file, inflated: where one begins can only be tried. */
function dataBlocks(file: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = file.indexOf(0x78); at >= 0; at = file.indexOf(0x78, at + 1)) {
    try {
      blocks.push(inflateSync(file.subarray(at)));
    } catch {
      // None begins here.
    }
  }
  return blocks;
}

describe.each(['imagegw-squash', 'mksquashfs'])('%s', (packer) => {
  // Any option of the site's own makes it mksquashfs; this one is its default.
  const own = packer === 'mksquashfs' ? { extraOptions: ['-no-exports'] } : {};

  it('gives the same bytes each time, whatever memory and processors it may use', async () => {
    const products = new Set<string>();
    await inScratch(async (directory) => {
      const layers = [
        writeLayer(directory, tarOf(...someFiles(600))),
        writeLayer(directory, tarOf({ name: 'l', type: 'hardlink', link: 'f3' }, { name: '.wh.f9' })),
      ];
      for (const [memory, processors] of [
        [128, 1],
        [512, 2],
        [256, 3],
        [512, 4],
        [128, 2],
      ] as const) {
        const { product } = await convert(layers, directory, {
          pack: {
            squashfs: { compression: 'zstd', level: 3, blockSize: 131_072, ...own },
            processors,
            memoryBytes: memory << 20,
            output: join(directory, `p${String(products.size)}-${String(memory)}-${String(processors)}`),
          },
        });
        products.add(product.sha256);
        expect(product.packer).toContain(packer);
      }
    });
    expect(products.size).toBe(1);
  });

  it.each([
    ['9999-12-31T00:00:00Z', '4294967295'],
    ['2106-02-07T06:28:15Z', '4294967295'],
    ['2024-05-06T07:08:09Z', '1714979289'],
    ['1815-12-10T00:00:00Z', '7'],
  ])('made on %s, the time of the file system is %s: the nearest that squashfs has, and not before its files', async (made, seconds) => {
    await inScratch(async (directory) => {
      const layer = writeLayer(directory, tarOf({ name: 'a', body: 'x', mtime: 7 }));
      const { product } = await convert([layer], directory, {
        pack: { squashfs: { compression: 'zstd', level: 3, blockSize: 131_072, ...own }, created: new Date(made) },
      });
      expect(execFileSync('unsquashfs', ['-mkfs-time', product.path], { encoding: 'utf8' }).trim()).toBe(seconds);
    });
  });

  const FORMATS: readonly SquashfsOptions[] = [
    { compression: 'zstd', level: 3, blockSize: 131_072 },
    { compression: 'zstd', level: 15, blockSize: 1_048_576 },
    { compression: 'gzip', level: 6, blockSize: 131_072 },
    { compression: 'lz4', blockSize: 65_536 },
    { compression: 'xz', blockSize: 262_144 },
  ];
  it.each(FORMATS)('makes %j', async (squashfs) => {
    await inScratch(async (directory) => {
      const { product } = await convert([writeLayer(directory, tarOf(...someFiles(60)))], directory, {
        pack: { squashfs: { ...squashfs, ...own } },
      });
      const said = execFileSync('unsquashfs', ['-s', product.path], { encoding: 'utf8' });
      expect(said).toContain(`Compression ${squashfs.compression}`);
      expect(said).toContain(`Block size ${String(squashfs.blockSize)}`);
    });
  });
});

/** Of the product below, by what imagegw-squash calls itself. */
const KNOWN = new Map([['2', 'sha256:9c486a7fcc0341f616af5cb3236bef2c19f2a2e5b3631d2589817501c8bad0ec']]);
/** Those of Debian 12; with others the bytes are not known. */
const LIBRARIES = 'zstd 1.5.4 gzip 1.2.13 lz4 1.9.4 xz 5.4.1';
const [ownVersion = '', ...libraries] = (await probeTools()).squash.version.split(' ');

(libraries.join(' ') === LIBRARIES ? it : it.skip)('imagegw-squash gives the bytes that belong to its version: who changes them must raise it (native/squash/README.md)', async () => {
  await inScratch(async (directory) => {
    const layers = [
      writeLayer(directory, tarOf({ name: 'd/', type: 'directory', mode: 0o700 }, ...someFiles(120), { name: 's', type: 'symlink', link: 'f1' }, { name: 'p', type: 'fifo' }, { name: 'n', type: 'char', major: 1, minor: 3 })),
      writeLayer(directory, tarOf({ name: 'l', type: 'hardlink', link: 'f3' }, { name: '.wh.f9' }, { name: 'd/x', body: 'x', pax: { 'SCHILY.xattr.user.note': 'n' } })),
    ];
    const { product } = await convert(layers, directory);
    expect(product.sha256).toBe(KNOWN.get(ownVersion));
  });
});

describe('options of a site', () => {
  it('go to mksquashfs, whose options they are, and into its identity', async () => {
    const tools = await probeTools();
    const squashfs: SquashfsOptions = {
      compression: 'gzip',
      blockSize: 131_072,
      extraOptions: ['-no-fragments'],
    };
    expect(packerFor(tools, squashfs).identity).toMatch(/^mksquashfs .*-no-fragments/);
    await inScratch(async (directory) => {
      const { product } = await convert([writeLayer(directory, tarOf(...someFiles(10)))], directory, {
        pack: { tools, squashfs },
      });
      expect(product.packer).toBe(packerFor(tools, squashfs).identity);
    });
  });

  it('change the key of the product, as everything does that changes its bytes', async () => {
    const tools = await probeTools();
    const base = {
      manifestDigest: sha256('a'),
      policy: DEFAULT_ROOTFS_POLICY,
      squashfs: { compression: 'zstd', level: 3, blockSize: 131_072 },
      tools,
    } as const;
    const keys = [
      base,
      { ...base, manifestDigest: sha256('b') },
      { ...base, policy: { ...DEFAULT_ROOTFS_POLICY, setuid: 'strip' as const } },
      { ...base, squashfs: { ...base.squashfs, level: 4 } },
      { ...base, squashfs: { ...base.squashfs, extraOptions: ['-no-exports'] } },
      { ...base, tools: { ...tools, squash: { ...tools.squash, version: '9.9' } } },
    ].map(productKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(productKey({ ...base, policy: { ...DEFAULT_ROOTFS_POLICY } })).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('large things', () => {
  it('30,000 entries in 300 directories, on three layers', async () => {
    await inScratch(async (directory) => {
      const layer = (number: number): TarItem[] =>
        Array.from({ length: 100 }, (_, d) => [
          { name: `d${String(number)}-${String(d)}/`, type: 'directory' as const },
          ...Array.from({ length: 99 }, (_, f) => ({
            name: `d${String(number)}-${String(d)}/f${String(f)}`,
            body: 'x',
          })),
        ]).flat();
      const { product } = await convert(
        [0, 1, 2].map((number) => writeLayer(directory, tarOf(...layer(number)))),
        directory,
      );
      expect(product.entryCount).toBe(30_000);
    });
  });

  it('a name of 4 KiB, and a path of the greatest depth', async () => {
    await inScratch(async (directory) => {
      const name = `${Array.from({ length: 15 }, (_, i) => String.fromCharCode(97 + i).repeat(250)).join('/')}/${'z'.repeat(255)}`;
      const deep = `${'d/'.repeat(255)}x`;
      const { product } = await convert(
        [writeLayer(directory, tarOf({ name, body: 'long' }, { name: deep, body: 'deep' }))],
        directory,
      );
      expect(product.entryCount).toBe(16 + 256);
      const found = execFileSync('sqfs2tar', [product.path], { maxBuffer: 1 << 26 }).toString('latin1');
      expect(found).toContain(name);
      expect(found).toContain(deep);
    });
  });

  it('what a layer removes is not in the product, nor in its unused corners', async () => {
    await inScratch(async (directory) => {
      const secret = 'a secret that was removed '.repeat(3);
      const lower = tarOf(
        ...someFiles(80),
        { name: 'secret', body: secret },
        { name: 'large', body: secret.repeat(8000) },
        { name: 'kept', body: 'kept' },
      );
      const upper = tarOf({ name: '.wh.secret' }, { name: '.wh.large' });
      const layers = [writeLayer(directory, lower), writeLayer(directory, upper)];
      const { product } = await convert(layers, directory);
      const tree = await unsquash(product.path, join(directory, 'tree'));
      expect(readFileSync(join(tree, 'kept'), 'utf8')).toBe('kept');
      // Every block of the product, inflated.
      const uncompressed = await convert(layers, directory, {
        pack: {
          output: join(directory, 'again'),
          squashfs: { compression: 'gzip', level: 1, blockSize: 4096 },
        },
      });
      for (const block of dataBlocks(readFileSync(uncompressed.product.path)))
        expect(block.includes('a secret')).toBe(false);
    });
  });

  it('a layer that stands in the image twice', async () => {
    await inScratch(async (directory) => {
      const layer = writeLayer(directory, tarOf({ name: 'a', body: 'first' }, { name: 'b', body: 'second' }));
      const middle = writeLayer(directory, tarOf({ name: 'a', body: 'changed' }, { name: '.wh.b' }));
      const { product } = await convert([layer, middle, layer], directory);
      const once = await unsquash(product.path, join(directory, 'thrice'));
      const alone = await convert([layer], directory, {
        pack: { output: join(directory, 'alone.squashfs') },
      });
      expect(
        differences(snapshot(once), snapshot(await unsquash(alone.product.path, join(directory, 'alone')))),
      ).toEqual([]);
    });
  });
});
