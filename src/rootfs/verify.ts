/**
 * Reads a product back and compares it with what was fed: every path, type, mode, owner, time, link target and size, and a
 * checksum of every file. squashfs has no checksums of content, and packers have written wrong images with exit
 * status 0: so nothing is published that has not been read.
 */
import { crc32 } from 'node:zlib';
import { startChild } from '../lib/child.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { Pacer } from './pacer.js';
import type { PackedProduct } from './pack.js';
import { show, type TarEntry } from './tar-entry.js';
import { TarParser } from './tar-parser.js';
import type { RootfsTools } from './tools.js';
import { nodeAt, walk, type Inode, type TreeNode } from './tree.js';

export interface VerifyOptions {
  readonly tools: RootfsTools;
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

/**
 * @throws GatewayError CONVERSION_FAILED naming the first difference; the reason of `signal`.
 */
export async function verifyProduct(
  product: PackedProduct,
  root: TreeNode,
  options: VerifyOptions,
): Promise<void> {
  const found = new Set<TreeNode>();
  let current: { readonly node: TreeNode; checksum: number } | undefined;

  const parser = new TarParser(
    {
      entry(entry) {
        const path = plainPath(entry.name);
        if (path === '' || path === '.') {
          compareRoot(product, root.inode, entry);
          return false;
        }
        const node = nodeAt(root, path);
        if (node === undefined) throw wrong(product, path, 'is in it, but was not put in');
        if (found.has(node)) throw wrong(product, path, 'is in it twice');
        found.add(node);
        const { inode } = node;
        if (entry.type === 'hardlink') {
          if (nodeAt(root, plainPath(entry.linkName))?.inode !== inode)
            throw wrong(product, path, `is a hard link to ${show(entry.linkName)}`);
          return false;
        }
        compare(product, path, inode, entry);
        if (inode.type !== 'file') return false;
        current = { node, checksum: 0 };
        return true;
      },
      body(chunk) {
        if (current !== undefined) current.checksum = crc32(chunk, current.checksum);
      },
      bodyEnd() {
        if (current !== undefined && (current.checksum | 0) !== current.node.inode.checksum) {
          throw wrong(product, current.node.path, 'has other content');
        }
        current = undefined;
      },
    },
    { paxBytes: 1 << 22, longNameBytes: 1 << 16 },
  );

  const child = startChild({
    command: options.tools.sqfs2tar,
    // With an entry for the root, and an error for what a tar can't hold.
    args: ['--root-becomes', '.', '--no-skip', product.path],
    stdout: 'pipe',
    signal: options.signal,
    timeLimitMs: options.timeLimitMs,
    errorCode: 'CONVERSION_FAILED',
    missingCode: 'PACKER_MISSING',
  });
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) parser.write(chunk as Buffer);
    await child.done;
    parser.end();
  } catch (error) {
    child.kill(new GatewayError('CONVERSION_FAILED', 'The product is not what was put in.'));
    await child.done.catch(() => {});
    if (options.signal.aborted) throw abortReason(options.signal);
    if (error instanceof GatewayError && error.code === 'BAD_LAYER') {
      throw new GatewayError(
        'CONVERSION_FAILED',
        `The product ${product.path} can't be read back: ${error.message}.`,
        { cause: error },
      );
    }
    throw error;
  }
  const pacer = new Pacer(options.signal);
  for (const node of walk(root)) {
    if (pacer.isDue()) await pacer.rest();
    if (!found.has(node)) throw wrong(product, node.path, 'was put in, but is not in it');
  }
}

/** As sqfs2tar and the packer's tar may write it: `./a/b/`. */
function plainPath(name: string): string {
  return name.replace(/^\.?\/+/, '').replace(/\/+$/, '');
}

/** Its time is not compared: mksquashfs takes that of the file system. */
function compareRoot(product: PackedProduct, inode: Inode, entry: TarEntry): void {
  if (
    entry.type !== 'directory' ||
    entry.mode !== inode.mode ||
    entry.uid !== inode.uid ||
    entry.gid !== inode.gid
  ) {
    throw wrong(
      product,
      '/',
      `has mode ${entry.mode.toString(8)} and belongs to ${String(entry.uid)}:${String(entry.gid)}`,
    );
  }
}

function compare(product: PackedProduct, path: string, inode: Inode, entry: TarEntry): void {
  const differences = [
    entry.type === inode.type || `is a ${entry.type} and not a ${inode.type}`,
    entry.mode === inode.mode ||
      inode.type === 'symlink' ||
      `has mode ${entry.mode.toString(8)} and not ${inode.mode.toString(8)}`,
    (entry.uid === inode.uid && entry.gid === inode.gid) ||
      `belongs to ${String(entry.uid)}:${String(entry.gid)}`,
    entry.mtime === inode.mtime || `has the time ${String(entry.mtime)} and not ${String(inode.mtime)}`,
    inode.type !== 'file' ||
      entry.size === inode.size ||
      `has ${String(entry.size)} bytes and not ${String(inode.size)}`,
    inode.type !== 'symlink' ||
      entry.linkName === inode.linkTarget ||
      `leads to ${show(entry.linkName)} and not to ${show(inode.linkTarget)}`,
  ];
  if (!sameAttributes(inode.xattrs, entry.xattrs))
    throw wrong(product, path, 'has other extended attributes');
  const first = differences.find((difference) => difference !== true);
  if (typeof first === 'string') throw wrong(product, path, first);
}

function sameAttributes(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

function wrong(product: PackedProduct, path: string, what: string): GatewayError {
  return new GatewayError(
    'CONVERSION_FAILED',
    `The product ${product.path} is not what was put in: ${show(path)} ${what}. Pull again; if it lasts, the packer is at fault.`,
  );
}
