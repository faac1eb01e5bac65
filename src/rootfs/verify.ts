/**
 * Reads a product back and compares it with what was to be in it: every path, type, mode, owner, time, link, link target,
 * size and extended attribute, and a checksum of every file, which was taken when its layer was proved. squashfs has no
 * checksums of content, and packers have written wrong images with exit status 0: so nothing is published that has not
 * been read.
 */
import { rm, stat } from 'node:fs/promises';
import { parseDigest, type Digest } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { fileVersion } from '../lib/file-version.js';
import { Column } from './columns.js';
import type { Inode, InodeType } from './inodes.js';
import type { PackedProduct } from './pack.js';
import { deviceNumber } from './plan-segments.js';
import { nodeAt } from './resolve.js';
import { RecordReader, saidBy, startSquash } from './squash.js';
import { NO_XATTRS, show } from './tar-entry.js';
import type { RootfsTools } from './tools.js';
import type { NodeId, Tree } from './tree.js';

export interface VerifyOptions {
  readonly tools: RootfsTools;
  /** Threads that read. */
  readonly processors: number;
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

export interface VerifiedProduct extends PackedProduct {
  readonly sha256: Digest;
  /** Which file was read (lib/file-version.ts). */
  readonly version?: string | undefined;
}

/**
 * Gives the product with its digest. One that could not be proved is removed.
 *
 * @throws GatewayError CONVERSION_FAILED naming the first difference; the reason of `signal`.
 */
export async function verifyProduct(
  product: PackedProduct,
  tree: Tree,
  options: VerifyOptions,
): Promise<VerifiedProduct> {
  try {
    // Before the reading: bytes that change meanwhile show as another version later.
    const version = fileVersion(await stat(product.path, { bigint: true }));
    return { ...product, version, sha256: await compare(product, tree, options) };
  } catch (error) {
    await rm(product.path, { force: true });
    throw error;
  }
}

async function compare(product: PackedProduct, tree: Tree, options: VerifyOptions): Promise<Digest> {
  const comparison = new Comparison(product, tree);
  const records = new RecordReader((kind, body) => comparison.record(kind, body));
  const { tools, processors, signal, timeLimitMs } = options;
  const child = startSquash(tools.squash, ['read', '--threads', String(processors), product.path], {
    stdout: 'pipe',
    signal,
    timeLimitMs,
    damaged: 'CONVERSION_FAILED',
  });
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) records.write(chunk as Buffer);
    await child.done;
  } catch (error) {
    child.kill(new GatewayError('CONVERSION_FAILED', 'The product is not what was put in.'));
    await child.done.catch(() => {});
    if (signal.aborted) throw abortReason(signal);
    if (!(error instanceof GatewayError) || !error.message.includes('it said: ')) throw error;
    throw new GatewayError(error.code, `The product ${product.path} can't be read back: ${saidBy(error)}`, {
      cause: error,
    });
  }
  return comparison.end();
}

const TYPES: Readonly<Record<string, InodeType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'char',
  b: 'block',
  p: 'fifo',
};

/** NAME_MAX. The merge refuses longer ones; should one get here, all of its directory would seem empty. */
const MAX_NAME = 255;

/** A name of the product, as imagegw-squash tells it (native/squash/product.c). */
interface Found {
  readonly type: InodeType | undefined;
  readonly number: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly device: number;
  readonly links: number;
  readonly path: string;
  readonly target: string;
}

function found(body: Buffer): Found {
  const pathEnd = 37 + body.readUInt16LE(35);
  return {
    type: TYPES[String.fromCharCode(body[0] ?? 0)],
    number: body.readUInt32LE(1),
    mode: body.readUInt16LE(5),
    uid: body.readUInt32LE(7),
    gid: body.readUInt32LE(11),
    mtime: body.readUInt32LE(15),
    size: Number(body.readBigUInt64LE(19)),
    device: body.readUInt32LE(27),
    links: body.readUInt32LE(31),
    path: body.toString('latin1', 37, pathEnd),
    target: body.toString('latin1', pathEnd + 2),
  };
}

