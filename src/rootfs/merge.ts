/**
 * Applies layers to a tree, oldest first, by the rules of the OCI image specification (layer.md) and, where it is
 * silent, as extraction with umoci and containerd comes out.
 */
import type { GatewayError } from '../lib/errors.js';
import { aboutLayer, type LayerEntry, type LayerIndex } from './scan-layer.js';
import type { RootfsLimits } from './settings.js';
import { bad, show } from './tar-entry.js';
import { componentsOf, directoryAt, inodeOf, newRoot, type InodeType, type TreeNode } from './tree.js';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh.opq';
const BOOKKEEPING = '.wh..wh.';

interface Whiteout {
  readonly parent: readonly string[];
  readonly name: string;
  readonly path: string;
}

/**
 * @throws GatewayError BAD_LAYER naming the layer and the entry.
 */
export function mergeLayers(indexes: readonly LayerIndex[], limits: RootfsLimits): TreeNode {
  const root = newRoot();
  let bytes = 0;
  indexes.forEach((index, number) => {
    try {
      bytes += index.bytes;
      if (bytes > limits.imageBytes) throw bad(`the image has more than ${String(limits.imageBytes)} bytes uncompressed`);
      applyLayer(root, index.entries, number, limits);
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
  });
  return root;
}

function applyLayer(root: TreeNode, entries: readonly LayerEntry[], layer: number, limits: RootfsLimits): void {
  const additions: { readonly entry: LayerEntry; readonly components: readonly string[] }[] = [];
  const whiteouts: Whiteout[] = [];
  for (const entry of entries) {
    const components = componentsOf(entry.name, limits.depth);
    const name = components.at(-1);
    // Before the type is looked at: real layers hold whiteouts that are hard links.
    if (name?.startsWith(WHITEOUT) === true) whiteouts.push({ parent: components.slice(0, -1), name, path: entry.name });
    else additions.push({ entry, components });
  }
  // Whiteouts are about lower layers only, wherever they stand in their own: so they come first.
  for (const whiteout of whiteouts) applyWhiteout(root, whiteout);

  const later: typeof additions = [];
  for (const addition of additions) if (!add(root, addition.entry, addition.components, layer, limits, false)) later.push(addition);
  // Hard links whose target stands behind them in the same layer.
  for (const { entry, components } of later) {
    if (!add(root, entry, components, layer, limits, true)) throw bad(`${show(entry.name)} is a hard link to ${show(entry.linkName)}, which is not there`);
  }
}

function applyWhiteout(root: TreeNode, { parent, name, path }: Whiteout): void {
  const directory = directoryAt(root, parent);
  if (name === OPAQUE) return directory?.children?.clear();
  if (name.startsWith(BOOKKEEPING)) return;
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw bad(`${show(path)} is a whiteout of nothing`);
  directory?.children?.delete(hidden);
}

/** Adds one entry. False when it is a hard link whose target is not there (yet). */
function add(
  root: TreeNode,
  entry: LayerEntry,
  components: readonly string[],
  layer: number,
  limits: RootfsLimits,
  isLast: boolean,
): boolean {
  const name = components.at(-1);
  if (name === undefined) {
    // The root itself (CVE-2021-29136: a link in its place).
    if (entry.type !== 'directory') throw bad(`the root of the image is a ${entry.type}`);
    root.inode = inodeOf(entry, 'directory', layer);
    return true;
  }
  if (entry.type === 'symlink' && entry.linkName === '') throw bad(`${show(entry.name)} is a symbolic link to nothing`);
  if (entry.linkName.length > 4095) throw bad(`${show(entry.name)} is a link to a name of ${String(entry.linkName.length)} bytes`);
  const target = entry.type === 'hardlink' ? linkTarget(root, entry, limits) : undefined;
  if (entry.type === 'hardlink' && target === undefined) {
    if (isLast) throw missingTarget(entry);
    return false;
  }
  const parent = directoryAt(root, components.slice(0, -1), { layer });
  const siblings = parent?.children;
  if (siblings === undefined) throw bad(`${show(entry.name)} lies below something that is no directory`);
  const present = siblings.get(name);
  if (entry.type === 'directory') {
    const inode = inodeOf(entry, 'directory', layer);
    if (present?.children !== undefined) {
      present.inode = inode;
      present.touchedBy = layer;
    } else {
      siblings.set(name, { inode, children: new Map(), touchedBy: layer });
    }
    return true;
  }
  if (present?.children !== undefined && present.touchedBy === layer && present.children.size > 0 && holdsOf(present, layer)) {
    throw bad(`${show(entry.name)} is a ${entry.type}, and the same layer has entries below it`);
  }
  if (target !== undefined) {
    if (target === present) return true;
    siblings.set(name, { inode: target.inode, touchedBy: layer });
    return true;
  }
  siblings.set(name, { inode: inodeOf(entry, entry.type as InodeType, layer), touchedBy: layer });
  return true;
}

/** What a hard link means: the object that its target names at this moment. */
function linkTarget(root: TreeNode, entry: LayerEntry, limits: RootfsLimits): TreeNode | undefined {
  const components = componentsOf(entry.linkName, limits.depth);
  const name = components.at(-1);
  if (name === undefined) throw bad(`${show(entry.name)} is a hard link to the root`);
  const found = directoryAt(root, components.slice(0, -1))?.children?.get(name);
  if (found?.children !== undefined) throw bad(`${show(entry.name)} is a hard link to the directory ${show(entry.linkName)}`);
  return found;
}

function missingTarget(entry: LayerEntry): GatewayError {
  return bad(`${show(entry.name)} is a hard link to ${show(entry.linkName)}, which is not there`);
}

/** True when something below the directory was put there by this layer. */
function holdsOf(directory: TreeNode, layer: number): boolean {
  for (const child of directory.children?.values() ?? []) {
    if (child.touchedBy === layer || (child.children !== undefined && holdsOf(child, layer))) return true;
  }
  return false;
}
