/** Layers that must not be unpacked: one small archive for each rule. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { GatewayError } from '../../src/lib/errors.js';
import type { RootfsLimits } from '../../src/rootfs/index.js';
import { inScratch, writeBlob, writeLayer } from '../support/images.js';
import { paxBody, record, tarItem, tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';

interface Case {
  /** The layers; the last one is at fault. */
  readonly tars: readonly Buffer[];
  /** What the message must say beside the layer: the entry, where there is one. */
  readonly says: RegExp;
  readonly limits?: Partial<RootfsLimits>;
}

const dir = (name: string): TarItem => ({ name, type: 'directory' });
const file = (name: string, body = 'x'): TarItem => ({ name, body });
const one = (...items: TarItem[]): readonly Buffer[] => [tarOf(...items)];
const end = Buffer.alloc(1024);

const CASES: Readonly<Record<string, Case>> = {
  'a path that climbs out': { tars: one(file('../escape')), says: /"\.\.\/escape"/ },
  'a path that climbs out from below': {
    tars: one(dir('a/'), file('a/../../escape')),
    says: /"a\/\.\.\/\.\.\/escape"/,
  },
  'an absolute path that climbs out': { tars: one(file('/../escape')), says: /"\/\.\.\/escape"/ },
  'a symbolic link in the place of a parent that climbs out by its name': {
    tars: one({ name: 's', type: 'symlink', link: '..' }, file('s/../../escape')),
    says: /"s\/\.\.\/\.\.\/escape"/,
  },
  'a path that is nothing but ..': { tars: one(dir('..')), says: /"\.\."/ },
  'a hard link out of the image, to a path that the image has too': {
    tars: one(file('etc/passwd'), { name: 'l', type: 'hardlink', link: '../../etc/passwd' }),
    says: /"\.\.\/\.\.\/etc\/passwd" leads out of its place/,
  },
  'a hard link out of the image from its root, to a path that the image has too': {
    tars: one(file('etc/passwd'), { name: 'l', type: 'hardlink', link: '/../etc/passwd' }),
    says: /"\/\.\.\/etc\/passwd" leads out of its place/,
  },
  'a hard link to nothing': {
    tars: one({ name: 'l', type: 'hardlink', link: 'nowhere' }),
    says: /"l".*"nowhere"/,
  },
  'a hard link to itself': { tars: one({ name: 'l', type: 'hardlink', link: 'l' }), says: /"l"/ },
  'a hard link to itself, with something there': {
    tars: [tarOf(file('l')), tarOf({ name: 'l', type: 'hardlink', link: './l' })],
    says: /"l".*itself/,
  },
  'hard links that go round': {
    tars: one({ name: 'a', type: 'hardlink', link: 'b' }, { name: 'b', type: 'hardlink', link: 'a' }),
    says: /"a".*"b"/,
  },
  'a hard link to a directory': {
    tars: one(dir('d/'), { name: 'l', type: 'hardlink', link: 'd' }),
    says: /"l".*"d"/,
  },
  'a hard link to the root': { tars: one({ name: 'l', type: 'hardlink', link: './' }), says: /"l".*root/ },
  'a symbolic link in place of the root': {
    tars: one({ name: './', type: 'symlink', link: '/etc' }),
    says: /root/,
  },
  'a symbolic link to nothing': { tars: one({ name: 's', type: 'symlink', link: '' }), says: /"s"/ },
  'a symbolic link with a target that no call takes': {
    tars: one({ name: 's', type: 'symlink', link: 'x'.repeat(4096) }),
    says: /"s"/,
  },
  'symbolic links that go round, and an entry through them': {
    tars: one(
      { name: 'a', type: 'symlink', link: 'b' },
      { name: 'b', type: 'symlink', link: 'a' },
      file('a/x'),
    ),
    says: /"a\/x"/,
  },
  'an entry below a file': { tars: one(file('f'), file('f/x')), says: /"f/ },
  'a file over a directory with entries of the same layer': {
    tars: one(dir('d/'), file('d/x'), file('d')),
    says: /"d"/,
  },
  'a whiteout of nothing': { tars: one(file('.wh.', '')), says: /"\.wh\."/ },
  'a whiteout of .': { tars: one(file('.wh..', '')), says: /"\.wh\.\."/ },
  'a whiteout of ..': { tars: one(file('d/.wh...', '')), says: /"d\/\.wh\.\.\."/ },
  'a NUL in a pax path': { tars: one({ ...file('x'), pax: { path: 'a\0b' } }), says: /"a\\u0000b"/ },
  'a NUL in a pax link': {
    tars: one({ name: 'x', type: 'symlink', link: 'y', pax: { linkpath: 'a\0b' } }),
    says: /"x"/,
  },
  'a name of 256 bytes': { tars: one(file('n'.repeat(256))), says: /256/ },
  'a path of 4096 bytes': { tars: one(file(`${'d/'.repeat(2047)}ab`)), says: /4096/ },
  'a path too deep': {
    tars: one(file(`${'d/'.repeat(20)}x`)),
    limits: { depth: 20 },
    says: /21 directories deep/,
  },
  'a name of 256 bytes, through a symbolic link': {
    tars: one({ name: 's', type: 'symlink', link: 'n'.repeat(256) }, file('s/x')),
    says: /"s\/x".*256 bytes/,
  },
  'a path of 4096 bytes, through a symbolic link': {
    tars: one({ name: 's', type: 'symlink', link: `${'d'.repeat(210)}/`.repeat(19) }, file(`s/${'e'.repeat(87)}`)),
    says: /"s\/e+".*4096 bytes/,
  },
  'a path too deep, through a symbolic link': {
    tars: one({ name: 's', type: 'symlink', link: 'd/'.repeat(20) }, file('s/x')),
    limits: { depth: 20 },
    says: /"s\/x".*21 directories deep/,
  },
  'a path too deep, through a symbolic link to a directory that is there': {
    tars: [tarOf(dir('d/'.repeat(20)), { name: 's', type: 'symlink', link: 'd/'.repeat(20) }), tarOf(file('s/x'))],
    limits: { depth: 20 },
    says: /"s\/x".*21 directories deep/,
  },
  'symbolic links, each of which leads down further': {
    tars: one(
      ...Array.from({ length: 8 }, (_, i): TarItem => ({ name: `${'s/'.repeat(i)}s`, type: 'symlink', link: 'a/'.repeat(2000) })),
      file(`${'s/'.repeat(8)}x`),
    ),
    limits: { depth: 2000 },
    says: /"s\/s".*2001 directories deep/,
  },
  'a hard link too deep, through a symbolic link': {
    tars: one(file('f'), { name: 's', type: 'symlink', link: 'd/'.repeat(20) }, { name: 's/x', type: 'hardlink', link: 'f' }),
    limits: { depth: 20 },
    says: /"s\/x".*21 directories deep/,
  },
  'an entry without a name': { tars: one(file('')), says: /no name/ },
  'an unknown type': { tars: one({ ...file('odd'), flag: 'V' }), says: /"odd".*"V"/ },
  'a directory with a body': { tars: one({ name: 'd/', type: 'directory', body: 'x' }), says: /checksum/ },
  'a wrong checksum': {
    tars: one({ ...file('x'), spoil: (header) => (header[0] = 0x79) }),
    says: /checksum/,
  },
  'a number that is none': {
    tars: one({ ...file('x'), patch: (header) => header.write('12x4567\0', 124, 'latin1') }),
    says: /12x4567/,
  },
  'a negative size': {
    tars: one({ ...file('x'), patch: (header) => header.fill(0xff, 124, 136) }),
    says: /-1/,
  },
  'a size beyond all numbers': {
    tars: one({ ...file('x'), pax: { size: '99999999999999999999' } }),
    says: /size/,
  },
  'a pax number that is none': { tars: one({ ...file('x'), pax: { mtime: 'never' } }), says: /"never"/ },
  'a pax header that is malformed': {
    tars: [Buffer.concat([record('x', 'h', Buffer.from('99 path=x\n')), tarItem(file('x')), end])],
    says: /pax/,
  },
  'a pax header that is too long': {
    tars: one({ ...file('x'), pax: { comment: 'c'.repeat(5000) } }),
    limits: { paxBytes: 4096 },
    says: /pax/,
  },
  'a long name that is too long': {
    tars: one(file('x'.repeat(3000))),
    limits: { longNameBytes: 2048 },
    says: /longName/,
  },
  'too many bytes of attributes': {
    tars: one({ ...file('x'), pax: { 'SCHILY.xattr.user.a': 'v'.repeat(2000) } }),
    limits: { xattrBytes: 1000 },
    says: /"x"/,
  },
  'names that take too much memory': {
    tars: one(file('a'.repeat(200)), file('b'.repeat(200))),
    limits: { nameBytes: 300 },
    says: /memory/,
  },
  'too many entries in a layer': {
    tars: one(file('a'), file('b'), file('c')),
    limits: { entries: 2 },
    says: /2 entries/,
  },
  'too many entries in the image': {
    tars: [tarOf(file('a'), file('b')), tarOf(file('c'))],
    limits: { entries: 2 },
    says: /2 entries/,
  },
  'too many bytes in a layer': {
    tars: one(file('a', 'x'.repeat(9000))),
    limits: { layerBytes: 8000 },
    says: /8000 bytes/,
  },
  'too many bytes in the image': {
    tars: [tarOf(file('a', 'x'.repeat(5000))), tarOf(file('b', 'x'.repeat(5000)))],
    limits: { imageBytes: 9000 },
    says: /9000 bytes/,
  },
  'a sparse file of more bytes than a layer may have': {
    tars: one({
      ...file('s', 'data'),
      pax: { 'GNU.sparse.size': '1000000000000', 'GNU.sparse.map': '0,4', 'GNU.sparse.numblocks': '1' },
    }),
    limits: { layerBytes: 1_000_000 },
    says: /1000000 bytes/,
  },
  'a sparse file with pieces beyond its end': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '5', 'GNU.sparse.map': '3,4' } }),
    says: /"s"/,
  },
  'a sparse file with pieces that overlap': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,2,4,2' } }),
    says: /"s"/,
  },
  'a sparse file whose map is not of its data': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,2' } }),
    says: /"s"/,
  },
  'cut in a header': { tars: [tarOf(file('x')).subarray(0, 300)], says: /cut/ },
  'cut in a body': { tars: [tarOf(file('x', 'y'.repeat(2000))).subarray(0, 1000)], says: /cut/ },
  'cut in a long name': { tars: [tarOf(file('x'.repeat(600))).subarray(0, 800)], says: /cut/ },
  'data behind the end': {
    tars: [Buffer.concat([tarOf(file('x')), Buffer.from('more')])],
    says: /behind the end/,
  },
  'another archive behind the end': {
    tars: [Buffer.concat([tarOf(file('x')), tarOf(file('y'))])],
    says: /behind the end/,
  },
  'a header for an entry that does not come': {
    tars: [Buffer.concat([record('x', 'h', paxBody({ path: 'x' })), end])],
    says: /without/,
  },
  'no archive at all': { tars: [Buffer.from('#!/bin/sh\n'.repeat(200))], says: /number/ },
};

