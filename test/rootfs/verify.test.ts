/** A product that differs from what was put in, in one thing at a time: each is found and told. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyPolicy,
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  packSquashfs,
  probeTools,
  scanLayer,
  verifyProduct,
  type LayerIndex,
  type RootfsTools,
} from '../../src/rootfs/index.js';
import { Pacer } from '../../src/rootfs/pacer.js';
import { nodeAt } from '../../src/rootfs/resolve.js';
import { Tree } from '../../src/rootfs/tree.js';
import { inScratch, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { KEEP_ALL } from './convert.js';

const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
const signal = new AbortController().signal;

async function read(items: readonly TarItem[], directory: string, tools: RootfsTools): Promise<{ readonly index: LayerIndex; readonly tree: Tree }> {
  const layer = writeLayer(directory, tarOf(...items));
  const segment = { path: join(directory, `${layer.digest.slice(7)}.segment`), squashfs: SQUASHFS, threads: 2, memoryBytes: 1 << 24 };
  const index = await scanLayer(layer, { tools, limits: DEFAULT_ROOTFS_LIMITS, segment, signal });
  const tree = await mergeLayers([index], DEFAULT_ROOTFS_LIMITS);
  await applyPolicy(tree, KEEP_ALL);
  return { index, tree };
}

/** Packs one, and compares the product with the other. */
async function compare(packed: readonly TarItem[], wanted: readonly TarItem[]): Promise<void> {
  await inScratch(async (directory) => {
    const tools = await probeTools();
    const bounds = { tools, processors: 2, timeLimitMs: 60_000, signal };
    const { index, tree } = await read(packed, directory, tools);
    const product = await packSquashfs(tree, [index], { output: join(directory, 'product'), squashfs: SQUASHFS, memoryBytes: 1 << 26, ...bounds });
    await verifyProduct(product, packed === wanted ? tree : (await read(wanted, directory, tools)).tree, bounds);
  });
}

const around: readonly TarItem[] = [{ name: 'd/', type: 'directory' }, { name: 'd/before', body: 'before' }, { name: 'z', body: 'behind' }];
const a: TarItem = { name: 'd/c', body: 'content', mode: 0o640, uid: 7, gid: 8, mtime: 1_600_000_000 };
const link: TarItem = { name: 'd/c', type: 'symlink', link: 'z' };
const device: TarItem = { name: 'd/c', type: 'char', major: 1, minor: 3 };
const noted: TarItem = { ...a, pax: { 'SCHILY.xattr.user.note': 'a\0b' } };

const CASES: Readonly<Record<string, readonly [packed: readonly TarItem[], wanted: readonly TarItem[], says: RegExp]>> = {
  'another type': [[a], [link], /"d\/c" is a file and not a symlink/],
  'another mode': [[a], [{ ...a, mode: 0o4640 }], /"d\/c" has mode 640 and not 4640/],
  'another mode of a directory': [[{ name: 'd/', type: 'directory', mode: 0o700 }], [{ name: 'd/', type: 'directory', mode: 0o755 }], /"d" has mode 700 and not 755/],
  'another owner': [[a], [{ ...a, uid: 9 }], /"d\/c" belongs to 7:8/],
  'another group': [[a], [{ ...a, gid: 9 }], /"d\/c" belongs to 7:8/],
  'another time': [[a], [{ ...a, mtime: 1_600_000_001 }], /"d\/c" has the time 1600000000 and not 1600000001/],
  'another size': [[a], [{ ...a, body: 'contents' }], /"d\/c" has 7 bytes and not 8/],
  'other content of the same size': [[a], [{ ...a, body: 'kontent' }], /"d\/c" has other content/],
  'another target': [[link], [{ ...link, link: 'd' }], /"d\/c" leads to "z" and not to "d"/],
  'another device': [[device], [{ ...device, minor: 5 }], /"d\/c" is device/],
  'an attribute with another value': [[noted], [{ ...a, pax: { 'SCHILY.xattr.user.note': 'a\0c' } }], /"d\/c" has another extended attribute "user.note"/],
  'an attribute too few': [[a], [noted], /"d\/c" lacks extended attributes/],
  'an attribute too many': [[noted], [a], /"d\/c" has another extended attribute "user.note"/],
  'a file too few': [[], [a], /"d\/c" was put in, but is not in it/],
  'a file too many': [[a], [], /"d\/c" is in it, but was not put in/],
  'another name': [[a], [{ ...a, name: 'd/C' }], /"d\/C" was put in, but is not in it/],
  'two files that are one': [[a, { name: 'e', type: 'hardlink', link: 'd/c' }], [a, { ...a, name: 'e' }], /"e" is a hard link to "d\/c"/],
  'one file that is two': [[a, { ...a, name: 'e' }], [a, { name: 'e', type: 'hardlink', link: 'd/c' }], /"e" is no hard link to "d\/c"/],
  'two symbolic links that are one': [[link, { name: 'e', type: 'hardlink', link: 'd/c' }], [link, { ...link, name: 'e' }], /"e" is a hard link to "d\/c"/],
  'one symbolic link that is two': [[link, { ...link, name: 'e' }], [link, { name: 'e', type: 'hardlink', link: 'd/c' }], /"e" is no hard link to "d\/c"/],
  'two devices that are one': [[device, { name: 'e', type: 'hardlink', link: 'd/c' }], [device, { ...device, name: 'e' }], /"e" is a hard link to "d\/c"/],
  'one device that is two': [[device, { ...device, name: 'e' }], [device, { name: 'e', type: 'hardlink', link: 'd/c' }], /"e" is no hard link to "d\/c"/],
  'another time of the root': [[{ name: './', type: 'directory', mtime: 5 }], [{ name: './', type: 'directory', mtime: 6 }], /it has the time 5 and not 6/],
};

