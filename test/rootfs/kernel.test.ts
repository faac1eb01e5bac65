/**
 * The product, mounted by the kernel, against the same layers as the kernel's overlayfs shows them. Random layers of all
 * that overlayfs can say, from a seed that stays and from a new one; `IMAGEGW_TEST_SEED=<seed>` begins elsewhere. Needs root,
 * and a kernel that lets us mount.
 */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { canMountKind, mountAt, unmount } from '../support/mounts.js';
import { diceOf, seedsOf, type Dice } from '../support/dice.js';
import { differences, inScratch, snapshot, withXattrs, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';
import { attributes, owners, randomDevice } from './random-layers.js';

const CASES = 20;
const NAMES = ['a', 'b', 'c', 'd\xff'];

/** One layer twice: as an image has it, and as overlayfs has it. */
interface RandomLayer {
  readonly image: readonly TarItem[];
  readonly overlay: readonly TarItem[];
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function randomLayer(dice: Dice, layer: number): RandomLayer {
  const path = (): string => Array.from({ length: 1 + dice(3) }, () => NAMES[dice(NAMES.length)]!).join('/');
  const entries = new Map<string, TarItem>();
  const whiteouts = new Set<string>();
  const opaque = new Set<string>();
  const directory = (name: string): void => {
    if (name === '') return;
    directory(parentOf(name));
    if (entries.get(name)?.type !== 'directory')
      entries.set(name, {
        name,
        type: 'directory',
        mode: 0o700 + dice(64),
        ...owners(dice),
        ...attributes(dice),
      });
  };
  const isBelow = (name: string): boolean =>
    [...entries.keys(), ...whiteouts, ...opaque].some((other) => other.startsWith(`${name}/`)) ||
    opaque.has(name);
  for (let i = 1 + dice(8); i > 0; i--) {
    const name = path();
    directory(parentOf(name));
    const kind = dice(9);
    if (kind === 0) whiteouts.add(name);
    else if (kind === 1) {
      directory(name);
      opaque.add(name);
    } else if (kind === 2 || isBelow(name)) directory(name);
    else if (kind === 3) entries.set(name, { name, type: 'symlink', link: path(), ...owners(dice) });
    else if (kind === 4) entries.set(name, { name, type: 'fifo', mode: 0o600 + dice(64), ...owners(dice) });
    else if (kind === 5) entries.set(name, { name, ...randomDevice(dice), ...owners(dice) });
    else
      entries.set(name, {
        name,
        body: `layer ${String(layer)} ${String(dice(1000))}`.repeat(1 + dice(4)),
        mode: 0o600 + dice(64) + 0o1000 * dice(8),
        ...owners(dice),
        ...attributes(dice),
      });
  }
  const ordered = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = ordered.filter(({ type }) => type !== 'directory');
  const links = files
    .slice(1)
    .flatMap((file): TarItem[] =>
      dice(3) === 0
        ? [
            {
              name: `l${file.name.replaceAll('/', '-')}`,
              type: 'hardlink',
              link: files[dice(files.length)]!.name,
            },
          ]
        : [],
    );
  const marks = [
    ...[...whiteouts].map((name) => ({
      name: `${name.slice(0, name.lastIndexOf('/') + 1)}.wh.${name.slice(name.lastIndexOf('/') + 1)}`,
    })),
    ...[...opaque].map((name) => ({ name: `${name}/.wh..wh..opq` })),
  ];
  const image: TarItem[] = [...ordered, ...links];
  // Marks count for the layers below, wherever they stand.
  for (const mark of marks) image.splice(dice(image.length + 1), 0, mark);
  const overlay = [
    ...ordered.map((item) =>
      item.type === 'directory' && (opaque.has(item.name) || whiteouts.has(item.name))
        ? { ...item, pax: { ...item.pax, 'SCHILY.xattr.trusted.overlay.opaque': 'y' } }
        : item,
    ),
    ...links,
    ...[...whiteouts]
      .filter((name) => !entries.has(name))
      .map((name): TarItem => ({ name, type: 'char', major: 0, minor: 0 })),
    // tar gives a directory its time when it leaves it.
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { image, overlay };
}

/** A link whose other names have gone counts as no link: overlayfs keeps the count of the layer. */
function withoutLoneLinks(tree: ReadonlyMap<string, string>): Map<string, string> {
  const firsts = [...tree.values()]
    .map((what) => / = (.*)$/s.exec(what)?.[1])
    .filter((first) => first !== undefined);
  return new Map(
    [...tree].map(([path, what]) => [
      path,
      firsts.filter((first) => first === path).length === 1 ? what.replace(/ = .*$/s, '') : what,
    ]),
  );
}

const able = (await canMountKind('overlay')) && (await canMountKind('squashfs'));

(able ? it : it.skip).each(seedsOf(1))(
  'mounted, it shows what overlayfs shows of the layers, from seed %i (needs mount)',
  async (from) => {
    for (let seed = from; seed < from + CASES; seed++) {
      const dice = diceOf(seed);
      const layers = Array.from({ length: 2 + dice(3) }, (_, layer) => randomLayer(dice, layer));
      await inScratch(async (directory) => {
        const blobs = layers.map(({ image }) => writeLayer(directory, tarOf(...image), 'none'));
        const { product } = await convert(blobs, directory);
        const lower = layers.map(({ overlay }, at) => {
          const path = join(directory, `layer${String(at)}`);
          mkdirSync(path, { mode: 0o755 });
          execFileSync(
            'tar',
            [
              '-x',
              '-p',
              '--numeric-owner',
              '--xattrs',
              '--xattrs-include=trusted.*',
              '--xattrs-include=user.*',
              '-C',
              path,
            ],
            { input: tarOf(...overlay) },
          );
          return path;
        });
        const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
        await mountAt(ours, 'squashfs', product.path, 'loop,ro');
        try {
          await mountAt(theirs, 'overlay', 'overlay', `lowerdir=${lower.reverse().join(':')}`);
          try {
            const seen = (root: string): Map<string, string> =>
              withXattrs(withoutLoneLinks(snapshot(root, { owners: true, skipsMissing: true })), root);
            const different = differences(seen(ours), seen(theirs));
            expect({ seed, layers, different }).toEqual({ seed, layers, different: [] });
          } finally {
            await unmount(theirs);
          }
        } finally {
          await unmount(ours);
        }
      });
    }
  },
);
