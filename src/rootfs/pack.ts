/**
 * Second pass: the merged tree goes into mksquashfs as one flat tar, each path once, in a fixed order: directories
 * (parents first), file bodies as they lie in the layers, everything else, hard links last. Bodies are copied from
 * the inflated layers on the fly; no tree and no tar touches the disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, rm, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { startChild, type RunningChild } from '../lib/child.js';
import { finishDigest, type Digest } from '../lib/digest.js';
import { abortReason, errnoOf, GatewayError } from '../lib/errors.js';
import { inflate } from './inflate.js';
import { aboutLayer, type LayerIndex } from './scan-layer.js';
import type { SquashfsOptions } from './settings.js';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';
import type { RootfsTools } from './tools.js';
import { walk, type Inode, type TreeNode } from './tree.js';

export interface PackOptions {
  /** Must not exist; removed when packing fails. */
  readonly output: string;
  readonly tools: RootfsTools;
  readonly squashfs: SquashfsOptions;
  /** Bound of the packer's memory in bytes. */
  readonly memoryBytes: number;
  readonly processors: number;
  readonly timeLimitMs: number;
  /** Permission bits of the product. */
  readonly fileMode: number;
  /** When the image was made, for the file system's own time stamp. */
  readonly created?: Date;
  readonly signal: AbortSignal;
  /** File bytes that have gone in, of all. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

export interface PackedProduct {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  readonly packer: string;
  readonly entryCount: number;
  /** What went in: checksum of each file's body. */
  readonly checksums: ReadonlyMap<Inode, number>;
}

/**
 * @throws GatewayError CONVERSION_FAILED, NO_SPACE (naming the output), BAD_LAYER, or the reason of `signal`. Nothing
 *   is left then.
 */
export async function packSquashfs(root: TreeNode, layers: readonly LayerIndex[], options: PackOptions): Promise<PackedProduct> {
  const plan = planOf(root);
  const args = packerArguments(options, root);
  const newest = plan.newest;
  const epoch = Math.max(newest, Math.floor((options.created?.getTime() ?? 0) / 1000), 0);
  const child = startChild({
    command: options.tools.mksquashfs,
    args,
    // Clamps later times to it: so it is the latest there is.
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdin: 'pipe',
    signal: options.signal,
    timeLimitMs: options.timeLimitMs,
    errorCode: 'CONVERSION_FAILED',
    missingCode: 'PACKER_MISSING',
  });
  const checksums = new Map<Inode, number>();
  try {
    await feed(child, plan, layers, options, checksums);
    await child.done;
    // As it is published: a product with other permissions would have to be copied, not linked.
    await chmod(options.output, options.fileMode);
    const { size } = await stat(options.output);
    return {
      path: options.output,
      size,
      sha256: await sha256OfFile(options.output, options.signal),
      packer: `mksquashfs ${options.tools.mksquashfsVersion} ${identityArguments(options).join(' ')}`.trim(),
      entryCount: plan.entryCount,
      checksums,
    };
  } catch (error) {
    // Before its input ends: an orderly end of file would make a valid image of half the files.
    child.kill(new GatewayError('CONVERSION_FAILED', 'The layers could not be read to their end.'));
    const ended: unknown = await child.done.then(
      () => error,
      (failure: unknown) => failure,
    );
    await rm(options.output, { force: true });
    if (options.signal.aborted) throw abortReason(options.signal);
    throw packingError(error, ended, child, options.output);
  }
}

interface Plan {
  /** Directories, parents first. */
  readonly directories: readonly (readonly [string, Inode])[];
  /** Files with a body, by layer, in the order of their bodies. */
  readonly files: readonly (readonly (readonly [string, Inode])[])[];
  /** Empty files, links, special files. */
  readonly others: readonly (readonly [string, Inode])[];
  readonly hardLinks: readonly (readonly [path: string, inode: Inode, target: string])[];
  readonly bytes: number;
  readonly entryCount: number;
  readonly newest: number;
}

function planOf(root: TreeNode): Plan {
  const directories: (readonly [string, Inode])[] = [];
  const files: (readonly [string, Inode])[][] = [];
  const others: (readonly [string, Inode])[] = [];
  const hardLinks: (readonly [string, Inode, string])[] = [];
  const first = new Map<Inode, string>();
  let bytes = 0;
  let entryCount = 0;
  let newest = root.inode.mtime;
  for (const [path, node] of walk(root)) {
    const { inode } = node;
    entryCount++;
    newest = Math.max(newest, inode.mtime);
    const target = first.get(inode);
    if (node.children !== undefined) directories.push([path, inode]);
    else if (target !== undefined) hardLinks.push([path, inode, target]);
    else {
      first.set(inode, path);
      if (inode.type === 'file' && inode.size > 0) {
        bytes += inode.size;
        (files[inode.layer] ??= []).push([path, inode]);
      } else others.push([path, inode]);
    }
  }
  for (const ofLayer of files) (ofLayer as (readonly [string, Inode])[] | undefined)?.sort(([, a], [, b]) => a.offset - b.offset);
  return { directories, files, others, hardLinks, bytes, entryCount, newest };
}

