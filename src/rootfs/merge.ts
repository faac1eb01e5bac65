/**
 * Applies layers to a tree, oldest first, by the rules of the OCI image specification (layer.md) and, where it is
 * silent, as extraction with umoci and containerd comes out.
 */
import type { EntryTable } from './entry-table.js';
import { Pacer } from './pacer.js';
import { aboutLayer, type LayerIndex } from './layer.js';
import { siteLimit, type RootfsLimits } from './settings.js';
import { bad, show, type EntryType } from './tar-entry.js';
import { componentsOf, directoryAt } from './resolve.js';
import { Tree, type NodeId } from './tree.js';
import { applyWhiteouts, isBookkeeping, isOverlayWhiteout, isWhiteout, OVERLAY_MARKS, type Whiteout } from './whiteouts.js';

/** Longest target of a symbolic link that a path call takes (PATH_MAX less its final NUL). */
const MAX_TARGET = 4095;

/**
 * @throws GatewayError BAD_LAYER naming the layer and the entry.
 */
export async function mergeLayers(
  indexes: readonly LayerIndex[],
  limits: RootfsLimits,
  signal?: AbortSignal,
): Promise<Tree> {
  const tree = new Tree();
  const pacer = new Pacer(signal);
  let bytes = 0;
  let entries = 0;
  for (const [number, index] of indexes.entries()) {
    try {
      bytes += index.bytes;
      entries += index.entries.length;
      if (bytes > limits.imageBytes)
        throw bad(
          `with it the image has more than ${String(limits.imageBytes)} bytes uncompressed, ${siteLimit('imageSize')}`,
        );
      if (entries > limits.entries)
        throw bad(`with it the image has more than ${String(limits.entries)} entries, ${siteLimit('entries')}`);
      await new LayerMerge(tree, index.entries, number, limits).apply(pacer);
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
  }
  await tree.sort(pacer);
  return tree;
}

/** One entry of the layer that is being applied. */
interface Addition {
  readonly index: number;
  readonly type: EntryType;
  /** Names as the layer has them. */
  readonly name: string;
  readonly linkName: string;
  readonly components: readonly string[];
}

/** One layer on its way into the tree. */
class LayerMerge {
  readonly #tree: Tree;
  readonly #entries: EntryTable;
  readonly #layer: number;
  readonly #limits: RootfsLimits;
  /** Hard links whose target has not come yet, by their own path. */
  readonly #waiting = new Map<string, Addition>();
  /** Paths of this layer that are whiteouts of overlayfs: whoever links to one is another. */
  readonly #overlayWhiteouts = new Set<string>();
  /** What hard links of this layer name, and its whiteouts remove; by their index. */
  readonly #removedTargets = new Map<number, NodeId>();

  constructor(tree: Tree, entries: EntryTable, layer: number, limits: RootfsLimits) {
    this.#tree = tree;
    tree.addLayer(layer, entries);
    this.#entries = entries;
    this.#layer = layer;
    this.#limits = limits;
  }

  async apply(pacer: Pacer): Promise<void> {
    // Whiteouts are about lower layers only, wherever they stand in their own: so they come first.
    const hidden = new Set(this.#entries.whiteouts);
    if (hidden.size > 0) {
      const targets = await this.#presentTargets(pacer);
      await this.#applyWhiteouts(pacer);
      for (const [index, target] of targets) {
        const addition = this.#addition(index);
        if (this.#find(addition) === undefined) this.#removedTargets.set(index, target);
        if (this.#isDue(addition.name, pacer)) await pacer.rest();
      }
    }
    for (let index = 0; index < this.#entries.length; index++) {
      if (hidden.has(index)) continue;
      const addition = this.#addition(index);
      this.#add(addition);
      if (this.#isDue(addition.name, pacer)) await pacer.rest();
    }
    await this.#addWaiting(pacer);
  }

  /** Behind each entry: what all of them cost is bounded. True when the event loop should have its turn. */
  #isDue(name: string, pacer: Pacer): boolean {
    const { pathSteps } = this.#limits;
    if (this.#tree.steps > pathSteps)
      throw bad(
        `at ${show(name)} more than ${String(pathSteps)} components of paths and of symbolic links have been looked up, ${siteLimit('pathSteps')}`,
      );
    return pacer.isDue();
  }

  #addition(index: number): Addition {
    const name = this.#entries.name(index);
    const components = componentsOf(name, this.#limits.depth);
    return {
      index,
      type: this.#entries.type(index),
      name,
      linkName: this.#entries.linkName(index),
      components,
    };
  }

  /** What hard links name in the layers below; by their index. */
  async #presentTargets(pacer: Pacer): Promise<Map<number, NodeId>> {
    const targets = new Map<number, NodeId>();
    for (let index = 0; index < this.#entries.length; index++) {
      if (this.#entries.type(index) !== 'hardlink') continue;
      const addition = this.#addition(index);
      const target = this.#find(addition);
      if (target !== undefined) targets.set(index, target);
      if (this.#isDue(addition.name, pacer)) await pacer.rest();
    }
    return targets;
  }

  async #applyWhiteouts(pacer: Pacer): Promise<void> {
    const whiteouts: Whiteout[] = [];
    for (const index of this.#entries.whiteouts) {
      const { name, components } = this.#addition(index);
      // By their names, before the type is looked at: real layers hold whiteouts that are hard links.
      if (isBookkeeping(components)) continue;
      if (!isWhiteout(components)) throw bad(`${show(name)} lies below a name that is kept for whiteouts`);
      whiteouts.push({ written: name, components });
    }
    await applyWhiteouts(
      this.#tree,
      whiteouts,
      () => this.#directories(),
      { isDue: (written) => this.#isDue(written, pacer), rest: () => pacer.rest() },
    );
  }

  #directories(): Set<string> {
    const paths = new Set<string>();
    for (let index = 0; index < this.#entries.length; index++) {
      if (this.#entries.type(index) === 'directory') paths.add(this.#addition(index).components.join('/'));
    }
    return paths;
  }

  #add(addition: Addition): void {
    const { components, type } = addition;
    const name = components.at(-1);
    if (name === undefined) return this.#setRoot(addition);
    if (this.#isOverlayWhiteout(addition)) return this.#leaveOut(addition);
    if (this.#overlayWhiteouts.size > 0) this.#overlayWhiteouts.delete(components.join('/'));
    // A later entry of the same path wins over a link that is still waiting.
    if (this.#waiting.size > 0) this.#waiting.delete(components.join('/'));
    if (type === 'hardlink') {
      const target = this.#find(addition);
      if (target === undefined) this.#waiting.set(components.join('/'), addition);
      else this.#link(addition, target);
      return;
    }
    if (type === 'symlink') checkTarget(addition);
    const parent = this.#parentOf(addition);
    const present = this.#tree.child(parent, name);
    if (type === 'directory' && present !== undefined && this.#tree.isDirectory(present))
      return this.#tree.describe(present, this.#layer, addition.index);
    if (type !== 'directory') this.#refuseOwnSubtree(addition, present);
    this.#tree.add(parent, name, this.#layer, addition.index);
  }

  /** Links whose target stands behind them, also through other such links; then those to what this layer has removed. */
  async #addWaiting(pacer: Pacer): Promise<void> {
    // To and fro: a chain of links, each of which names the next one, is at its end after two passes.
    let isForth = true;
    for (let before = -1; this.#waiting.size !== before; isForth = !isForth) {
      before = this.#waiting.size;
      const inTurn = [...this.#waiting];
      for (const [path, addition] of isForth ? inTurn : inTurn.reverse()) {
        if (this.#isDue(addition.name, pacer)) await pacer.rest();
        const isLeftOut = this.#isOverlayWhiteout(addition);
        const target = isLeftOut ? undefined : this.#find(addition);
        if (!isLeftOut && target === undefined) continue;
        this.#waiting.delete(path);
        if (target === undefined) this.#leaveOut(addition);
        else this.#link(addition, target);
      }
    }
    for (const addition of this.#waiting.values()) {
      // One of these links may have come just now, and be what the next one names.
      const target = this.#find(addition) ?? this.#removedTargets.get(addition.index);
      if (target === undefined) {
        throw bad(`${show(addition.name)} is a hard link to ${show(addition.linkName)}, which is not there`);
      }
      this.#link(addition, target);
      if (this.#isDue(addition.name, pacer)) await pacer.rest();
    }
  }

  #isOverlayWhiteout(addition: Addition): boolean {
    const { index, type } = addition;
    if (type !== 'hardlink') return isOverlayWhiteout(this.#entries, index);
    // The kernel makes all whiteouts of a layer one device with many names.
    return this.#overlayWhiteouts.size > 0 && this.#overlayWhiteouts.has(this.#target(addition).join('/'));
  }

  #leaveOut({ components }: Addition): void {
    const path = components.join('/');
    this.#overlayWhiteouts.add(path);
    this.#tree.tally.note(OVERLAY_MARKS, () => path);
  }

  #link(addition: Addition, target: NodeId): void {
    const { name, linkName, components } = addition;
    if (this.#tree.isDirectory(target))
      throw bad(`${show(name)} is a hard link to the directory ${show(linkName)}`);
    const parent = this.#parentOf(addition);
    const own = components.at(-1) ?? '';
    const present = this.#tree.child(parent, own);
    if (present === target) throw bad(`${show(name)} is a hard link to itself`);
    this.#refuseOwnSubtree(addition, present);
    this.#tree.addLink(parent, own, target, this.#layer);
  }

  /** The root itself (CVE-2021-29136: a link in its place). */
  #setRoot(addition: Addition): void {
    if (addition.type !== 'directory') throw bad(`the root of the image is a ${addition.type}`);
    this.#tree.describe(this.#tree.root, this.#layer, addition.index);
  }

  /** The object that a hard link's target names at this moment. */
  #find(addition: Addition): NodeId | undefined {
    const components = this.#target(addition);
    const last = components.pop();
    if (last === undefined) throw bad(`${show(addition.name)} is a hard link to the root`);
    const directory = directoryAt(this.#tree, components);
    return directory === undefined ? undefined : this.#tree.child(directory, last);
  }

  /** What a hard link names. */
  #target({ name, linkName }: Addition): string[] {
    return componentsOf(
      linkName,
      this.#limits.depth,
      () => `${show(name)} is a hard link to ${show(linkName)}, which`,
    );
  }

  #parentOf({ name, components }: Addition): NodeId {
    const parent = directoryAt(this.#tree, components.slice(0, -1), {
      layer: this.#layer,
      entry: name,
      name: components.at(-1) ?? '',
      maxDepth: this.#limits.depth,
    });
    if (parent === undefined) throw bad(`${show(name)} lies below something that is no directory`);
    return parent;
  }

  /** A file over a directory hides what is below; but not what this very layer has put there. */
  #refuseOwnSubtree({ name, type }: Addition, present: NodeId | undefined): void {
    if (present === undefined || !this.#tree.isTouchedBy(present, this.#layer)) return;
    if (holdsOf(this.#tree, present, this.#layer))
      throw bad(`${show(name)} is a ${type}, and the same layer has entries below it`);
  }
}

function checkTarget({ name, linkName }: Addition): void {
  // Packers take both, and make images that can't be read or links that can't be followed.
  if (linkName === '') throw bad(`${show(name)} is a symbolic link to nothing`);
  if (linkName.length > MAX_TARGET)
    throw bad(`${show(name)} is a link to a name of ${String(linkName.length)} bytes`);
}

/** True when something below the directory was put there by this layer: one of its children shows that. */
function holdsOf(tree: Tree, directory: NodeId, layer: number): boolean {
  for (const child of tree.children(directory)) if (tree.isTouchedBy(child, layer)) return true;
  return false;
}
