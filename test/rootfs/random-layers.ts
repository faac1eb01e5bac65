/** Random layers of all that an image can hold: every type of entry, whiteouts, links, collisions of names. */
import type { Dice } from '../support/dice.js';
import type { TarItem } from '../support/tar.js';

const NAMES = ['a', 'b', 'c', 'd\xff'];
const TARGETS = ['a', 'b', '../b', '/a', './c/..', 'a/b', '../../c', 'nowhere'];

/** Links that are not resolved in order are beyond what umoci 0.4.7 does by the specification. */
export function randomLayers(dice: Dice, forUmoci: boolean): TarItem[][] {
  /** What hard links can lead to. */
  const linkable: string[] = [];
  return Array.from({ length: 1 + dice(4) }, (_, layer) => {
    const items = Array.from({ length: 1 + dice(8) }, () => {
      const item = randomItem(dice, layer, linkable);
      if (item.type !== 'directory' && !item.name.includes('.wh.')) linkable.push(item.name);
      return item;
    });
    if (!forUmoci) return items;
    // umoci applies whiteouts where they stand.
    const isWhiteout = ({ name }: TarItem): boolean => name.includes('.wh.');
    return [...items.filter(isWhiteout), ...items.filter((item) => !isWhiteout(item))];
  });
}

function randomItem(dice: Dice, layer: number, linkable: readonly string[]): TarItem {
  const path = (): string => Array.from({ length: 1 + dice(3) }, () => NAMES[dice(NAMES.length)]!).join('/');
  const name = `${dice(4) === 0 ? './' : ''}${path()}`;
  const parent = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
  switch (dice(12)) {
    case 0:
    case 1:
      return {
        name: `${name}/`,
        type: 'directory',
        mode: 0o700 + dice(64) + 0o1000 * dice(2),
        ...owners(dice),
        ...attributes(dice),
      };
    case 2:
      return { name, type: 'symlink', link: TARGETS[dice(TARGETS.length)]!, ...owners(dice) };
    case 3:
      return {
        name,
        type: 'hardlink',
        link: dice(4) === 0 ? path() : (linkable[dice(linkable.length || 1)] ?? path()),
      };
    case 4:
      return { name: `${parent}.wh.${NAMES[dice(NAMES.length)]!}` };
    case 5:
      return { name: `${parent}.wh..wh..opq` };
    case 6:
      return { name, type: 'fifo', mode: 0o600 + dice(64), ...owners(dice) };
    case 7:
      return { name, ...randomDevice(dice), ...owners(dice) };
  }
  return {
    name,
    body: `layer ${String(layer)} ${String(dice(1000))}`.repeat(1 + dice(3)),
    mode: 0o600 + dice(64) + 0o1000 * dice(8),
    ...owners(dice),
    ...attributes(dice),
  };
}

/** Never 0:0, which is no device of an image. */
export function randomDevice(dice: Dice): Pick<TarItem, 'type' | 'mode' | 'major' | 'minor'> {
  return {
    type: dice(2) === 0 ? 'char' : 'block',
    mode: 0o600 + dice(64),
    major: 1 + dice(300),
    minor: dice(70_000),
  };
}

export function owners(dice: Dice): Pick<TarItem, 'uid' | 'gid' | 'mtime'> {
  return { uid: dice(3) * 1000, gid: dice(3) * 70_000, mtime: 1_600_000_000 + dice(1000) };
}

/** Of the `user.` namespace, which files and directories alone can have. */
export function attributes(dice: Dice): Pick<TarItem, 'pax'> {
  if (dice(3) > 0) return {};
  return {
    pax: Object.fromEntries(
      Array.from({ length: 1 + dice(2) }, (_, i) => [
        `SCHILY.xattr.user.n${String(i)}`,
        `v\0\xff${String(dice(4))}`,
      ]),
    ),
  };
}