async function feed(child: RunningChild, plan: Plan, layers: readonly LayerIndex[], options: PackOptions, checksums: Map<Inode, number>): Promise<void> {
  const write = writerTo(child);
  for (const [path, inode] of plan.directories) await write(tarHeader(path, inode));
  let bytesDone = 0;
  for (const [number, index] of layers.entries()) {
    const files = plan.files[number];
    if (files === undefined || files.length === 0) continue;
    try {
      for await (const piece of bodiesOf(index, files, options)) {
        if (piece.header !== undefined) await write(piece.header);
        if (piece.body !== undefined) {
          checksums.set(piece.inode, crc32(piece.body, checksums.get(piece.inode) ?? 0));
          await write(piece.body);
          bytesDone += piece.body.length;
          options.onProgress?.(bytesDone, plan.bytes);
        }
        if (piece.padding !== undefined) await write(piece.padding);
      }
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
  }
  for (const [path, inode] of plan.others) await write(tarHeader(path, inode));
  for (const [path, inode, target] of plan.hardLinks) await write(tarHeader(path, inode, target));
  await write(tarEnd());
  child.stdin?.end();
}

interface Piece {
  readonly inode: Inode;
  readonly header?: Buffer;
  readonly body?: Buffer;
  readonly padding?: Buffer;
}

/** The wanted bodies of one layer, cut out of its bytes by position. */
async function* bodiesOf(index: LayerIndex, files: readonly (readonly [string, Inode])[], options: PackOptions): AsyncGenerator<Piece, void, undefined> {
  let position = 0;
  let at = 0;
  let begun = false;
  for await (const chunk of inflate(index.layer.path, options.tools, options.signal)) {
    const end = position + chunk.length;
    for (let file = files[at]; file !== undefined; file = files[at]) {
      const [path, inode] = file;
      if (inode.offset >= end) break;
      if (!begun) yield { inode, header: tarHeader(path, inode) };
      begun = true;
      const from = Math.max(inode.offset, position) - position;
      const to = Math.min(inode.offset + inode.size, end) - position;
      if (to > from) yield { inode, body: chunk.subarray(from, to) };
      if (inode.offset + inode.size > end) break;
      yield { inode, padding: tarPadding(inode.size) };
      begun = false;
      at++;
    }
    position = end;
    // The rest of the layer was proved in the first pass.
    if (at === files.length) return;
  }
  throw new GatewayError('BAD_LAYER', 'its blob has changed since it was read first');
}

/** Writes with back-pressure; fails as soon as the child has gone. */
function writerTo(child: RunningChild): (data: Buffer) => Promise<void> {
  const { stdin } = child;
  const gone = child.done.then(() => {
    throw new GatewayError('CONVERSION_FAILED', 'mksquashfs ended before it had read everything.');
  });
  gone.catch(() => {});
  return async (data) => {
    if (stdin === null || data.length === 0) return stdin === null ? gone : undefined;
    if (stdin.destroyed) return gone;
    if (stdin.write(data)) return;
    let onDrain: (() => void) | undefined;
    const drained = new Promise<void>((resolve) => {
      onDrain = resolve;
      stdin.once('drain', resolve);
    });
    try {
      await Promise.race([drained, gone]);
    } finally {
      if (onDrain !== undefined) stdin.off('drain', onDrain);
    }
  };
}

function packerArguments(options: PackOptions, root: TreeNode): string[] {
  return [
    '-',
    options.output,
    '-tar',
    ...identityArguments(options),
    // mksquashfs takes the root's attributes from options, not from the tar.
    '-root-mode',
    (root.inode.mode & 0o7777).toString(8),
    '-mem',
    `${String(Math.max(64, Math.floor(options.memoryBytes / 2 ** 20)))}M`,
    '-processors',
    String(options.processors),
    '-no-progress',
    '-quiet',
  ];
}

/** What shapes the bytes of the product. */
function identityArguments({ squashfs }: PackOptions): string[] {
  const level = squashfs.level === undefined || squashfs.compression === 'lz4' || squashfs.compression === 'xz' ? [] : ['-Xcompression-level', String(squashfs.level)];
  return [
    '-comp',
    squashfs.compression,
    ...level,
    '-b',
    String(squashfs.blockSize),
    // With its duplicate check mksquashfs 4.5 and 4.6 write unreadable images now and then, and exit with 0.
    '-no-duplicates',
    ...(squashfs.extraOptions ?? []),
  ];
}

function packingError(error: unknown, ended: unknown, child: RunningChild, output: string): unknown {
  if (/No space left on device|ENOSPC/.test(child.stderrTail()) || errnoOf(error) === 'ENOSPC') {
    return new GatewayError('NO_SPACE', `The disk of ${output} is full: free some room there and pull again.`, { cause: error });
  }
  // A broken pipe is only how the packer's own end looks from here.
  const isOurs = error instanceof GatewayError && error.code !== 'CONVERSION_FAILED';
  return isOurs ? error : ended;
}

async function sha256OfFile(path: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return finishDigest(hash, 'sha256');
}
