/** The product against the tree that an independent tool, umoci, unpacks from the same layers. */
import { describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_ROOTFS_POLICY } from '../../src/rootfs/index.js';
import { buildahIn } from '../support/buildah.js';
import {
  differences,
  inScratch,
  layersOf,
  snapshot,
  umociUnpack,
  unsquash,
  writeLayout,
} from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert, KEEP_ALL } from './convert.js';

const isRoot = process.getuid?.() === 0;

function dir(name: string, more: Partial<TarItem> = {}): TarItem {
  return { name, type: 'directory', ...more };
}
function file(name: string, body = name, more: Partial<TarItem> = {}): TarItem {
  return { name, body, ...more };
}
function link(name: string, to: string): TarItem {
  return { name, type: 'hardlink', link: to };
}
function symlink(name: string, to: string): TarItem {
  return { name, type: 'symlink', link: to };
}

/** Replaces a header's checksum: it is a sum of chars, which have a sign on some machines. */
function signedChecksum(header: Buffer): void {
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + (byte < 128 ? byte : byte - 256), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

/** Differences between what we make of the layers and what umoci makes of them. */
async function compareWithUmoci(tars: readonly Buffer[]): Promise<string[]> {
  return inScratch(async (directory) => {
    const layers = writeLayout(join(directory, 'layout'), tars);
    const { product } = await convert(layers, directory);
    const theirs = await umociUnpack(join(directory, 'layout'), join(directory, 'bundle'));
    const ours = await unsquash(product.path, join(directory, 'ours'));
    return differences(snapshot(ours, { owners: isRoot }), snapshot(theirs, { owners: isRoot }));
  });
}

const long = 'n'.repeat(255);

const IMAGES: Readonly<Record<string, readonly (readonly TarItem[])[]>> = {
  'whiteouts before and behind their siblings, of files, directories and nothing': [
    [dir('d/'), file('d/a'), file('d/b'), dir('d/sub/'), file('d/sub/x'), file('top')],
    [
      dir('d/'),
      file('d/.wh.a', ''),
      file('d/new'),
      file('d/.wh.sub', ''),
      file('.wh.top', ''),
      file('d/.wh.never', ''),
    ],
    [file('d/again'), file('d/.wh.again2', '')],
  ],
  'an opaque directory, its mark before and between what is new in it': [
    [dir('d/'), file('d/old'), dir('d/sub/'), file('d/sub/old'), dir('e/'), file('e/old')],
    [dir('d/'), file('d/.wh..wh..opq', ''), file('d/new'), dir('e/', { mode: 0o711 }), file('e/.wh..wh..opq', ''), file('e/new'), dir('e/sub/')],
  ],
  'a whiteout that is a hard link': [
    [file('a'), file('b')],
    [file('c'), { ...link('.wh.a', 'c') }],
  ],
  'a directory removed and made again in one layer': [
    [dir('d/'), file('d/old')],
    [file('.wh.d', ''), dir('d/', { mode: 0o711 }), file('d/new')],
  ],
  'hard links in a layer, in chains, and to a lower layer': [
    [file('a', 'content'), link('b', 'a'), link('c', 'b'), dir('d/'), link('d/e', 'c')],
    [link('f', 'd/e'), link('./g', '/f')],
  ],
  'a hard link keeps what its target was': [
    [file('a', 'old'), link('b', 'a')],
    [file('a', 'new')],
    [file('.wh.a', ''), link('c', 'b')],
  ],
  'a hard link to a symbolic link': [[symlink('s', 'nowhere'), link('t', 's')]],
  'types change in every way': [
    [
      dir('1/'),
      file('1/x'),
      file('2'),
      symlink('3', '2'),
      dir('4/'),
      file('4/y'),
      file('5'),
      symlink('6', '2'),
    ],
    [file('1'), dir('2/'), file('2/z'), dir('3/'), symlink('4', '2'), symlink('5', '2'), file('6')],
  ],
  'attributes of a directory replaced, its children kept': [
    [dir('d/', { mode: 0o700, uid: 5 }), file('d/a')],
    [dir('d/', { mode: 0o3775, uid: 7, gid: 8, mtime: 1_600_000_000 })],
  ],
  'parents that are symbolic links are followed inside the image': [
    [
      dir('usr/'),
      dir('usr/lib/'),
      file('usr/lib/a'),
      symlink('lib', 'usr/lib'),
      symlink('abs', '/usr/lib'),
      symlink('up', '../../usr'),
    ],
    [file('lib/b'), file('abs/c'), file('up/lib/d'), file('lib/.wh.a', '')],
  ],
  'links that go round below, replaced by a directory whose file is linked to': [
    [symlink('a', 'b'), symlink('b', 'a'), file('gone')],
    [file('.wh.gone', ''), dir('a/'), file('a/x'), link('y', 'a/x')],
  ],
  'a directory entry replaces a symbolic link': [
    [dir('usr/'), file('usr/a'), symlink('lib', 'usr')],
    [dir('lib/'), file('lib/b')],
  ],
  names: [
    [
      file('./leading'),
      file('/absolute'),
      dir('.//dot/'),
      file('.//dot///slashes'),
      link('/.//linked', '//absolute'),
      file('a..b'),
      file('..c'),
      file('d..'),
      file('with space and\ttab'),
      file('new\nline'),
      file('back\\slash'),
      file('quote\'"'),
      file('\xff\xfe not utf-8'),
      file(Buffer.from('ünïcødé-日本').toString('latin1')),
      symlink(Buffer.from('lïnk').toString('latin1'), Buffer.from('/abs/zïel').toString('latin1')),
      symlink('\xfflink', '../\xfe'),
      file(long),
      dir(`${long}/`.replace(/n/g, 'm')),
      dir(`${long.replace(/n/g, 'm')}/${long}/`),
      file(`${long.replace(/n/g, 'm')}/${long}/${long}`),
      symlink('longlink', `${'../'.repeat(60)}${long}`),
      file('-dash'),
      file('*star?'),
      file('#hash'),
      file('.hidden'),
      file('...'),
      { name: 'gone', body: 'pax', pax: { path: Buffer.from('päxnamed').toString('latin1') } },
    ],
  ],
  'attributes from pax': [
    [
      file('a', 'x', { pax: { uid: '3000000', gid: '4000000', mtime: '1500000000.75' } }),
      file('b', 'x', { mode: 0o4755 }),
      file('c', 'x', { mode: 0o2711, mtime: 0 }),
      dir('t/', { mode: 0o1777 }),
      file('sized', 'as pax says', { size: 0, pax: { size: '11' } }),
      file('next'),
    ],
  ],
  'sizes of what has no body, as some programs write them': [
    [
      dir('d/', { size: 4096 }),
      file('d/a', 'x'.repeat(700)),
      { ...link('l', 'd/a'), size: 700 },
      { ...symlink('s', 'd/a'), size: 3 },
      { ...link('m', 'd/a'), pax: { size: '700' } },
      file('next'),
    ],
  ],
  'a checksum that counts bytes with a sign, as SunOS does': [
    [file('\xe4\xff', 'x', { spoil: (header) => signedChecksum(header) }), file('next')],
  ],
  'two long names, by pax and by GNU: the latter counts': [
    [
      file('g'.repeat(120), 'x', { pax: { path: 'by pax' } }),
      { ...symlink('s', 't'.repeat(120)), pax: { linkpath: 'by pax' } },
      file('next'),
    ],
  ],
  'missing parents, and an empty layer': [[], [dir('x/'), file('x/y', '')]],
  'a path twice in one layer: the last wins': [[file('a', 'first'), file('a', 'second')]],
  'empty files, files of whole blocks': [
    [
      file('empty', ''),
      file('block', 'x'.repeat(512)),
      file('blocks', 'y'.repeat(300_000)),
      file('zeros', '\0'.repeat(400_000)),
    ],
  ],
  ...(isRoot
    ? {
        'devices and FIFOs': [
          [
            dir('dev/'),
            { name: 'dev/null', type: 'char', major: 1, minor: 3, mode: 0o666 },
            { name: 'dev/sda', type: 'block', major: 8, minor: 300 },
            { name: 'pipe', type: 'fifo' },
          ],
        ] as TarItem[][],
      }
    : {}),
};

describe('the product equals what umoci unpacks', () => {
  it.each(Object.keys(IMAGES))('%s', async (name) => {
    const tars = IMAGES[name]!.map((items) => tarOf(...items));
    expect(await compareWithUmoci(tars)).toEqual([]);
  });

  it('layers of several gzip members, and layers that are not compressed at all', async () => {
    const { writeLayer } = await import('../support/images.js');
    await inScratch(async (directory) => {
      const tars = [tarOf(file('a', 'x'.repeat(5000))), tarOf(file('b'))];
      const layers = [
        writeLayer(join(directory, 'l'), tars[0]!, 'gzip-members'),
        writeLayer(join(directory, 'l'), tars[1]!, 'none'),
      ];
      const { product } = await convert(layers, directory);
      const ours = snapshot(await unsquash(product.path, join(directory, 'ours')));
      expect([...ours.keys()]).toEqual(['', 'a', 'b']);
    });
  });

  it('an image built by buildah, with the differences that the default policy makes, by name', async () => {
    await inScratch(async (directory) => {
      const layout = join(directory, 'layout');
      await buildWithBuildah(directory, layout);
      const layers = layersOf(layout);
      const exact = await convert(layers, directory);
      const theirs = snapshot(await umociUnpack(layout, join(directory, 'bundle')), { owners: isRoot });
      const ours = snapshot(await unsquash(exact.product.path, join(directory, 'ours')), { owners: isRoot });
      expect(differences(ours, theirs)).toEqual([]);

      mkdirSync(join(directory, 'second'));
      const { product, policyNotes } = await convert(layers, join(directory, 'second'), {
        policy: DEFAULT_ROOTFS_POLICY,
      });
      const changed = snapshot(await unsquash(product.path, join(directory, 'changed')), { owners: isRoot });
      const byName = differences(changed, ours).map((line) => line.split(':', 1)[0]);
      expect(byName).toEqual(['"data/owned"', '"data/secret"']);
      expect(policyNotes).toEqual([
        'owner set to root: 1 ("data/owned")',
        'made readable for users: 1 ("data/secret")',
      ]);
    });
  });
});

/** Three layers by another tool: files, a removal, a hard link and a symbolic link. */
async function buildWithBuildah(directory: string, layout: string): Promise<void> {
  const buildah = await buildahIn(directory);
  const context = join(directory, 'context');
  mkdirSync(context);
  for (const name of ['one', 'two', 'secret', 'owned'])
    writeFileSync(join(context, name), `content of ${name}`);
  let from = 'scratch';
  for (const [step, commands] of [
    [
      ['copy', 'one', '/data/one'],
      ['copy', '--chmod', '600', 'secret', '/data/secret'],
    ],
    [
      ['copy', 'two', '/data/two'],
      ['copy', '--chown', '12:34', 'owned', '/data/owned'],
    ],
  ].entries()) {
    const container = await buildah('from', from);
    for (const [verb, ...rest] of commands)
      await buildah(verb!, ...rest.slice(0, -2), container, join(context, rest.at(-2)!), rest.at(-1)!);
    from = `localhost/step${String(step)}`;
    await buildah('commit', '--quiet', container, from);
  }
  await buildah('push', '--quiet', from, `oci:${layout}:t`);
}

it('has the policy that keeps everything under test', () => {
  expect(Object.values(KEEP_ALL)).not.toContain('drop');
});