/** The names of a product come in the order in which the tree is walked: so nothing is to be looked for. */
class Comparison {
  readonly #product: PackedProduct;
  readonly #tree: Tree;
  readonly #walk: Iterator<NodeId, void>;
  /** What has to come next. */
  #expected: NodeId | undefined;
  /** The directory that it is in, and what the names there begin with. */
  #directory = { node: -1, prefix: '' };
  /** By inode number of the product: the path that led there first, plus one. */
  readonly #paths = new Column(Uint32Array);
  /** By inode of the tree: its number in the product. */
  readonly #numbers = new Column(Uint32Array);
  /** By inode number: links that it says it has, and those that were seen. */
  readonly #links = new Column(Uint32Array);
  readonly #seen = new Column(Uint32Array);
  #files = 0;
  #checksums = 0;
  /** Attributes that the last name should have, and has not shown yet. */
  #last: NodeId | undefined;
  #lastXattrs = 0;
  #digest: Digest | undefined;

  constructor(product: PackedProduct, tree: Tree) {
    this.#product = product;
    this.#tree = tree;
    this.#walk = tree.walk();
    this.#expected = tree.root;
  }

  /** @throws GatewayError CONVERSION_FAILED */
  record(kind: string, body: Buffer): void {
    if (kind === 'x') return this.#attributes(body);
    this.#endOfName();
    if (kind === 'n') this.#name(found(body));
    else if (kind === 'c') this.#content(body.readUInt32LE(0), body.readUInt32LE(4));
    else {
      const size = Number(body.readBigUInt64LE(0));
      if (size !== this.#product.size) throw this.#wrong('', `has ${String(size)} bytes now`);
      this.#digest = parseDigest(`sha256:${body.toString('hex', 8)}`);
    }
  }

  #name(seen: Found): void {
    const node = this.#expected;
    if (node === undefined || seen.path !== this.#pathOf(node)) throw this.#misplaced(seen.path);
    this.#expected = this.#walk.next().value ?? undefined;
    const nameBytes = this.#tree.name(node).length;
    if (nameBytes > MAX_NAME)
      throw this.#wrong(seen.path, `has a name of ${String(nameBytes)} bytes, with which no kernel reads its directory`);
    // They count from 1.
    if (seen.number > this.#product.entryCount + 1)
      throw this.#wrong(seen.path, `has the inode number ${String(seen.number)}`);
    const inode = this.#tree.inode(node);
    this.#compareLinks(seen, node, inode);
    this.#compare(seen, inode, node === this.#tree.root);
    this.#last = node;
    this.#lastXattrs = 0;
  }

  /** The names that lead to one inode there are those that lead to one in the tree. */
  #compareLinks({ number, path, links }: Found, node: NodeId, inode: Inode): void {
    const known = this.#paths.get(number);
    if (known !== 0 && this.#tree.inode(known - 1).id !== inode.id)
      throw this.#wrong(path, `is a hard link to ${show(this.#tree.path(known - 1))}`);
    if (known === 0) {
      const other = this.#numbers.get(inode.id);
      if (other !== 0)
        throw this.#wrong(path, `is no hard link to ${show(this.#tree.path(this.#paths.get(other) - 1))}`);
      this.#paths.set(number, node + 1);
      this.#numbers.set(inode.id, number);
      this.#links.set(number, links);
      if (inode.type === 'file') this.#files++;
    }
    const isDirectory = inode.type === 'directory';
    // A directory is linked to by its name, by itself, and by each directory in it.
    this.#seen.set(number, this.#seen.get(number) + (isDirectory ? 2 : 1));
    const parent = this.#tree.parent(node);
    if (!isDirectory || parent === undefined) return;
    const above = this.#numbers.get(this.#tree.inode(parent).id);
    this.#seen.set(above, this.#seen.get(above) + 1);
  }

  #pathOf(node: NodeId): string {
    const directory = this.#tree.parent(node) ?? -1;
    if (directory !== this.#directory.node) {
      const path = directory < 0 ? '' : this.#tree.path(directory);
      this.#directory = { node: directory, prefix: path === '' ? '' : `${path}/` };
    }
    return this.#directory.prefix + this.#tree.name(node);
  }