describe('a hostile or damaged layer is refused, and nothing is left', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const { tars, says, limits } = CASES[name]!;
    await inScratch(async (directory) => {
      const layers = tars.map((tar) => writeLayer(join(directory, 'blobs'), tar));
      const error: unknown = await convert(layers, directory, limits === undefined ? {} : { limits }).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(GatewayError);
      expect((error as GatewayError).code).toBe('BAD_LAYER');
      expect((error as GatewayError).message).toContain(layers.at(-1)!.digest);
      expect((error as GatewayError).message).toMatch(says);
      expect(readdirSync(directory)).toEqual(['blobs']);
    });
  });

  const tar = tarOf(file('a', 'content'.repeat(500)));
  const BLOBS: Readonly<Record<string, readonly [blob: Buffer, says: RegExp]>> = {
    'a gzip stream that is cut': [gzipSync(tar).subarray(0, -12), /cut|damaged/],
    'a gzip stream with a flipped byte': [
      flipped(gzipSync(tar, { level: 0 }), 700),
      /damaged|promises|checksum/,
    ],
    'another content than the configuration promises': [gzipSync(tarOf(file('a', 'other'))), /promises/],
    'an empty blob': [Buffer.alloc(0), /compression/],
    'a compression that nobody knows': [deflateRawSync(tar), /compression/],
  };
  it.each(Object.keys(BLOBS))('%s', async (name) => {
    const [blob, says] = BLOBS[name]!;
    await inScratch(async (directory) => {
      const layer = writeBlob(join(directory, 'blobs'), blob, tar);
      await expect(convert([layer], directory)).rejects.toMatchObject({
        code: 'BAD_LAYER',
        message: expect.stringMatching(says) as unknown,
      });
      expect(readdirSync(directory)).toEqual(['blobs']);
    });
  });

  it('a layer that inflates to more than the ratio allows', async () => {
    await inScratch(async (directory) => {
      const zeros = tarOf({ name: 'zeros', body: Buffer.alloc(80 << 20) });
      const layer = writeLayer(join(directory, 'blobs'), zeros);
      const error = convert([layer], directory, { limits: { ratio: 50 } });
      await expect(error).rejects.toMatchObject({
        code: 'BAD_LAYER',
        message: expect.stringContaining('50 times') as unknown,
      });
    });
  });
});

function flipped(data: Buffer, at: number): Buffer {
  const copy = Buffer.from(data);
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}
