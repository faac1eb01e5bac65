/**
 * Second pass: the merged tree goes into the packer as one flat tar, each path once, in a fixed order: directories
 * (parents first), file bodies as they lie in the layers, everything else, hard links last. Bodies are copied from
 * the inflated layers on the fly; no tree and no tar touches the disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startChild, type RunningChild } from '../lib/child.js';
import { finishDigest, type Digest } from '../lib/digest.js';
import { abortReason, errnoOf, GatewayError } from '../lib/errors.js';
import { BodyCutter } from './bodies.js';
import { inflate } from './inflate.js';
import { PackerInput } from './packer-input.js';
import { packerFor } from './packers.js';
import { planOf, type PackPlan } from './plan.js';
import { aboutLayer, type LayerIndex } from './scan-layer.js';
import type { SquashfsOptions } from './settings.js';
import { bad } from './tar-entry.js';
import { tarEnd, tarHeader } from './tar-writer.js';
import type { RootfsTools } from './tools.js';
import type { TreeNode } from './tree.js';

export interface PackOptions {
  /** Must not exist; removed when packing fails. */
  readonly output: string;
  readonly tools: RootfsTools;
  readonly squashfs: SquashfsOptions;
  /** Bound of the packer's memory in bytes. */
  readonly memoryBytes: number;
  readonly processors: number;
  readonly timeLimitMs: number;
  /** Permission bits of the product; 0600 when not given. */
  readonly fileMode?: number;
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
  /** Program, version and every argument that shapes the product. */
  readonly packer: string;
  readonly entryCount: number;
}

/**
 * @throws GatewayError CONVERSION_FAILED, NO_SPACE (naming the output), BAD_LAYER, or the reason of `signal`. Nothing
 *   is left then.
 */
export async function packSquashfs(
  root: TreeNode,
  layers: readonly LayerIndex[],
  options: PackOptions,
): Promise<PackedProduct> {
  const plan = await planOf(root, options.signal);
  const packer = packerFor(options.tools, options.squashfs);
  const made = options.created === undefined ? 0 : Math.floor(options.created.getTime() / 1000);
  const epoch = Math.max(plan.newest, made, 0);
  const { command, args, env } = packer.run({ ...options, root: root.inode, epoch });
  const child = startChild({
    command,
    args,
    env: { ...process.env, LC_ALL: 'C', ...env },
    stdin: 'pipe',
    signal: options.signal,
    timeLimitMs: options.timeLimitMs,
    errorCode: 'CONVERSION_FAILED',
    missingCode: 'PACKER_MISSING',
  });
  try {
    await feed(child, plan, layers, options);
    await child.done;
    // As it is published: a product with other permissions would have to be copied, not linked.
    await chmod(options.output, options.fileMode ?? 0o600);
    const { size } = await stat(options.output);
    const sha256 = await sha256OfFile(options.output, options.signal);
    return {
      path: options.output,
      size,
      sha256,
      packer: packer.identity,
      entryCount: plan.entryCount,
    };
  } catch (error) {
    // Before its input ends: an orderly end of file would make a valid image of half the files.
    child.kill(new GatewayError('CONVERSION_FAILED', 'The layers could not be read to their end.'));
    const ended: unknown = await child.done.then(
      () => error,
      (failure: unknown) => failure,
    );
    const free = await freeBytes(options.output);
    await rm(options.output, { force: true });
    if (options.signal.aborted) throw abortReason(options.signal);
    throw packingError(error, ended, child.stderrTail(), options.output, { free, needed: plan.bytes });
  }
}

/** The checksum of each file's body is noted in its inode. */
async function feed(
  child: RunningChild,
  plan: PackPlan,
  layers: readonly LayerIndex[],
  options: PackOptions,
): Promise<void> {
  const input = new PackerInput(child);
  await input.write(tarHeader('.', plan.root));
  for (const node of plan.directories) await input.write(tarHeader(node.path, node.inode));
  let bytesBefore = 0;
  for (const [number, index] of layers.entries()) {
    const files = plan.files.get(number);
    if (files === undefined) continue;
    const cutter = new BodyCutter(files);
    try {
      for await (const chunk of inflate(index.layer.path, options.tools, options.signal)) {
        for (const piece of cutter.cut(chunk)) if (input.push(piece)) await input.flush();
        options.onProgress?.(bytesBefore + cutter.bytesDone, plan.bytes);
        // The rest of the layer was proved in the first pass.
        if (cutter.isDone) break;
      }
      if (!cutter.isDone) throw bad('its blob has changed since it was read first');
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
    bytesBefore += cutter.bytesDone;
  }
  for (const node of plan.others) await input.write(tarHeader(node.path, node.inode));
  for (const { node, target } of plan.hardLinks)
    await input.write(tarHeader(node.path, node.inode, target.path));
  await input.write(tarEnd());
  await input.end();
}

interface Room {
  /** Bytes that the output's file system has left, after the failure. */
  readonly free: number;
  /** Bytes of all files, not compressed. */
  readonly needed: number;
}

function packingError(
  error: unknown,
  ended: unknown,
  said: string,
  output: string,
  { free, needed }: Room,
): unknown {
  // A broken pipe is only how the packer's own end looks from here.
  if (error instanceof GatewayError && error.code !== 'CONVERSION_FAILED') return error;
  // tar2sqfs calls a full disk an "I/O error", and has removed its output by now.
  const isFull =
    /No space left on device/.test(said) ||
    (/I\/O error/.test(said) && free < needed) ||
    errnoOf(error) === 'ENOSPC';
  if (!isFull) return ended;
  const message = `The disk of ${output} is full: ${String(free)} bytes are free there, and up to ${String(needed)} are needed. Free some room and pull again.`;
  return new GatewayError('NO_SPACE', message, { cause: ended });
}

async function freeBytes(output: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(output)).catch(() => ({ bavail: Infinity, bsize: 1 }));
  return bavail * bsize;
}

async function sha256OfFile(path: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }))
    hash.update(chunk as Buffer);
  return finishDigest(hash, 'sha256');
}
