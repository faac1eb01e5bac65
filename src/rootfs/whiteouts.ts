/**
 * Whiteouts (image-spec, layer.md): `.wh.NAME` removes NAME of lower layers, `.wh..wh..opq` empties its directory of
 * them. Other names that begin with `.wh..wh.` are AUFS's own bookkeeping, and mean nothing.
 */
import type { EntryTable } from './entry-table.js';
import { bad, show } from './tar-entry.js';
import { directoryAt } from './resolve.js';
import type { Tree } from './tree.js';

const WHITEOUT = '.wh.';
const BOOKKEEPING = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/** The rule for what overlayfs has in its own layers: a device 0:0 where something is removed, and attributes. */
export const OVERLAY_MARKS = 'whiteouts and marks of overlayfs, which mean nothing in an image, dropped';

export interface Whiteout {
  /** As the layer has it. */
  readonly written: string;
  readonly components: readonly string[];
}

/** What comes between two whiteouts. */
export interface Pace {
  /** True when others should have their turn. @throws GatewayError when it has cost too much. */
  readonly isDue: (written: string) => boolean;
  readonly rest: () => Promise<void>;
}

export function isWhiteout(components: readonly string[]): boolean {
  return components.at(-1)?.startsWith(WHITEOUT) ?? false;
}

/** What overlayfs has in place of a whiteout. In an image it is neither one nor a device. */
export function isOverlayWhiteout(entries: EntryTable, index: number): boolean {
  return entries.type(index) === 'char' && entries.deviceMajor(index) === 0 && entries.deviceMinor(index) === 0;
}

/** AUFS's directories and what lies in them (`.wh..wh.plnk/12.34`); not the mark of an opaque directory. */
export function isBookkeeping(components: readonly string[]): boolean {
  return components.some(
    (name, i) => name.startsWith(BOOKKEEPING) && !(name === OPAQUE && i === components.length - 1),
  );
}

/**
 * Removes from the tree of the lower layers what one layer's whiteouts name.
 *
 * @param directoriesOf paths of the layer's directories, asked for only when a whiteout leads through a symbolic link
 * @throws GatewayError BAD_LAYER for a whiteout of nothing.
 */
export async function applyWhiteouts(
  tree: Tree,
  whiteouts: readonly Whiteout[],
  directoriesOf: () => ReadonlySet<string>,
  pace: Pace,
): Promise<void> {
  let directories: ReadonlySet<string> | undefined;
  // A link that this layer replaces by a directory is not followed: below the new directory there is nothing to hide.
  const isReplaced = (path: string): boolean => (directories ??= directoriesOf()).has(path);
  for (const { written, components } of whiteouts) {
    if (pace.isDue(written)) await pace.rest();
    const name = components.at(-1) ?? '';
    const hidden = name.slice(WHITEOUT.length);
    if (hidden === '' || hidden === '.' || hidden === '..')
      throw bad(`${show(written)} is a whiteout of nothing`);
    const parent = components.slice(0, -1);
    if (leadsThroughReplacedLink(tree, parent, isReplaced)) continue;
    const directory = directoryAt(tree, parent);
    if (directory === undefined) continue;
    if (name === OPAQUE) tree.removeChildren(directory);
    else {
      const node = tree.child(directory, hidden);
      if (node !== undefined) tree.remove(node);
    }
  }
}

function leadsThroughReplacedLink(
  tree: Tree,
  parent: readonly string[],
  isReplaced: (path: string) => boolean,
): boolean {
  let node = tree.root;
  for (const [i, name] of parent.entries()) {
    const child = tree.child(node, name);
    if (child === undefined) return false;
    node = child;
    if (tree.inode(node).type === 'symlink') return isReplaced(parent.slice(0, i + 1).join('/'));
  }
  return false;
}
