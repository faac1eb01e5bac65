/** How paths of layers lead through the tree. */
import { bad, show } from './tar-entry.js';
import type { NodeId, Tree } from './tree.js';

/** Symbolic links that one path may lead through (the kernel's own limit). */
const MAX_LINKS = 40;
/** path_resolution(7), PATH_MAX less its final NUL. */
const MAX_PATH = 4095;
const MAX_COMPONENT = 255;

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
  tree: Tree,
  components: readonly string[],
  create?: { readonly layer: number },
): NodeId | undefined {
  let here = tree.root;
  const todo = [...components].reverse();
  /** Below `here`. */
  const missing: string[] = [];
  let links = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === '..') {
      if (missing.pop() === undefined) here = tree.parent(here) ?? tree.root;
      continue;
    }
    const child = missing.length > 0 ? undefined : tree.child(here, name);
    if (create !== undefined) tree.touch(here, create.layer);
    const type = child === undefined ? undefined : tree.inode(child).type;
    if (child === undefined) {
      missing.push(name);
    } else if (type === 'directory') {
      here = child;
    } else if (type === 'symlink') {
      if (++links > MAX_LINKS && create === undefined) return undefined;
      if (links > MAX_LINKS)
        throw bad(
          `${show(components.join('/'))} leads through more than ${String(MAX_LINKS)} symbolic links`,
        );
      const target = tree.inode(child).linkTarget;
      if (target.startsWith('/')) here = tree.root;
      const steps = target.split('/').filter((part) => part !== '' && part !== '.');
      todo.push(...steps.reverse());
    } else {
      if (create === undefined) return undefined;
      throw bad(`${show(components.join('/'))} lies below something that is no directory`);
    }
  }
  if (create === undefined) return missing.length > 0 ? undefined : here;
  tree.touch(here, create.layer);
  for (const name of missing) here = tree.add(here, name, create.layer);
  return here;
}

/** The node at a path of which no component is a link. */
export function nodeAt(tree: Tree, path: string): NodeId | undefined {
  let node: NodeId | undefined = tree.root;
  for (const name of path.split('/')) node = node === undefined ? undefined : tree.child(node, name);
  return node;
}
