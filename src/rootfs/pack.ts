/**
 * The merged tree becomes a squashfs: of the segments of its layers, or through mksquashfs.
 */
import { chmod, rm, stat } from 'node:fs/promises';
import { startChild, type RunningChild } from '../lib/child.js';
import { abortReason, errnoOf, GatewayError } from '../lib/errors.js';
import { fullDisk, saysFullDisk } from './full-disk.js';
import type { LayerIndex } from './layer.js';
import { PackerInput } from './packer-input.js';
import { packerFor, type Packer } from './packers.js';
import { distinctSegments, writePlan } from './plan-segments.js';
import { planTar, writeTar } from './plan-tar.js';
import type { SquashfsOptions } from './settings.js';
import { shapeArguments, startSquash } from './squash.js';
import type { RootfsTools } from './tools.js';
import { Pacer } from './pacer.js';
import type { Tree } from './tree.js';

/** Of a squashfs: it counts seconds from 1970 in 32 bits. */
const LATEST_TIME = 2 ** 32 - 1;

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
  /** When the image was made, for the file system's own time stamp: the nearest that a squashfs can have. */
  readonly created?: Date;
  readonly signal: AbortSignal;
}

export interface PackedProduct {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Program, version and every argument that shapes the product. */
  readonly packer: string;
  /** Paths, the root not counted. */
  readonly entryCount: number;
  /** mksquashfs takes the root's time from elsewhere. */
  readonly hasOtherRootTime?: boolean;
}

/**
 * Segments are used up by it.
 *
 * @throws GatewayError CONVERSION_FAILED, NO_SPACE (naming the output), BAD_LAYER, PACKER_MISSING, or the reason of
 *   `signal`. Nothing is left then.
 */
export async function packSquashfs(
  tree: Tree,
  layers: readonly LayerIndex[],
  options: PackOptions,
): Promise<PackedProduct> {
  const packer = packerFor(options.tools, options.squashfs);
  const totals = await totalsOf(tree, options.signal);
  const made = options.created === undefined ? 0 : Math.floor(options.created.getTime() / 1000);
  const epoch = Math.min(Math.max(totals.newest, made, 0), LATEST_TIME);
  const child = start(packer, tree, layers, epoch, options);
  try {
    const input = new PackerInput(child);
    if (packer.kind === 'segments') await writePlan(input, tree, layers, options.signal);
    else await writeTar(input, await planTar(tree, options.signal), layers, options);
    await input.end();
    await child.done;
    // As it is published: a product with other permissions would have to be copied, not linked.
    await chmod(options.output, options.fileMode ?? 0o600);
    const { size } = await stat(options.output);
    return {
      path: options.output,
      size,
      packer: packer.identity,
      entryCount: totals.entryCount,
      hasOtherRootTime: packer.kind === 'tar',
    };
  } catch (error) {
    // Before its input ends: an orderly end of file would make a valid image of half the files.
    child.kill(new GatewayError('CONVERSION_FAILED', 'The layers could not be read to their end.'));
    const ended: unknown = await child.done.then(
      () => error,
      (failure: unknown) => failure,
    );
    const failure = await packingError(error, ended, child.stderrTail(), options.output);
    await rm(options.output, { force: true });
    throw options.signal.aborted ? abortReason(options.signal) : failure;
  } finally {
    for (const { path } of distinctSegments(layers)) await rm(path, { force: true });
  }
}

function start(
  packer: Packer,
  tree: Tree,
  layers: readonly LayerIndex[],
  epoch: number,
  options: PackOptions,
): RunningChild {
  const { output, squashfs, signal, timeLimitMs } = options;
  if (packer.kind === 'segments') {
    const files = distinctSegments(layers).flatMap(({ path, isKept }) => [isKept ? 'keep' : 'use', path]);
    const args = [
      'pack',
      ...shapeArguments(squashfs),
      '--mtime',
      String(epoch),
      '--output',
      output,
      ...files,
    ];
    return startSquash(packer.tool, args, {
      stdin: 'pipe',
      signal,
      timeLimitMs,
      damaged: 'CONVERSION_FAILED',
    });
  }
  return startChild({
    command: packer.tool.path,
    args: packer.args({ ...options, root: tree.inode(tree.root) }),
    // Also clamps later times to it: so it is the latest there is.
    env: { ...process.env, LC_ALL: 'C', SOURCE_DATE_EPOCH: String(epoch) },
    stdin: 'pipe',
    signal,
    timeLimitMs,
    errorCode: 'CONVERSION_FAILED',
    missingCode: 'PACKER_MISSING',
  });
}

interface Totals {
  readonly entryCount: number;
  /** The latest time of all entries, seconds since 1970. */
  readonly newest: number;
}

async function totalsOf(tree: Tree, signal: AbortSignal): Promise<Totals> {
  const pacer = new Pacer(signal);
  let entryCount = 0;
  let newest = tree.inode(tree.root).mtime;
  for (const node of tree.walk()) {
    if (pacer.isDue()) await pacer.rest();
    entryCount++;
    newest = Math.max(newest, tree.inode(node).mtime);
  }
  return { entryCount, newest };
}

async function packingError(error: unknown, ended: unknown, said: string, output: string): Promise<unknown> {
  // A broken pipe is only how the packer's own end looks from here.
  if (error instanceof GatewayError && error.code !== 'CONVERSION_FAILED' && error.code !== 'NO_SPACE')
    return error;
  const isFull =
    (ended instanceof GatewayError && ended.code === 'NO_SPACE') ||
    saysFullDisk(said) ||
    errnoOf(error) === 'ENOSPC';
  if (!isFull) return ended;
  return fullDisk(output, ended);
}
