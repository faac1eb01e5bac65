/**
 * What imagegw-squash is told to put into a product: which files of each segment, and the whole tree (native/squash/pack.c
 * has the format). The order is fixed, so that the same image gives the same product.
 */
import type { LayerIndex, Segment } from './layer.js';
import { Pacer } from './pacer.js';
import type { PackerInput } from './packer-input.js';
import { childrenOf, type Inode, type InodeType, type TreeNode } from './tree.js';

/** The segments of the layers, lowest first, each once: a layer can stand in an image twice. */
export function distinctSegments(layers: readonly LayerIndex[]): Segment[] {
  const segments = layers.map(({ segment }) => segment).filter((segment) => segment !== undefined);
  return [...new Map(segments.map((segment) => [segment.path, segment])).values()];
}

/** @throws GatewayError as `input` does; the reason of `signal`. */
export async function writePlan(
  input: PackerInput,
  root: TreeNode,
  layers: readonly LayerIndex[],
  signal: AbortSignal,
): Promise<void> {
  const pacer = new Pacer(signal);
  const segments = distinctSegments(layers).map(({ path }) => path);
  const segmentOf = layers.map(({ segment }) =>
    segment === undefined ? -1 : segments.indexOf(segment.path),
  );
  const order = await numbered(root, pacer);

  const wanted = segments.map(() => new Set<number>());
  for (const { inode } of order.nodes) {
    const file = inode.segmentFile;
    if (file !== undefined) wanted[segmentOf[inode.layer] ?? -1]?.add(file);
  }
  for (const files of wanted) {
    await input.write(u32(files.size));
    await input.write(Buffer.from(Uint32Array.from(files).sort().buffer));
  }

  const written = new Set<Inode>();
  for (const node of order.nodes) {
    if (pacer.isDue()) await pacer.rest();
    const { inode } = node;
    const isFirst = inode.links === 1 || !written.has(inode);
    if (inode.links > 1) written.add(inode);
    await input.write(record(node, isFirst, order, segmentOf[inode.layer] ?? -1));
  }
}

interface Order {
  /** Children first, by the bytes of their names; the root last. */
  readonly nodes: readonly TreeNode[];
  readonly inodeCount: number;
  /** Paths that lead to an inode with several links; a directory's links are counted from its children. */
  readonly links: ReadonlyMap<Inode, number>;
}

/** Numbers count in the order of writing, so that the entries of a directory have numbers near each other. */
async function numbered(root: TreeNode, pacer: Pacer): Promise<Order> {
  const nodes: TreeNode[] = [];
  let inodeCount = 0;
  const links = new Map<Inode, number>();
  const open = [{ node: root, children: childrenOf(root) }];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const child = here.children.pop();
    if (child?.children !== undefined) {
      open.push({ node: child, children: childrenOf(child) });
      continue;
    }
    if (child === undefined) open.pop();
    const node = child ?? here.node;
    if (pacer.isDue()) await pacer.rest();
    nodes.push(node);
    if (node.inode.links === 1 || !links.has(node.inode)) node.inode.number = ++inodeCount;
    if (node.inode.links > 1) links.set(node.inode, (links.get(node.inode) ?? 0) + 1);
  }
  return { nodes, inodeCount, links };
}

const TYPES: Readonly<Record<InodeType, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  char: 'c',
  block: 'b',
  fifo: 'p',
};
const NONE = 2 ** 32 - 1;
/** Type, inode, mode, owners, time, links, length of the name. */
const HEAD_BYTES = 1 + 4 + 2 + 4 + 4 + 4 + 4 + 2;

function record(node: TreeNode, isFirst: boolean, { inodeCount, links }: Order, segment: number): Buffer {
  const { inode, name } = node;
  const head = Buffer.allocUnsafe(HEAD_BYTES + name.length);
  head.write(isFirst ? TYPES[inode.type] : 'h', 0, 'latin1');
  head.writeUInt32LE(inode.number, 1);
  head.writeUInt16LE(inode.mode & 0o7777, 5);
  head.writeUInt32LE(inode.uid, 7);
  head.writeUInt32LE(inode.gid, 11);
  head.writeUInt32LE(inode.mtime, 15);
  head.writeUInt32LE(node.children === undefined ? (links.get(inode) ?? 1) : 2 + directoriesIn(node), 19);
  head.writeUInt16LE(name.length, 23);
  head.write(name, HEAD_BYTES, 'latin1');
  if (!isFirst) return head;
  return Buffer.concat([head, particulars(node, inodeCount, segment), xattrs(inode)]);
}

function particulars(node: TreeNode, inodeCount: number, segment: number): Buffer {
  const { inode, parent, children } = node;
  switch (inode.type) {
    case 'file':
      return inode.segmentFile === undefined ? u32(NONE, 0) : u32(segment, inode.segmentFile);
    case 'symlink':
      return text(inode.linkTarget);
    case 'char':
    case 'block':
      return u32(deviceNumber(inode));
    case 'directory':
      // The root's parent is the number after the last, as mksquashfs has it.
      return u32(
        children?.size ?? 0,
        parent === undefined ? inodeCount + 1 : parent.inode.number,
      );
    case 'fifo':
      return Buffer.alloc(0);
  }
}

/** As Linux packs it (new_encode_dev). */
export function deviceNumber({
  deviceMajor,
  deviceMinor,
}: Pick<Inode, 'deviceMajor' | 'deviceMinor'>): number {
  return ((deviceMinor & 0xff) | ((deviceMajor & 0xfff) << 8) | ((deviceMinor & ~0xff) << 12)) >>> 0;
}

function directoriesIn(node: TreeNode): number {
  let count = 0;
  for (const child of node.children?.values() ?? []) if (child.children !== undefined) count++;
  return count;
}

function xattrs(inode: Inode): Buffer {
  if (inode.xattrs.size === 0) return u16(0);
  const parts = [u16(inode.xattrs.size)];
  for (const [key, value] of [...inode.xattrs].sort(([a], [b]) => (a < b ? -1 : 1)))
    parts.push(text(key), u32(value.length), Buffer.from(value, 'latin1'));
  return Buffer.concat(parts);
}

function text(bytes: string): Buffer {
  return Buffer.concat([u16(bytes.length), Buffer.from(bytes, 'latin1')]);
}

function u16(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function u32(...values: number[]): Buffer {
  const buffer = Buffer.allocUnsafe(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value, 4 * index);
  return buffer;
}
