/**
 * Reads a product back and compares it with what was to be in it: every path, type, mode, owner, time, link target, size
 * and extended attribute, and a checksum of every file, which was taken when its layer was proved. squashfs has no
 * checksums of content, and packers have written wrong images with exit status 0: so nothing is published that has not
 * been read.
 */
import { rm } from 'node:fs/promises';
import { parseDigest, type Digest } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import type { PackedProduct } from './pack.js';
import { Pacer } from './pacer.js';
import { deviceNumber } from './plan-segments.js';
import { RecordReader, saidBy, startSquash } from './squash.js';
import { show } from './tar-entry.js';
import type { RootfsTools } from './tools.js';
import { nodeAt, walk, type Inode, type InodeType, type TreeNode } from './tree.js';

export interface VerifyOptions {
  readonly tools: RootfsTools;
  /** Threads that read. */
  readonly processors: number;
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

export interface VerifiedProduct extends PackedProduct {
  readonly sha256: Digest;
}

/**
 * Gives the product with its digest. One that could not be proved is removed.
 *
 * @throws GatewayError CONVERSION_FAILED naming the first difference; the reason of `signal`.
 */
export async function verifyProduct(
  product: PackedProduct,
  root: TreeNode,
  options: VerifyOptions,
): Promise<VerifiedProduct> {
  try {
    return { ...product, sha256: await compare(product, root, options) };
  } catch (error) {
    await rm(product.path, { force: true });
    throw error;
  }
}

async function compare(product: PackedProduct, root: TreeNode, options: VerifyOptions): Promise<Digest> {
  const comparison = new Comparison(product, root);
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
  return comparison.end(new Pacer(signal));
}

const TYPES: Readonly<Record<string, InodeType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'char',
  b: 'block',
  p: 'fifo',
};

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
  readonly path: string;
  readonly target: string;
}

function found(body: Buffer): Found {
  const pathEnd = 33 + body.readUInt16LE(31);
  return {
    type: TYPES[String.fromCharCode(body[0] ?? 0)],
    number: body.readUInt32LE(1),
    mode: body.readUInt16LE(5),
    uid: body.readUInt32LE(7),
    gid: body.readUInt32LE(11),
    mtime: body.readUInt32LE(15),
    size: Number(body.readBigUInt64LE(19)),
    device: body.readUInt32LE(27),
    path: body.toString('latin1', 33, pathEnd),
    target: body.toString('latin1', pathEnd + 2),
  };
}

class Comparison {
  readonly #product: PackedProduct;
  readonly #root: TreeNode;
  /** What stands behind an inode number of the product, and the path that led there first. */
  readonly #inodes: (TreeNode | undefined)[] = [];
  /** Attributes that the last name should have, and has not shown yet. */
  #last: TreeNode | undefined;
  #lastXattrs = 0;
  #checksums = 0;
  #digest: Digest | undefined;

  constructor(product: PackedProduct, root: TreeNode) {
    this.#product = product;
    this.#root = root;
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
    const node = seen.path === '' ? this.#root : nodeAt(this.#root, seen.path);
    if (node === undefined) throw this.#wrong(seen.path, 'is in it, but was not put in');
    if (node.foundBy === this) throw this.#wrong(seen.path, 'is in it twice');
    node.foundBy = this;
    // They count from 1: no index of the array is far away.
    if (seen.number > this.#product.entryCount + 1)
      throw this.#wrong(seen.path, `has the inode number ${String(seen.number)}`);
    const { inode } = node;
    const known = this.#inodes[seen.number];
    if (known !== undefined && known.inode !== inode)
      throw this.#wrong(seen.path, `is a hard link to ${show(known.path)}`);
    this.#inodes[seen.number] = known ?? node;
    this.#compare(seen, inode, node === this.#root);
    this.#last = node;
    this.#lastXattrs = 0;
  }

  #compare(seen: Found, inode: Inode, isRoot: boolean): void {
    const differences = [
      seen.type === inode.type || `is a ${String(seen.type)} and not a ${inode.type}`,
      seen.mode === inode.mode ||
        inode.type === 'symlink' ||
        `has mode ${seen.mode.toString(8)} and not ${inode.mode.toString(8)}`,
      (seen.uid === inode.uid && seen.gid === inode.gid) ||
        `belongs to ${String(seen.uid)}:${String(seen.gid)}`,
      // mksquashfs takes the root's from the file system.
      isRoot ||
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
    const expected = this.#last?.inode.xattrs;
    for (let at = 0; at < body.length;) {
      const keyEnd = at + 2 + body.readUInt16LE(at);
      const valueEnd = keyEnd + 4 + body.readUInt32LE(keyEnd);
      const key = body.toString('latin1', at + 2, keyEnd);
      if (expected?.get(key) !== body.toString('latin1', keyEnd + 4, valueEnd))
        throw this.#wrong(this.#last?.path ?? '', `has another extended attribute ${show(key)}`);
      this.#lastXattrs++;
      at = valueEnd;
    }
  }

  #endOfName(): void {
    const node = this.#last;
    if (node !== undefined && this.#lastXattrs !== node.inode.xattrs.size)
      throw this.#wrong(node.path, 'lacks extended attributes');
    this.#last = undefined;
  }

  #content(number: number, checksum: number): void {
    const node = this.#inodes[number];
    if (node === undefined) throw this.#wrong('', 'has a file without a name');
    if (checksum !== node.inode.checksum) throw this.#wrong(node.path, 'has other content');
    this.#checksums++;
  }

  async end(pacer: Pacer): Promise<Digest> {
    let files = 0;
    const linked = new Set<Inode>();
    for (const node of walk(this.#root)) {
      if (pacer.isDue()) await pacer.rest();
      if (node.foundBy !== this) throw this.#wrong(node.path, 'was put in, but is not in it');
      const { inode } = node;
      if (inode.type !== 'file' || linked.has(inode)) continue;
      files++;
      if (inode.links > 1) linked.add(inode);
    }
    if (this.#digest === undefined || this.#root.foundBy !== this || this.#checksums !== files)
      throw this.#wrong('', 'was not read to its end');
    return this.#digest;
  }

  #wrong(path: string, what: string): GatewayError {
    return new GatewayError(
      'CONVERSION_FAILED',
      `The product ${this.#product.path} is not what was put in: ${path === '' ? 'it' : show(path)} ${what}. Pull again; if it lasts, the packer is at fault.`,
    );
  }
}
