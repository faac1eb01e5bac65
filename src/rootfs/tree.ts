/**
 * The merged image in memory. Files are objects and paths are references to them: a hard link is a second path to the
 * same inode, and keeps its content when the first path is replaced.
 *
 * No name of a layer ever reaches the file system of the gateway: paths are resolved here, in this tree.
 */
import { EntryTable } from './entry-table.js';
import { bad, NO_XATTRS, show, type EntryType } from './tar-entry.js';

export type InodeType = Exclude<EntryType, 'hardlink'>;

/** An object of the image: what the layer's table says of it, and what the policy makes of that. */
export class Inode {
  readonly #table: EntryTable;
  readonly #index: number;
  /** Index of the layer that its body lies in. */
  readonly layer: number;
  mode: number;
  uid: number;
  gid: number;
  xattrs: ReadonlyMap<string, string>;
  /** Paths that lead to it, or led. */
  links = 1;
  /** Its number in the product that was planned last. */
  number = 0;

  constructor(table: EntryTable, index: number, layer: number) {
    this.#table = table;
    this.#index = index;
    this.layer = layer;
    this.mode = table.mode(index);
    this.uid = table.uid(index);
    this.gid = table.gid(index);
    this.xattrs = table.xattrs(index);
  }

  get type(): InodeType {
    const type = this.#table.type(this.#index);
    // A hard link is a path, never an object.
    return type === 'hardlink' ? 'file' : type;
  }
  /** Whole seconds since 1970, 0 to 2^32-1. */
  get mtime(): number {
    return this.#table.mtime(this.#index);
  }
  get size(): number {
    return this.#table.size(this.#index);
  }
  get linkTarget(): string {
    return this.type === 'symlink' ? this.#table.linkName(this.#index) : '';
  }
  get deviceMajor(): number {
    return this.#table.deviceMajor(this.#index);
  }
  get deviceMinor(): number {
    return this.#table.deviceMinor(this.#index);
  }
  /** crc32 of the whole file. */
  get checksum(): number {
    return this.#table.checksum(this.#index);
  }
  /** Number of its body in the segment of its layer. */
  get segmentFile(): number | undefined {
    return this.#table.file(this.#index);
  }
  /** Where its body lies in its layer. */
  get offset(): number {
    return this.#table.offset(this.#index);
  }
  /** Set for sparse files: which pieces of it are stored (SparseMap). */
  get sparse(): readonly number[] | undefined {
    return this.#table.sparse(this.#index);
  }
}

/** A path of the image. */
export class TreeNode {
  readonly name: string;
  readonly parent: TreeNode | undefined;
  inode: Inode;
  /** Present for directories. */
  readonly children: Map<string, TreeNode> | undefined;
  /** The layer that put it here, or put something below it. */
  touchedBy: number;
  /** The comparison that has found it in the product. */
  foundBy: object | undefined = undefined;

  constructor(parent: TreeNode | undefined, name: string, inode: Inode, touchedBy: number) {
    this.parent = parent;
    this.name = name;
    this.inode = inode;
    this.children = inode.type === 'directory' ? new Map() : undefined;
    this.touchedBy = touchedBy;
  }

  /** From the root, without a leading `/`. */
  get path(): string {
    return this.parent?.parent === undefined ? this.name : `${this.parent.path}/${this.name}`;
  }
}

/** Symbolic links that one path may lead through (the kernel's own limit). */
const MAX_LINKS = 40;
/** path_resolution(7), PATH_MAX less its final NUL. */
const MAX_PATH = 4095;
const MAX_COMPONENT = 255;

/** A directory that no layer describes: the root, a missing parent. Its time is fixed, so that products repeat. */
const UNDESCRIBED = tableOfOneDirectory();

export function newRoot(): TreeNode {
  return new TreeNode(undefined, '', new Inode(UNDESCRIBED, 0, 0), -1);
}

function tableOfOneDirectory(): EntryTable {
  const table = new EntryTable();
  const nothing = {
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    linkName: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NO_XATTRS,
  };
  table.add({ name: '', type: 'directory', mode: 0o755, ...nothing }, 0);
  return table;
}

/**
 * The components of a path as a layer writes it: leading `/` and `./` go, `..` is refused (`foo..bar` is a name).
 *
 * @throws GatewayError BAD_LAYER
 */
export function componentsOf(path: string, maxDepth: number): string[] {
  if (path.length > MAX_PATH)
    throw bad(`${show(path)}... has ${String(path.length)} bytes, more than a path can have`);
  const components = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of components) {
    if (part === '..') throw bad(`${show(path)} leads out of its place`);
    if (part.length > MAX_COMPONENT)
      throw bad(`${show(path)} has a component of ${String(part.length)} bytes, more than a name can have`);
  }
  if (components.length > maxDepth)
    throw bad(
      `${show(path)} is ${String(components.length)} directories deep, more than the limit of ${String(maxDepth)}`,
    );
  return components;
}

/**
 * The directory at `components`, made where it is missing when `create` is given. A symbolic link on the way is
 * resolved inside the tree, as extraction below a root directory does (containerd, umoci): `..` stops at the root, and
 * takes back a component that is not there.
 * Undefined when it is not there (and not to be made).
 *
 * @throws GatewayError BAD_LAYER, with `create`, when a component is no directory, or the links go round in circles.
 */
export function directoryAt(
  root: TreeNode,
  components: readonly string[],
  create?: { readonly layer: number },
): TreeNode | undefined {
  const path = [root];
  const todo = [...components];
  /** Below the end of `path`. */
  const missing: string[] = [];
  let links = 0;
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    const here = path.at(-1) ?? root;
    if (name === '..') {
      if (missing.pop() === undefined && path.length > 1) path.pop();
      continue;
    }
    const child = missing.length > 0 ? undefined : here.children?.get(name);
    if (create !== undefined) here.touchedBy = create.layer;
    if (child === undefined) {
      missing.push(name);
    } else if (child.children !== undefined) {
      path.push(child);
    } else if (child.inode.type === 'symlink') {
      if (++links > MAX_LINKS && create === undefined) return undefined;
      if (links > MAX_LINKS)
        throw bad(
          `${show(components.join('/'))} leads through more than ${String(MAX_LINKS)} symbolic links`,
        );
      const target = child.inode.linkTarget;
      if (target.startsWith('/')) path.length = 1;
      todo.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
    } else {
      if (create === undefined) return undefined;
      throw bad(`${show(components.join('/'))} lies below something that is no directory`);
    }
  }
  let found = path.at(-1) ?? root;
  if (create === undefined) return missing.length > 0 ? undefined : found;
  found.touchedBy = create.layer;
  for (const name of missing) {
    const child = new TreeNode(found, name, new Inode(UNDESCRIBED, 0, create.layer), create.layer);
    found.children?.set(name, child);
    found = child;
  }
  return found;
}

/** The node at a path of which no component is a link. */
export function nodeAt(root: TreeNode, path: string): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of path.split('/')) node = node?.children?.get(name);
  return node;
}

/** Every node of the tree, parents first, in a fixed order (that of the bytes). The root is not among them. */
export function* walk(root: TreeNode): Generator<TreeNode, void, undefined> {
  const open = [childrenOf(root)];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const node = here.pop();
    if (node === undefined) {
      open.pop();
      continue;
    }
    yield node;
    if (node.children !== undefined) open.push(childrenOf(node));
  }
}

/** By the bytes of their names, the last first, to be popped. */
export function childrenOf(node: TreeNode): TreeNode[] {
  return [...(node.children?.values() ?? [])].sort((a, b) => (a.name < b.name ? 1 : -1));
}