  /** A name that is not the expected one. */
  #misplaced(path: string): GatewayError {
    const node = path === '' ? this.#tree.root : nodeAt(this.#tree, path);
    if (node === undefined) return this.#wrong(path, 'is in it, but was not put in');
    for (let later = this.#expected; later !== undefined; later = this.#walk.next().value ?? undefined)
      if (later === node && this.#expected !== undefined) return this.#missing(this.#expected);
    return this.#wrong(path, 'is in it twice');
  }

  #missing(node: NodeId): GatewayError {
    return this.#wrong(this.#tree.path(node), 'was put in, but is not in it');
  }

  #compare(seen: Found, inode: Inode, isRoot: boolean): void {
    const differences = [
      seen.type === inode.type || `is a ${String(seen.type)} and not a ${inode.type}`,
      seen.mode === inode.mode ||
        `has mode ${seen.mode.toString(8)} and not ${inode.mode.toString(8)}`,
      (seen.uid === inode.uid && seen.gid === inode.gid) ||
        `belongs to ${String(seen.uid)}:${String(seen.gid)}`,
      (isRoot && this.#product.hasOtherRootTime === true) ||
        seen.mtime === inode.mtime ||
        `has the time ${String(seen.mtime)} and not ${String(inode.mtime)}`,
      inode.type !== 'file' ||
        seen.size === inode.size ||
        `has ${String(seen.size)} bytes and not ${String(inode.size)}`,
      inode.type !== 'symlink' ||
        seen.target === inode.linkTarget ||
        `leads to ${show(seen.target)} and not to ${show(inode.linkTarget)}`,
      (inode.type !== 'char' && inode.type !== 'block') ||
        seen.device === deviceNumber(inode) ||
        `is device ${String(seen.device)}`,
    ];
    const first = differences.find((difference) => difference !== true);
    if (typeof first === 'string') throw this.#wrong(seen.path, first);
  }

  #attributes(body: Buffer): void {
    const node = this.#last;
    const expected = node === undefined ? NO_XATTRS : this.#tree.inode(node).xattrs;
    for (let at = 0; at < body.length; ) {
      const keyEnd = at + 2 + body.readUInt16LE(at);
      const valueEnd = keyEnd + 4 + body.readUInt32LE(keyEnd);
      const key = body.toString('latin1', at + 2, keyEnd);
      if (expected.get(key) !== body.toString('latin1', keyEnd + 4, valueEnd))
        throw this.#wrong(node === undefined ? '' : this.#tree.path(node), `has another extended attribute ${show(key)}`);
      this.#lastXattrs++;
      at = valueEnd;
    }
  }

  #endOfName(): void {
    const node = this.#last;
    if (node !== undefined && this.#lastXattrs !== this.#tree.inode(node).xattrs.size)
      throw this.#wrong(this.#tree.path(node), 'lacks extended attributes');
    this.#last = undefined;
  }

  #content(number: number, checksum: number): void {
    const path = this.#paths.get(number);
    if (path === 0) throw this.#wrong('', 'has a file without a name');
    if (checksum !== this.#tree.inode(path - 1).checksum)
      throw this.#wrong(this.#tree.path(path - 1), 'has other content');
    this.#checksums++;
  }

  end(): Digest {
    if (this.#digest !== undefined && this.#expected !== undefined) throw this.#missing(this.#expected);
    if (this.#digest === undefined || this.#checksums !== this.#files)
      throw this.#wrong('', 'was not read to its end');
    for (let number = 1; number <= this.#product.entryCount + 1; number++) {
      const [said, seen] = [this.#links.get(number), this.#seen.get(number)];
      if (said !== seen)
        throw this.#wrong(this.#tree.path(this.#paths.get(number) - 1), `has ${String(said)} links and not ${String(seen)}`);
    }
    return this.#digest;
  }

  #wrong(path: string, what: string): GatewayError {
    return new GatewayError(
      'CONVERSION_FAILED',
      `The product ${this.#product.path} is not what was put in: ${path === '' ? 'it' : show(path)} ${what}. Pull again; if it lasts, the packer is at fault.`,
    );
  }
}
