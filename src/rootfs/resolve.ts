/** How paths of layers lead through the tree. */
import { siteLimit } from './settings.js';
import { bad, show } from './tar-entry.js';
import type { NodeId, Tree } from './tree.js';

/** Symbolic links that one path may lead through (the kernel's own limit). */
const MAX_LINKS = 40;
/** path_resolution(7), PATH_MAX less its final NUL. */
const MAX_PATH = 4095;
const MAX_COMPONENT = 255;

/**
 * The components of a path as a layer writes it: leading `/` and `./` go, in any number and order: no path is
 * absolute then. `..` is refused (`foo..bar` is a name).
 *
 * @param subject what a message says it about
 * @throws GatewayError BAD_LAYER
 */
export function componentsOf(path: string, maxDepth: number, subject: () => string = () => show(path)): string[] {
  if (path.length > MAX_PATH)
    throw bad(`${subject()} has ${String(path.length)} bytes, more than a path can have`);
  const components = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of components) {
    if (part === '..') throw bad(`${subject()} leads out of its place`);
    if (part.length > MAX_COMPONENT)
      throw bad(`${subject()} has a component of ${String(part.length)} bytes, more than a name can have`);
  }
  if (components.length > maxDepth)
    throw bad(`${subject()} is ${tooDeep(components.length, maxDepth)}`);
  return components;
}

/** What directories are made for. */
export interface Creation {
  readonly layer: number;
  /** The entry, as its layer has it. */
  readonly entry: string;
  /** Its own name, in the directory that is looked for. */
  readonly name: string;
  readonly maxDepth: number;
}

/**
 * The directory at `components`, made where it is missing when `create` is given. A symbolic link on the way is
 * resolved inside the tree, as extraction below a root directory does (containerd, umoci): `..` stops at the root, and
 * takes back a component that is not there.
 * Undefined when it is not there (and not to be made).
 *
 * @throws GatewayError BAD_LAYER, with `create`, when a component is no directory, the links go round in circles, or lead
 *   to a place that no path of an image may have.
 */
export function directoryAt(tree: Tree, components: readonly string[], create?: Creation): NodeId | undefined {
  let here = tree.root;
  const todo = [...components].reverse();
  /** Below `here`. */
  const missing: string[] = [];
  let links = 0;
  // For the name itself, which is looked up in what is found here.
  tree.steps++;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    tree.steps++;
    if (name === '..') {
      if (missing.pop() === undefined) here = tree.parent(here) ?? tree.root;
      continue;
    }
    const child = missing.length > 0 ? undefined : tree.child(here, name);
    const type = child === undefined ? undefined : tree.inode(child).type;
    if (child === undefined) {
      missing.push(name);
    } else if (type === 'directory') {
      here = child;
    } else if (type === 'symlink') {
      if (++links > MAX_LINKS && create === undefined) return undefined;
      if (links > MAX_LINKS)
        throw bad(`${show(create?.entry ?? '')} leads through more than ${String(MAX_LINKS)} symbolic links`);
      const target = tree.inode(child).linkTarget;
      if (target.startsWith('/')) here = tree.root;
      const steps = target.split('/').filter((part) => part !== '' && part !== '.');
      todo.push(...steps.reverse());
    } else {
      if (create === undefined) return undefined;
      throw bad(`${show(create.entry)} lies below something that is no directory`);
    }
  }
  if (create === undefined) return missing.length > 0 ? undefined : here;
  // Without links it is where its name says, which has been looked at.
  if (links > 0) requirePlace(tree, here, missing, create);
  touchUp(tree, here, create.layer);
  for (const name of missing) here = tree.add(here, name, create.layer);
  return here;
}

/** What links lead to must keep within the bounds that names in a layer keep: the kernel could not read it otherwise. */
function requirePlace(tree: Tree, directory: NodeId, missing: readonly string[], create: Creation): void {
  const { entry, name, maxDepth } = create;
  let depth = missing.length + 1;
  let bytes = name.length;
  for (const part of missing) {
    if (part.length > MAX_COMPONENT)
      throw bad(`${show(entry)} lies, through a symbolic link, in a directory with a name of ${String(part.length)} bytes, more than a name can have`);
    bytes += part.length + 1;
  }
  for (let above = directory; above !== tree.root; above = tree.parent(above) ?? tree.root) {
    depth++;
    bytes += tree.name(above).length + 1;
  }
  if (bytes > MAX_PATH)
    throw bad(`${show(entry)} has, through symbolic links, a path of ${String(bytes)} bytes, more than a path can have`);
  if (depth > maxDepth) throw bad(`${show(entry)} lies, through symbolic links, ${tooDeep(depth, maxDepth)}`);
}

/** The layer has something at or below this directory. What it touched before, it has touched all the way up. */
function touchUp(tree: Tree, directory: NodeId, layer: number): void {
  let node: NodeId | undefined = directory;
  for (; node !== undefined && !tree.isTouchedBy(node, layer); node = tree.parent(node)) tree.touch(node, layer);
}

function tooDeep(depth: number, maxDepth: number): string {
  return `${String(depth)} directories deep, more than ${String(maxDepth)}, ${siteLimit('depth')}`;
}

/** The node at a path of which no component is a link. */
export function nodeAt(tree: Tree, path: string): NodeId | undefined {
  let node: NodeId | undefined = tree.root;
  for (const name of path.split('/')) node = node === undefined ? undefined : tree.child(node, name);
  return node;
}
