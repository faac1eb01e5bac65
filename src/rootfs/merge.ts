/**
 * Applies layers to a tree, oldest first, by the rules of the OCI image specification (layer.md) and, where it is
 * silent, as extraction with umoci and containerd comes out.
 */
import { aboutLayer, type LayerEntry, type LayerIndex } from './scan-layer.js';
import type { RootfsLimits } from './settings.js';
import { bad, show } from './tar-entry.js';
import { componentsOf, directoryAt, inodeOf, newRoot, type TreeNode } from './tree.js';
import { applyWhiteouts, isBookkeeping, isWhiteout, type Whiteout } from './whiteouts.js';

/** Longest target of a symbolic link that a path call takes (PATH_MAX less its final NUL). */
const MAX_TARGET = 4095;

/**
 * @throws GatewayError BAD_LAYER naming the layer and the entry.
 */
export function mergeLayers(indexes: readonly LayerIndex[], limits: RootfsLimits): TreeNode {
  const root = newRoot();
  let bytes = 0;
  let entries = 0;
  indexes.forEach((index, number) => {
    try {
      bytes += index.bytes;
      entries += index.entries.length;
      if (bytes > limits.imageBytes)
        throw bad(`with it the image has more than ${String(limits.imageBytes)} bytes uncompressed`);
      if (entries > limits.entries)
        throw bad(`with it the image has more than ${String(limits.entries)} entries`);
      new LayerMerge(root, number, limits).apply(index.entries);
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
  });
  return root;
}

interface Addition {
  readonly entry: LayerEntry;
  readonly components: readonly string[];
}

/** One layer on its way into the tree. */
class LayerMerge {
  readonly #root: TreeNode;
  readonly #layer: number;
  readonly #limits: RootfsLimits;
  /** Hard links whose target has not come yet, by their own path. */
  readonly #waiting = new Map<string, Addition>();
  /** What hard links of this layer name in the layers below, before this one's whiteouts. */
  readonly #belowTargets = new Map<LayerEntry, TreeNode>();

  constructor(root: TreeNode, layer: number, limits: RootfsLimits) {
    this.#root = root;
    this.#layer = layer;
    this.#limits = limits;
  }

  apply(entries: readonly LayerEntry[]): void {
    const additions: Addition[] = [];
    const whiteouts: Whiteout[] = [];
    for (const entry of entries) {
      const components = componentsOf(entry.name, this.#limits.depth);
      // By their names, before the type is looked at: real layers hold whiteouts that are hard links.
      if (isBookkeeping(components)) continue;
      if (isWhiteout(components)) whiteouts.push({ entry, components });
      else additions.push({ entry, components });
    }
    for (const { entry } of additions) {
      const target = entry.type === 'hardlink' ? this.#find(entry) : undefined;
      if (target !== undefined) this.#belowTargets.set(entry, target);
    }
    // Whiteouts are about lower layers only, wherever they stand in their own: so they come first.
    applyWhiteouts(this.#root, whiteouts, () => additions);
    for (const addition of additions) this.#add(addition);
    this.#addWaiting();
  }

  #add(addition: Addition): void {
    const { entry, components } = addition;
    const name = components.at(-1);
    if (name === undefined) return this.#setRoot(entry);
    // A later entry of the same path wins over a link that is still waiting.
    if (this.#waiting.size > 0) this.#waiting.delete(components.join('/'));
    if (entry.type === 'hardlink') {
      const target = this.#find(entry);
      if (target === undefined) this.#waiting.set(components.join('/'), addition);
      else this.#link(addition, name, target);
      return;
    }
    if (entry.type === 'symlink') checkTarget(entry);
    const siblings = this.#siblings(addition);
    const present = siblings.get(name);
    if (entry.type !== 'directory') {
      this.#refuseOwnSubtree(entry, present);
      siblings.set(name, {
        inode: inodeOf(entry, entry.type, this.#layer),
        touchedBy: this.#layer,
      });
    } else if (present?.children !== undefined) {
      present.inode = inodeOf(entry, 'directory', this.#layer);
      present.touchedBy = this.#layer;
    } else {
      siblings.set(name, {
        inode: inodeOf(entry, 'directory', this.#layer),
        children: new Map(),
        touchedBy: this.#layer,
      });
    }
  }

  /** Links whose target stands behind them, also through other such links; then those to what this layer has removed. */
  #addWaiting(): void {
    for (let before = -1; this.#waiting.size !== before;) {
      before = this.#waiting.size;
      for (const [path, addition] of this.#waiting) {
        const target = this.#find(addition.entry);
        if (target === undefined) continue;
        this.#waiting.delete(path);
        this.#link(addition, addition.components.at(-1) ?? '', target);
      }
    }
    for (const addition of this.#waiting.values()) {
      const { entry } = addition;
      const target = this.#belowTargets.get(entry);
      if (target === undefined)
        throw bad(`${show(entry.name)} is a hard link to ${show(entry.linkName)}, which is not there`);
      this.#link(addition, addition.components.at(-1) ?? '', target);
    }
  }

  #link(addition: Addition, name: string, target: TreeNode): void {
    const { entry } = addition;
    if (target.children !== undefined)
      throw bad(`${show(entry.name)} is a hard link to the directory ${show(entry.linkName)}`);
    const siblings = this.#siblings(addition);
    const present = siblings.get(name);
    if (present === target) throw bad(`${show(entry.name)} is a hard link to itself`);
    this.#refuseOwnSubtree(entry, present);
    siblings.set(name, { inode: target.inode, touchedBy: this.#layer });
  }

  /** The root itself (CVE-2021-29136: a link in its place). */
  #setRoot(entry: LayerEntry): void {
    if (entry.type !== 'directory') throw bad(`the root of the image is a ${entry.type}`);
    this.#root.inode = inodeOf(entry, 'directory', this.#layer);
  }

  /** The object that a hard link's target names at this moment. */
  #find(entry: LayerEntry): TreeNode | undefined {
    const components = componentsOf(entry.linkName, this.#limits.depth);
    const name = components.at(-1);
    if (name === undefined) throw bad(`${show(entry.name)} is a hard link to the root`);
    return directoryAt(this.#root, components.slice(0, -1))?.children?.get(name);
  }

  #siblings({ entry, components }: Addition): Map<string, TreeNode> {
    const parent = directoryAt(this.#root, components.slice(0, -1), { layer: this.#layer });
    if (parent?.children === undefined)
      throw bad(`${show(entry.name)} lies below something that is no directory`);
    return parent.children;
  }

  /** A file over a directory hides what is below; but not what this very layer has put there. */
  #refuseOwnSubtree(entry: LayerEntry, present: TreeNode | undefined): void {
    if (present?.children === undefined || present.touchedBy !== this.#layer) return;
    if (holdsOf(present, this.#layer))
      throw bad(`${show(entry.name)} is a ${entry.type}, and the same layer has entries below it`);
  }
}

function checkTarget(entry: LayerEntry): void {
  // Packers take both, and make images that can't be read or links that can't be followed.
  if (entry.linkName === '') throw bad(`${show(entry.name)} is a symbolic link to nothing`);
  if (entry.linkName.length > MAX_TARGET)
    throw bad(`${show(entry.name)} is a link to a name of ${String(entry.linkName.length)} bytes`);
}

/** True when something below the directory was put there by this layer. */
function holdsOf(directory: TreeNode, layer: number): boolean {
  for (const child of directory.children?.values() ?? []) {
    if (child.touchedBy === layer || (child.children !== undefined && holdsOf(child, layer))) return true;
  }
  return false;
}
