/**
 * The merged image in memory. Files are objects and paths are references to them: a hard link is a second path to the
 * same inode, and keeps its content when the first path is replaced. Paths are numbers, and what is known of them lies in
 * columns: an image of a million entries takes some 60 bytes for each.
 *
 * No name of a layer ever reaches the file system of the gateway: paths are resolved here, in this tree.
 */
import { Column, Texts } from './columns.js';
import type { EntryTable } from './entry-table.js';
import { Inodes, type Inode } from './inodes.js';
import { NameIndex } from './name-index.js';
import type { Pacer } from './pacer.js';
import { sortedList } from './sorted-list.js';
import { Tally } from './tally.js';

/** A path of the image, by its number. */
export type NodeId = number;

/** In the columns, where a node can be missing: the root is nobody's child and stands behind nobody. */
const NONE = 0;

export class Tree {
  readonly root: NodeId = 0;
  /** What has been left out of it, or changed. */
  readonly tally = new Tally();
  /** Components that have been looked up in it, those that symbolic links name among them: what its layers cost. */
  steps = 0;
  readonly #inodes = new Inodes();
  #count = 1;
  readonly #parents = new Column(Uint32Array);
  readonly #texts = new Texts();
  readonly #names = new Column(Uint32Array);
  readonly #index = new NameIndex(this.#parents, this.#names, this.#texts);
  readonly #objects = new Column(Uint32Array);
  /** The layer that put it here, or put something below it, plus one. */
  readonly #touchedBy = new Column(Uint16Array);
  /** What was removed stays in its list until that is sorted. */
  readonly #removed = new Column(Uint8Array);
  /** The children of a directory are a list: the newest first, and by their names when the tree has been sorted. */
  readonly #firstChildren = new Column(Uint32Array);
  readonly #siblings = new Column(Uint32Array);

  constructor() {
    this.#objects.set(this.root, this.#inodes.add());
    this.#names.set(this.root, this.#texts.add(''));
  }

  /** Entries of this table can be added from now on; `layer` is its index in the image. */
  addLayer(layer: number, table: EntryTable): void {
    this.#inodes.addLayer(layer, table);
  }

  /** A path with an object of its own: the entry of the layer, or a directory that it does not describe. */
  add(parent: NodeId, name: string, layer: number, entry?: number): NodeId {
    const object = entry === undefined ? this.#inodes.add() : this.#inodes.add(layer, entry);
    return this.#addPath(parent, name, object, layer);
  }

  /** A further path to the object at `target`. */
  addLink(parent: NodeId, name: string, target: NodeId, layer: number): NodeId {
    this.inode(target).addLink();
    return this.#addPath(parent, name, this.#objects.get(target), layer);
  }

  /** The directory stays with what is in it, and becomes what the entry of the layer says. */
  describe(directory: NodeId, layer: number, entry: number): void {
    this.#objects.set(directory, this.#inodes.add(layer, entry));
    this.touch(directory, layer);
  }

  remove(node: NodeId): void {
    this.#removed.set(node, 1);
  }

  removeChildren(directory: NodeId): void {
    for (const child of this.children(directory)) this.remove(child);
    this.#firstChildren.set(directory, NONE);
  }

  inode(node: NodeId): Inode {
    return this.#inodes.at(this.#objects.get(node));
  }
  isDirectory(node: NodeId): boolean {
    return this.inode(node).type === 'directory';
  }
  /** Undefined for the root. */
  parent(node: NodeId): NodeId | undefined {
    return node === this.root ? undefined : this.#parents.get(node);
  }
  name(node: NodeId): string {
    return this.#texts.at(this.#names.get(node));
  }
  /** From the root, without a leading `/`. */
  path(node: NodeId): string {
    let path = this.name(node);
    for (let above = this.parent(node) ?? this.root; above !== this.root; above = this.parent(above) ?? this.root)
      path = `${this.name(above)}/${path}`;
    return path;
  }
  child(directory: NodeId, name: string): NodeId | undefined {
    const child = this.#index.find(directory, name);
    return child === NONE || this.#removed.get(child) !== 0 ? undefined : child;
  }

  /** True when the layer put it here, or something below it. */
  isTouchedBy(node: NodeId, layer: number): boolean {
    return this.#touchedBy.get(node) === layer + 1;
  }
  touch(node: NodeId, layer: number): void {
    this.#touchedBy.set(node, layer + 1);
  }

  /** In no order until the tree is sorted. */
  *children(directory: NodeId): Generator<NodeId, void, undefined> {
    for (let child = this.#firstChild(directory); child !== NONE; child = this.#sibling(child)) yield child;
  }

  /** Brings every directory into a fixed order, that of the bytes of the names. Nothing can be added after it. */
  async sort(pacer: Pacer): Promise<void> {
    const list = {
      next: (node: NodeId) => this.#sibling(node),
      setNext: (node: NodeId, next: NodeId) => this.#siblings.set(node, next),
      compare: (a: NodeId, b: NodeId) => this.#texts.compare(this.#names.get(a), this.#names.get(b)),
    };
    for (let node = this.root; node < this.#count; node++) {
      if (pacer.isDue()) await pacer.rest();
      const first = this.#firstChild(node);
      if (first !== NONE) this.#firstChildren.set(node, await sortedList(first, list, pacer));
    }
  }

  /** Every node of a sorted tree, parents first. The root is not among them. */
  *walk(): Generator<NodeId, void, undefined> {
    for (let node = this.#firstChild(this.root); node !== NONE; ) {
      yield node;
      const below = this.#firstChild(node);
      node = below === NONE ? this.#behind(node) : below;
    }
  }

  /** Every node of a sorted tree, what is in a directory before the directory; the root last. */
  *walkUp(): Generator<NodeId, void, undefined> {
    for (let node = this.#deepest(this.root); ; ) {
      yield node;
      if (node === this.root) return;
      const next = this.#sibling(node);
      node = next === NONE ? this.#parents.get(node) : this.#deepest(next);
    }
  }

  #addPath(parent: NodeId, name: string, object: number, layer: number): NodeId {
    const replaced = this.#index.find(parent, name);
    if (replaced !== NONE) this.remove(replaced);
    const node = this.#count++;
    this.#parents.set(node, parent);
    this.#names.set(node, this.#texts.add(name));
    this.#objects.set(node, object);
    this.touch(node, layer);
    this.#index.put(node, parent, name);
    this.#siblings.set(node, this.#firstChildren.get(parent));
    this.#firstChildren.set(parent, node);
    return node;
  }

  #firstChild(directory: NodeId): NodeId {
    return this.#present(this.#firstChildren.get(directory));
  }

  #sibling(node: NodeId): NodeId {
    return this.#present(this.#siblings.get(node));
  }

  /** The node, or the first behind it that was not removed. */
  #present(node: NodeId): NodeId {
    let present = node;
    while (present !== NONE && this.#removed.get(present) !== 0) present = this.#siblings.get(present);
    return present;
  }

  /** What follows a node and all that is below it. */
  #behind(node: NodeId): NodeId {
    for (let above = node; above !== this.root; above = this.#parents.get(above)) {
      const next = this.#sibling(above);
      if (next !== NONE) return next;
    }
    return NONE;
  }

  #deepest(node: NodeId): NodeId {
    let deepest = node;
    for (let below = this.#firstChild(node); below !== NONE; below = this.#firstChild(below)) deepest = below;
    return deepest;
  }
}
