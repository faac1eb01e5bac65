/**
 * The product, mounted by the kernel, against the same layers as the kernel's overlayfs shows them. Random layers of all
 * that overlayfs can say; `IMAGEGW_TEST_SEED=<seed>` begins elsewhere. Needs root, and a kernel that lets us mount.
 */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { canMountKind, mountAt, unmount } from '../support/mounts.js';
import { diceOf, type Dice } from '../support/dice.js';
import { differences, inScratch, snapshot, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';

const SEED = Number(process.env['IMAGEGW_TEST_SEED'] ?? 1);
const CASES = 40;
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
  const mtime = (): number => 1_600_000_000 + dice(1000);
  const directory = (name: string): void => {
    if (name === '') return;
    directory(parentOf(name));
    if (entries.get(name)?.type !== 'directory') entries.set(name, { name, type: 'directory', mode: 0o700 + dice(64), mtime: mtime() });
  };
  const isBelow = (name: string): boolean => [...entries.keys(), ...whiteouts, ...opaque].some((other) => other.startsWith(`${name}/`)) || opaque.has(name);
  for (let i = 1 + dice(8); i > 0; i--) {
    const name = path();
    directory(parentOf(name));
    const kind = dice(7);
    if (kind === 0) whiteouts.add(name);
    else if (kind === 1) {
      directory(name);
      opaque.add(name);
    } else if (kind === 2 || isBelow(name)) directory(name);
    else if (kind === 3) entries.set(name, { name, type: 'symlink', link: path(), mtime: mtime() });
    else entries.set(name, { name, body: `layer ${String(layer)} ${String(dice(1000))}`.repeat(1 + dice(4)), mode: 0o600 + dice(64), mtime: mtime() });
  }
  const ordered = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = ordered.filter(({ type }) => type === undefined);
  const links = files.slice(1).flatMap((file): TarItem[] => (dice(3) === 0 ? [{ name: `l${file.name.replaceAll('/', '-')}`, type: 'hardlink', link: files[0]!.name }] : []));
  const marks = [
    ...[...whiteouts].map((name) => ({ name: `${name.slice(0, name.lastIndexOf('/') + 1)}.wh.${name.slice(name.lastIndexOf('/') + 1)}` })),
    ...[...opaque].map((name) => ({ name: `${name}/.wh..wh..opq` })),
  ];
  const image: TarItem[] = [...ordered, ...links];
  // Marks count for the layers below, wherever they stand.
  for (const mark of marks) image.splice(dice(image.length + 1), 0, mark);
  const overlay = [
    ...ordered.map((item) =>
      item.type === 'directory' && (opaque.has(item.name) || whiteouts.has(item.name)) ? { ...item, pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } } : item,
    ),
    ...links,
    ...[...whiteouts].filter((name) => !entries.has(name)).map((name): TarItem => ({ name, type: 'char', major: 0, minor: 0 })),
    // tar gives a directory its time when it leaves it.
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { image, overlay };
}

/** A link whose other names have gone counts as no link: overlayfs keeps the count of the layer. */
function withoutLoneLinks(tree: ReadonlyMap<string, string>): Map<string, string> {
  const firsts = [...tree.values()].map((what) => / = (.*)$/s.exec(what)?.[1]).filter((first) => first !== undefined);
  return new Map([...tree].map(([path, what]) => [path, firsts.filter((first) => first === path).length === 1 ? what.replace(/ = .*$/s, '') : what]));
}

const able = (await canMountKind('overlay')) && (await canMountKind('squashfs'));

(able ? it : it.skip)(`mounted, it shows what overlayfs shows of the layers, from seed ${String(SEED)} (needs mount)`, async () => {
  for (let seed = SEED; seed < SEED + CASES; seed++) {
    const dice = diceOf(seed);
    const layers = Array.from({ length: 2 + dice(3) }, (_, layer) => randomLayer(dice, layer));
    await inScratch(async (directory) => {
      const blobs = layers.map(({ image }) => writeLayer(directory, tarOf(...image), 'none'));
      const { product } = await convert(blobs, directory);
      const lower = layers.map(({ overlay }, at) => {
        const path = join(directory, `layer${String(at)}`);
        mkdirSync(path, { mode: 0o755 });
        execFileSync('tar', ['-x', '-p', '--xattrs', '--xattrs-include=trusted.*', '-C', path], { input: tarOf(...overlay) });
        return path;
      });
      const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
      await mountAt(ours, 'squashfs', product.path, 'loop,ro');
      try {
        await mountAt(theirs, 'overlay', 'overlay', `lowerdir=${lower.reverse().join(':')}`);
        try {
          const different = differences(withoutLoneLinks(snapshot(ours)), withoutLoneLinks(snapshot(theirs, { skipsMissing: true })));
          expect({ seed, layers, different }).toEqual({ seed, layers, different: [] });
        } finally {
          await unmount(theirs);
        }
      } finally {
        await unmount(ours);
      }
    });
  }
});
