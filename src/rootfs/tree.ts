/**
 * The merged image in memory. Files are objects and paths are references to them: a hard link is a second path to the
 * same inode, and keeps its content when the first path is replaced.
 *
 * No name of a layer ever reaches the file system of the gateway: paths are resolved here, in this tree.
 */
import type { LayerEntry } from './scan-layer.js';
import { bad, NO_XATTRS, show } from './tar-entry.js';

export type InodeType = 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo';

export interface Inode {
  type: InodeType;
  mode: number;
  uid: number;
  gid: number;
  /** Whole seconds since 1970, 0 to 2^32-1. */
  mtime: number;
  size: number;
  linkTarget: string;
  deviceMajor: number;
  deviceMinor: number;
  xattrs: ReadonlyMap<string, string>;
  /** Index of the layer that its body lies in, and where there. */
  layer: number;
  offset: number;
  /** Set for sparse files: which pieces of it are stored (SparseMap). */
  readonly sparse?: readonly number[];
}

export interface TreeNode {
  inode: Inode;
  /** Present for directories. */
  readonly children?: Map<string, TreeNode>;
  /** The layer that put it here, or put something below it. */
  touchedBy: number;
}

/** Symbolic links that one path may lead through (the kernel's own limit). */
const MAX_LINKS = 40;
/** path_resolution(7), PATH_MAX less its final NUL. */
const MAX_PATH = 4095;
const MAX_COMPONENT = 255;
const MAX_TIME = 2 ** 32 - 1;

export function newRoot(): TreeNode {
  return { inode: directoryInode(0), children: new Map(), touchedBy: -1 };
}

export function inodeOf(entry: LayerEntry, type: InodeType, layer: number): Inode {
  return {
    type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: Math.min(Math.max(entry.mtime, 0), MAX_TIME),
    size: entry.size,
    linkTarget: type === 'symlink' ? entry.linkName : '',
    deviceMajor: entry.deviceMajor,
    deviceMinor: entry.deviceMinor,
    xattrs: entry.xattrs,
    layer,
    offset: entry.offset,
    ...(entry.sparse === undefined ? {} : { sparse: entry.sparse }),
  };
}

/** A directory that no layer describes: a missing parent. Its time is fixed, so that products repeat. */
function directoryInode(layer: number): Inode {
  return {
    type: 'directory',
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    linkTarget: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NO_XATTRS,
    layer,
    offset: 0,
  };
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
 * resolved inside the tree, as extraction below a root directory does (containerd, umoci): `..` stops at the root.
 * Undefined when it is not there (and not to be made).
 *
 * @throws GatewayError BAD_LAYER when a component is no directory (with `create`), or the links go round in circles.
 */
export function directoryAt(
  root: TreeNode,
  components: readonly string[],
  create?: { readonly layer: number },
): TreeNode | undefined {
  const path = [root];
  const todo = [...components];
  let links = 0;
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    const here = path.at(-1) ?? root;
    if (name === '..') {
      if (path.length > 1) path.pop();
      continue;
    }
    if (create !== undefined) here.touchedBy = create.layer;
    let child = here.children?.get(name);
    if (child === undefined) {
      if (create === undefined) return undefined;
      child = { inode: directoryInode(create.layer), children: new Map(), touchedBy: create.layer };
      here.children?.set(name, child);
    }
    if (child.children !== undefined) {
      path.push(child);
    } else if (child.inode.type === 'symlink') {
      if (++links > MAX_LINKS)
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
  const found = path.at(-1) ?? root;
  if (create !== undefined) found.touchedBy = create.layer;
  return found;
}

/** Every path of the tree with its node, parents first, in a fixed order (that of the bytes). The root is not among them. */
export function* walk(root: TreeNode): Generator<readonly [path: string, node: TreeNode], void, undefined> {
  const open = [{ prefix: '', names: sortedNames(root), children: root.children }];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names.pop();
    if (name === undefined) {
      open.pop();
      continue;
    }
    const node = here.children?.get(name);
    if (node === undefined) continue;
    const path = here.prefix + name;
    yield [path, node];
    if (node.children !== undefined)
      open.push({ prefix: `${path}/`, names: sortedNames(node), children: node.children });
  }
}

/** Last first, to be popped. */
function sortedNames(node: TreeNode): string[] {
  return [...(node.children?.keys() ?? [])].sort().reverse();
}
