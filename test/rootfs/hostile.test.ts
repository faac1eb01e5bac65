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
  /** The entry that the message names, or that in front of what can't be read; undefined where none has been read. */
  readonly entry: string | undefined;
  /** What the message says beside it. */
  readonly says: RegExp;
  readonly limits?: Partial<RootfsLimits>;
}

const dir = (name: string): TarItem => ({ name, type: 'directory' });
const file = (name: string, body = 'x'): TarItem => ({ name, body });
const one = (...items: TarItem[]): readonly Buffer[] => [tarOf(...items)];
const end = Buffer.alloc(1024);

const CASES: Readonly<Record<string, Case>> = {
  'a path that climbs out': {
    tars: one(file('../escape')),
    entry: '../escape',
    says: /leads out of its place/,
  },
  'a path that climbs out from below': {
    tars: one(dir('a/'), file('a/../../escape')),
    entry: 'a/../../escape',
    says: /leads out of its place/,
  },
  'an absolute path that climbs out': {
    tars: one(file('/../escape')),
    entry: '/../escape',
    says: /leads out of its place/,
  },
  'a symbolic link in the place of a parent that climbs out by its name': {
    tars: one({ name: 's', type: 'symlink', link: '..' }, file('s/../../escape')),
    entry: 's/../../escape',
    says: /leads out of its place/,
  },
  'a path that is nothing but ..': { tars: one(dir('..')), entry: '..', says: /leads out of its place/ },
  'a hard link out of the image, to a path that the image has too': {
    tars: one(file('etc/passwd'), { name: 'l', type: 'hardlink', link: '../../etc/passwd' }),
    entry: 'l',
    says: /"\.\.\/\.\.\/etc\/passwd", which leads out of its place/,
  },
  'a hard link out of the image from its root, to a path that the image has too': {
    tars: one(file('etc/passwd'), { name: 'l', type: 'hardlink', link: '/../etc/passwd' }),
    entry: 'l',
    says: /"\/\.\.\/etc\/passwd", which leads out of its place/,
  },
  'a hard link to nothing': {
    tars: one({ name: 'l', type: 'hardlink', link: 'nowhere' }),
    entry: 'l',
    says: /is a hard link to "nowhere", which is not there/,
  },
  'a hard link to itself': {
    tars: one({ name: 'l', type: 'hardlink', link: 'l' }),
    entry: 'l',
    says: /is a hard link to "l", which is not there/,
  },
  'a hard link to itself, with something there': {
    tars: [tarOf(file('l')), tarOf({ name: 'l', type: 'hardlink', link: './l' })],
    entry: 'l',
    says: /is a hard link to itself/,
  },
  'hard links that go round': {
    tars: one({ name: 'a', type: 'hardlink', link: 'b' }, { name: 'b', type: 'hardlink', link: 'a' }),
    entry: 'a',
    says: /is a hard link to "b", which is not there/,
  },
  'a hard link to a directory': {
    tars: one(dir('d/'), { name: 'l', type: 'hardlink', link: 'd' }),
    entry: 'l',
    says: /is a hard link to the directory "d"/,
  },
  'a hard link to the root': {
    tars: one({ name: 'l', type: 'hardlink', link: './' }),
    entry: 'l',
    says: /is a hard link to the root/,
  },
  'a symbolic link in place of the root': {
    tars: one({ name: './', type: 'symlink', link: '/etc' }),
    entry: undefined,
    says: /the root of the image is a symlink/,
  },
  'a symbolic link to nothing': {
    tars: one({ name: 's', type: 'symlink', link: '' }),
    entry: 's',
    says: /is a symbolic link to nothing/,
  },
  'a symbolic link with a target that no call takes': {
    tars: one({ name: 's', type: 'symlink', link: 'x'.repeat(4096) }),
    entry: 's',
    says: /is a link to a name of 4096 bytes/,
  },
  'symbolic links that go round, and an entry through them': {
    tars: one(
      { name: 'a', type: 'symlink', link: 'b' },
      { name: 'b', type: 'symlink', link: 'a' },
      file('a/x'),
    ),
    entry: 'a/x',
    says: /leads through more than 40 symbolic links/,
  },
  'an entry below a file': {
    tars: one(file('f'), file('f/x')),
    entry: 'f/x',
    says: /lies below something that is no directory/,
  },
  'a file over a directory with entries of the same layer': {
    tars: one(dir('d/'), file('d/x'), file('d')),
    entry: 'd',
    says: /is a file, and the same layer has entries below it/,
  },
  'a whiteout of nothing': { tars: one(file('.wh.', '')), entry: '.wh.', says: /is a whiteout of nothing/ },
  'a whiteout of .': { tars: one(file('.wh..', '')), entry: '.wh..', says: /is a whiteout of nothing/ },
  'a whiteout of ..': {
    tars: one(file('d/.wh...', '')),
    entry: 'd/.wh...',
    says: /is a whiteout of nothing/,
  },
  'a NUL in a pax path': {
    tars: one({ ...file('x'), pax: { path: 'a\0b' } }),
    entry: 'a\0b',
    says: /has a NUL in a name/,
  },
  'a NUL in a pax link': {
    tars: one({ name: 'x', type: 'symlink', link: 'y', pax: { linkpath: 'a\0b' } }),
    entry: 'x',
    says: /has a NUL in a name/,
  },
  'a name of 256 bytes': {
    tars: one(file('n'.repeat(256))),
    entry: 'n'.repeat(256),
    says: /component of 256 bytes/,
  },
  'a path of 4096 bytes': {
    tars: one(file(`${'d/'.repeat(2047)}ab`)),
    entry: `${'d/'.repeat(2047)}ab`,
    says: /has 4096 bytes/,
  },
  'a path too deep': {
    tars: one(file(`${'d/'.repeat(20)}x`)),
    limits: { depth: 20 },
    entry: `${'d/'.repeat(20)}x`,
    says: /is 21 directories deep/,
  },
  'a name of 256 bytes, through a symbolic link': {
    tars: one({ name: 's', type: 'symlink', link: 'n'.repeat(256) }, file('s/x')),
    entry: 's/x',
    says: /name of 256 bytes/,
  },
  'a path of 4096 bytes, through a symbolic link': {
    tars: one(
      { name: 's', type: 'symlink', link: `${'d'.repeat(210)}/`.repeat(19) },
      file(`s/${'e'.repeat(87)}`),
    ),
    entry: `s/${'e'.repeat(87)}`,
    says: /a path of 4096 bytes/,
  },
  'a path too deep, through a symbolic link': {
    tars: one({ name: 's', type: 'symlink', link: 'd/'.repeat(20) }, file('s/x')),
    limits: { depth: 20 },
    entry: 's/x',
    says: /21 directories deep/,
  },
  'a path too deep, through a symbolic link to a directory that is there': {
    tars: [
      tarOf(dir('d/'.repeat(20)), { name: 's', type: 'symlink', link: 'd/'.repeat(20) }),
      tarOf(file('s/x')),
    ],
    limits: { depth: 20 },
    entry: 's/x',
    says: /21 directories deep/,
  },
  'symbolic links, each of which leads down further': {
    tars: one(
      ...Array.from({ length: 8 }, (_, i): TarItem => ({
        name: `${'s/'.repeat(i)}s`,
        type: 'symlink',
        link: 'a/'.repeat(2000),
      })),
      file(`${'s/'.repeat(8)}x`),
    ),
    limits: { depth: 2000 },
    entry: 's/s',
    says: /2001 directories deep/,
  },
  'a hard link too deep, through a symbolic link': {
    tars: one(
      file('f'),
      { name: 's', type: 'symlink', link: 'd/'.repeat(20) },
      { name: 's/x', type: 'hardlink', link: 'f' },
    ),
    limits: { depth: 20 },
    entry: 's/x',
    says: /21 directories deep/,
  },
  'an entry without a name': { tars: one(file('a'), file('')), entry: 'a', says: /has no name/ },
  'an unknown type': {
    tars: one({ ...file('odd'), flag: 'V' }),
    entry: 'odd',
    says: /has the unknown type "V"/,
  },
  'a directory, and behind it the body that directories do not have': {
    tars: one({ name: 'd/', type: 'directory', body: 'x' }),
    entry: 'd/',
    says: /a header has a wrong checksum/,
  },
  'a wrong checksum': {
    tars: one(file('a'), { ...file('x'), spoil: (header) => (header[0] = 0x79) }),
    entry: 'a',
    says: /a header has a wrong checksum/,
  },
  'a number that is none': {
    tars: one(file('a'), { ...file('x'), patch: (header) => header.write('12x4567\0', 124, 'latin1') }),
    entry: 'x',
    says: /12x4567/,
  },
  'a negative size': {
    tars: one({ ...file('x'), patch: (header) => header.fill(0xff, 124, 136) }),
    entry: 'x',
    says: /its size is -1/,
  },
  'a size beyond all numbers': {
    tars: one({ ...file('x'), pax: { size: '99999999999999999999' } }),
    entry: 'x',
    says: /its size is 1/,
  },
  'a pax number that is none': {
    tars: one({ ...file('x'), pax: { mtime: 'never' } }),
    entry: 'x',
    says: /its pax record mtime is "never"/,
  },
  'a pax header that is malformed': {
    tars: [
      Buffer.concat([
        tarItem(file('a')),
        record('x', 'h', Buffer.from('99 path=x\n')),
        tarItem(file('x')),
        end,
      ]),
    ],
    entry: 'a',
    says: /a pax header is malformed/,
  },
  'a pax header that is too long': {
    tars: one(file('a'), { ...file('x'), pax: { comment: 'c'.repeat(5000) } }),
    limits: { paxBytes: 4096 },
    entry: 'a',
    says: /a pax header has 5\d+ bytes/,
  },
  'a long name that is too long': {
    tars: one(file('a'), file('x'.repeat(3000))),
    limits: { longNameBytes: 2048 },
    entry: 'a',
    says: /a longName header has 3001 bytes/,
  },
  'too many bytes of attributes': {
    tars: one({ ...file('x'), pax: { 'SCHILY.xattr.user.a': 'v'.repeat(2000) } }),
    limits: { xattrBytes: 1000 },
    entry: 'x',
    says: /it has 2006 bytes of extended attributes/,
  },
  'names that take too much memory': {
    tars: one(file('a'.repeat(200)), file('b'.repeat(200))),
    limits: { nameBytes: 300 },
    entry: 'b'.repeat(200),
    says: /300 bytes of memory/,
  },
  'too many entries in a layer': {
    tars: one(file('a'), file('b'), file('c')),
    limits: { entries: 2 },
    entry: 'c',
    says: /the layer has more than 2 entries/,
  },
  'too many entries in the image': {
    tars: [tarOf(file('a'), file('b')), tarOf(file('c'))],
    limits: { entries: 2 },
    entry: undefined,
    says: /the image has more than 2 entries/,
  },
  'too many bytes in a layer': {
    tars: one(file('a'), file('b', 'x'.repeat(9000)), file('c')),
    limits: { layerBytes: 8000 },
    entry: 'b',
    says: /the layer has more than 8000 bytes uncompressed/,
  },
  'too many bytes in the image': {
    tars: [tarOf(file('a', 'x'.repeat(5000))), tarOf(file('b', 'x'.repeat(5000)))],
    limits: { imageBytes: 9000 },
    entry: undefined,
    says: /the image has more than 9000 bytes uncompressed/,
  },
  'a sparse file of more bytes than a layer may have': {
    tars: one({
      ...file('s', 'data'),
      pax: { 'GNU.sparse.size': '1000000000000', 'GNU.sparse.map': '0,4', 'GNU.sparse.numblocks': '1' },
    }),
    limits: { layerBytes: 1_000_000 },
    entry: 's',
    says: /the layer has more than 1000000 bytes uncompressed/,
  },
  'a sparse file with pieces beyond its end': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '5', 'GNU.sparse.map': '3,4' } }),
    entry: 's',
    says: /it is a sparse file with an impossible map/,
  },
  'a sparse file with pieces that overlap': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,2,4,2' } }),
    entry: 's',
    says: /it is a sparse file with an impossible map/,
  },
  'a sparse file whose map is not of its data': {
    tars: one({ ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,2' } }),
    entry: 's',
    says: /it is a sparse file whose map is not of the data that is stored/,
  },
  'cut in a header': {
    tars: [tarOf(file('a'), file('x')).subarray(0, 1300)],
    entry: 'a',
    says: /the archive is cut in the middle of an entry/,
  },
  'cut in a body': {
    tars: [tarOf(file('a'), file('x', 'y'.repeat(2000))).subarray(0, 2000)],
    entry: 'x',
    says: /the archive is cut in the middle of an entry/,
  },
  'cut in a long name': {
    tars: [tarOf(file('a'), file('x'.repeat(600))).subarray(0, 1800)],
    entry: 'a',
    says: /the archive is cut in the middle of an entry/,
  },
  'data behind the end': {
    tars: [Buffer.concat([tarOf(file('x')), Buffer.from('more')])],
    entry: 'x',
    says: /there is data behind the end/,
  },
  'another archive behind the end': {
    tars: [Buffer.concat([tarOf(file('x')), tarOf(file('y'))])],
    entry: 'x',
    says: /there is data behind the end/,
  },
  'a header for an entry that does not come': {
    tars: [Buffer.concat([tarItem(file('a')), record('x', 'h', paxBody({ path: 'x' })), end])],
    entry: 'a',
    says: /the archive ends with a header without its entry/,
  },
  'no archive at all': {
    tars: [Buffer.from('#!/bin/sh\n'.repeat(200))],
    entry: undefined,
    says: /where a number belongs/,
  },
  'a hard link to what the same layer has replaced before it, beside a whiteout of something else': {
    tars: [
      tarOf(dir('a/'), file('a/x'), file('b')),
      tarOf(file('.wh.b', ''), file('a'), { name: 'l', type: 'hardlink', link: 'a/x' }),
    ],
    entry: 'l',
    says: /is a hard link to "a\/x", which is not there/,
  },
  'an entry below a name of a whiteout': {
    tars: one(file('.wh.a/b')),
    entry: '.wh.a/b',
    says: /lies below a name that is kept for whiteouts/,
  },
  'an entry below a file of a lower layer': {
    tars: [tarOf(file('f')), tarOf(file('f/x'))],
    entry: 'f/x',
    says: /lies below something that is no directory/,
  },
  'an entry below a symbolic link to a file of a lower layer': {
    tars: [tarOf(file('f'), { name: 's', type: 'symlink', link: 'f' }), tarOf(file('s/x'))],
    entry: 's/x',
    says: /lies below something that is no directory/,
  },
  'a whiteout of overlayfs in place of the root': {
    tars: one({ name: './', type: 'char', major: 0, minor: 0 }),
    entry: undefined,
    says: /the root of the image is a char/,
  },
  'a directory, by its name, with a body': {
    tars: one(file('a'), file('d/', 'body')),
    entry: 'd/',
    says: /it is a directory with a body/,
  },
  'a global pax header that is too long': {
    tars: [
      Buffer.concat([tarItem(file('a')), record('g', 'h', paxBody({ comment: 'c'.repeat(5000) })), end]),
    ],
    limits: { paxBytes: 4096 },
    entry: 'a',
    says: /a globalPax header has 5\d+ bytes, more than 4096/,
  },
  'a layer that inflates to more than the ratio allows': {
    tars: one(file('a'), file('zeros', '\0'.repeat(1 << 20))),
    limits: { ratio: 50, ratioFromBytes: 1 << 16 },
    entry: 'zeros',
    says: /the layer inflates to more than 50 times its size/,
  },
  'a layer with a sparse file that inflates to more than the ratio allows': {
    tars: one(
      { ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,4' } },
      file('zeros', '\0'.repeat(1 << 20)),
    ),
    limits: { ratio: 50, ratioFromBytes: 1 << 16 },
    entry: 'zeros',
    says: /the layer inflates to more than 50 times its size/,
  },
  'a layer with a sparse file, cut in a body': {
    tars: [
      tarOf(
        { ...file('s', 'data'), pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '3,4' } },
        file('x', 'y'.repeat(2000)),
      ).subarray(0, -2000),
    ],
    entry: 'x',
    says: /the archive is cut in the middle of an entry/,
  },
  'a sparse file with a map that is too long': {
    tars: one({
      ...file('s', `1000\n${'1\n'.repeat(9000)}`),
      pax: {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.realsize': '99',
        'GNU.sparse.name': 's',
      },
    }),
    limits: { paxBytes: 1024 },
    entry: 's',
    says: /it is a sparse file with a map of more than 1024 bytes/,
  },
};

describe('a hostile or damaged layer is refused, and nothing is left', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const { tars, entry, says, limits } = CASES[name]!;
    await inScratch(async (directory) => {
      const layers = tars.map((tar) => writeLayer(join(directory, 'blobs'), tar));
      const error: unknown = await convert(layers, directory, limits === undefined ? {} : { limits }).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(GatewayError);
      expect((error as GatewayError).code).toBe('BAD_LAYER');
      const { message } = error as GatewayError;
      expect(message).toContain(layers.at(-1)!.digest);
      if (entry !== undefined) expect(message).toContain(JSON.stringify(entry.slice(0, 200)));
      expect(message).toMatch(says);
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
});

function flipped(data: Buffer, at: number): Buffer {
  const copy = Buffer.from(data);
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}
