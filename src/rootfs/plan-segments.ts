/**
 * What imagegw-squash is told to put into a product: which files of each segment, and the whole tree (native/squash/pack.c
 * has the format). The order is fixed, so that the same image gives the same product.
 */
import { Column } from './columns.js';
import type { Inode, InodeType } from './inodes.js';
import type { LayerIndex, Segment } from './layer.js';
import { Pacer } from './pacer.js';
import type { PackerInput } from './packer-input.js';
import { RecordWriter } from './record-writer.js';
import type { NodeId, Tree } from './tree.js';

/** The segments of the layers, lowest first, each once: a layer can stand in an image twice. */
export function distinctSegments(layers: readonly LayerIndex[]): Segment[] {
  const segments = layers.map(({ segment }) => segment).filter((segment) => segment !== undefined);
  return [...new Map(segments.map((segment) => [segment.path, segment])).values()];
}

/** @throws GatewayError as `input` does; the reason of `signal`. */
export async function writePlan(
  input: PackerInput,
  tree: Tree,
  layers: readonly LayerIndex[],
  signal: AbortSignal,
): Promise<void> {
  const pacer = new Pacer(signal);
  const segments = distinctSegments(layers).map(({ path }) => path);
  const segmentOf = layers.map(({ segment }) =>
    segment === undefined ? -1 : segments.indexOf(segment.path),
  );
  const wanted = segments.map(() => new WantedFiles());
  const numbering = await numbered(tree, pacer, ({ layer, segmentFile }) => {
    if (segmentFile !== undefined) wanted[segmentOf[layer] ?? -1]?.add(segmentFile);
  });
  const writer = new RecordWriter();
  const send = async (pieces: readonly Buffer[]): Promise<void> => {
    for (const piece of pieces) await input.write(piece);
  };
  for (const files of wanted) {
    writer.u32(files.count);
    for (const file of files.numbers()) {
      writer.u32(file);
      if (writer.isFull) await send(writer.take());
    }
  }
  // Numbers count in the order of writing: a number that has come belongs to an inode that has been written.
  let last = 0;
  for (const node of tree.walkUp()) {
    const inode = tree.inode(node);
    writeRecord(writer, tree, node, inode, inode.number > last, segmentOf[inode.layer] ?? -1, numbering);
    last = Math.max(last, inode.number);
    if (writer.isFull) await send(writer.take());
    if (pacer.isDue()) await pacer.rest();
  }
  await send(writer.take(true));
}

/** Numbers of files of one segment. */
class WantedFiles {
  readonly #isWanted = new Column(Uint8Array);
  #end = 0;
  count = 0;

  add(file: number): void {
    if (this.#isWanted.get(file) !== 0) return;
    this.#isWanted.set(file, 1);
    this.#end = Math.max(this.#end, file + 1);
    this.count++;
  }

  /** In ascending order. */
  *numbers(): Generator<number, void, undefined> {
    for (let file = 0; file < this.#end; file++) if (this.#isWanted.get(file) !== 0) yield file;
  }
}

interface Numbering {
  readonly inodeCount: number;
  /** Paths that lead to an inode with several links; a directory's links are counted from its children. */
  readonly links: ReadonlyMap<number, number>;
}

/** Numbers count in the order of writing, so that the entries of a directory have numbers near each other. */
async function numbered(tree: Tree, pacer: Pacer, onInode: (inode: Inode) => void): Promise<Numbering> {
  let inodeCount = 0;
  const links = new Map<number, number>();
  for (const node of tree.walkUp()) {
    if (pacer.isDue()) await pacer.rest();
    const inode = tree.inode(node);
    const known = inode.links > 1 ? links.get(inode.id) : undefined;
    if (inode.links > 1) links.set(inode.id, (known ?? 0) + 1);
    if (known !== undefined) continue;
    inode.number = ++inodeCount;
    onInode(inode);
  }
  return { inodeCount, links };
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

function writeRecord(
  writer: RecordWriter,
  tree: Tree,
  node: NodeId,
  inode: Inode,
  isFirst: boolean,
  segment: number,
  { inodeCount, links }: Numbering,
): void {
  const { type, number } = inode;
  const children = type === 'directory' ? countChildren(tree, node) : undefined;
  writer.bytes(isFirst ? TYPES[type] : 'h');
  writer.u32(number);
  writer.u16(inode.mode & 0o7777);
  writer.u32(inode.uid);
  writer.u32(inode.gid);
  writer.u32(inode.mtime);
  writer.u32(children === undefined ? (links.get(inode.id) ?? 1) : 2 + children.directories);
  writer.text(tree.name(node));
  if (!isFirst) return;
  if (type === 'file') {
    writer.u32(inode.segmentFile === undefined ? NONE : segment);
    writer.u32(inode.segmentFile ?? 0);
  } else if (type === 'symlink') {
    writer.text(inode.linkTarget);
  } else if (type === 'char' || type === 'block') {
    writer.u32(deviceNumber(inode));
  } else if (children !== undefined) {
    const parent = tree.parent(node);
    writer.u32(children.all);
    // The root's parent is the number after the last, as mksquashfs has it.
    writer.u32(parent === undefined ? inodeCount + 1 : tree.inode(parent).number);
  }
  writeXattrs(writer, inode);
}

/** As Linux packs it (new_encode_dev). */
export function deviceNumber({
  deviceMajor,
  deviceMinor,
}: Pick<Inode, 'deviceMajor' | 'deviceMinor'>): number {
  return ((deviceMinor & 0xff) | ((deviceMajor & 0xfff) << 8) | ((deviceMinor & ~0xff) << 12)) >>> 0;
}

function countChildren(tree: Tree, directory: NodeId): { readonly all: number; readonly directories: number } {
  let all = 0;
  let directories = 0;
  for (const child of tree.children(directory)) {
    all++;
    if (tree.isDirectory(child)) directories++;
  }
  return { all, directories };
}

function writeXattrs(writer: RecordWriter, { xattrs }: Inode): void {
  writer.u16(xattrs.size);
  if (xattrs.size === 0) return;
  for (const [key, value] of [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    writer.text(key);
    writer.u32(value.length);
    writer.bytes(value);
  }
}