describe('what was packed is compared with what was to be packed', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const [packed, wanted, says] = CASES[name]!;
    await expect(compare([...around, ...packed], [...around, ...wanted])).rejects.toMatchObject({
      code: 'CONVERSION_FAILED',
      message: expect.stringMatching(says) as unknown,
    });
  });

  it('another mode of a symbolic link is found', async () => {
    await inScratch(async (directory) => {
      const bounds = { tools: await probeTools(), processors: 2, timeLimitMs: 60_000, signal };
      // Whatever a layer says, they have one mode.
      const { index, tree } = await read([{ ...link, mode: 0o600 }], directory, bounds.tools);
      const product = await packSquashfs(tree, [index], { output: join(directory, 'product'), squashfs: SQUASHFS, memoryBytes: 1 << 26, ...bounds });
      await verifyProduct(product, tree, bounds);
      tree.inode(nodeAt(tree, 'd/c') ?? 0).mode = 0o700;
      await expect(verifyProduct(product, tree, bounds)).rejects.toMatchObject({
        code: 'CONVERSION_FAILED',
        message: expect.stringMatching(/"d\/c" has mode 777 and not 700/) as unknown,
      });
    });
  });

  it('another number of links than there are names is found', async () => {
    await inScratch(async (directory) => {
      const bounds = { tools: await probeTools(), processors: 2, timeLimitMs: 60_000, signal };
      const { index, tree } = await read([{ ...link, link: 'the target' }, { name: 'd/e', type: 'hardlink', link: 'd/c' }], directory, bounds.tools);
      // mksquashfs can leave inodes as they are: then their numbers can be changed.
      const squashfs = { ...SQUASHFS, extraOptions: ['-noI'] };
      const product = await packSquashfs(tree, [index], { output: join(directory, 'product'), squashfs, memoryBytes: 1 << 26, ...bounds });
      const bytes = readFileSync(product.path);
      const at = bytes.indexOf('the target') - 8;
      expect(bytes.readUInt32LE(at)).toBe(2);
      await verifyProduct(product, tree, bounds);
      bytes.writeUInt32LE(3, at);
      writeFileSync(product.path, bytes);
      await expect(verifyProduct(product, tree, bounds)).rejects.toMatchObject({
        code: 'CONVERSION_FAILED',
        message: expect.stringMatching(/"d\/c" has 3 links and not 2/) as unknown,
      });
    });
  });

  it('a name that the kernel does not read is found, even where it was put in', async () => {
    await inScratch(async (directory) => {
      const bounds = { tools: await probeTools(), processors: 2, timeLimitMs: 60_000, signal };
      for (const bytes of [255, 256]) {
        const tree = new Tree();
        tree.add(tree.root, 'n'.repeat(bytes), 0);
        await tree.sort(new Pacer());
        const product = await packSquashfs(tree, [], { output: join(directory, 'product'), squashfs: SQUASHFS, memoryBytes: 1 << 26, ...bounds });
        const verified = verifyProduct(product, tree, bounds);
        if (bytes === 255) await verified;
        else await expect(verified).rejects.toMatchObject({ code: 'CONVERSION_FAILED', message: expect.stringMatching(/"n{200}" has a name of 256 bytes/) as unknown });
        await rm(product.path, { force: true });
      }
    });
  });

  it('and is the same when nothing differs', async () => {
    for (const items of [[a, { name: 'e', type: 'hardlink', link: 'd/c' }], [link], [device], [noted], [link, { name: 'e', type: 'hardlink', link: 'd/c' }], [device, { name: 'e', type: 'hardlink', link: 'd/c' }], [{ name: './', type: 'directory', mtime: 5 }]] as const) await compare([...around, ...items], [...around, ...items]);
  });
});
