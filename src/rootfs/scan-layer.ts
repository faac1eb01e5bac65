/**
 * The one pass over a layer: proves its diffID, notes what is in it, and turns its file bodies into a segment, the
 * squashfs blocks of that layer, of which the product is put together later. imagegw-squash reads the bytes; the headers
 * come here, are parsed here, and all rules about them are kept here.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { digestAlgorithm, digestHex } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { EntryKeeper } from './entry-keeper.js';
import { fullDisk } from './full-disk.js';
import {
  aboutLayer,
  maxBytesOf,
  readably,
  type LayerBlob,
  type LayerIndex,
  type Scanned,
  type SegmentFiles,
} from './layer.js';
import { scanSparseLayer } from './scan-sparse-layer.js';
import type { RootfsLimits, SquashfsOptions } from './settings.js';
import { RecordReader, shapeArguments, startSquash } from './squash.js';
import { bad } from './tar-entry.js';
import type { RootfsTools } from './tools.js';

export interface SegmentOptions {
  /** Where the segments go; whoever owns the directory removes them. */
  readonly directory: string;
  readonly squashfs: SquashfsOptions;
  /** Threads that compress. */
  readonly threads: number;
  /** Bound of the memory for blocks, in bytes. */
  readonly memoryBytes: number;
}

export interface ScanOptions {
  readonly tools: RootfsTools;
  readonly limits: RootfsLimits;
  /** Without it the bodies are only checked: for packers that read a tar. */
  readonly segment?: SegmentOptions | undefined;
  readonly signal: AbortSignal;
}

/** Blocks that wait for a thread; more gives nothing. Each is there raw and compressed. */
const MAX_SLOTS = 64;

/**
 * @throws GatewayError BAD_LAYER naming the layer, and the entry where there is one; NO_SPACE for a segment; the reason
 *   of `signal`.
 */
export async function scanLayer(layer: LayerBlob, options: ScanOptions): Promise<LayerIndex> {
  const { signal } = options;
  const segment = options.segment === undefined ? undefined : segmentFiles(layer, options.segment.directory);
  const output = segment === undefined ? [] : segmentArguments(segment, options);
  try {
    const scanned =
      (await scanPlain(layer, options, output)) ?? (await scanSparseLayer(layer, { ...options, output }));
    if (scanned.diffHex !== digestHex(layer.diffId)) {
      throw bad(`its uncompressed data is not what the image configuration promises (${layer.diffId})`);
    }
    return { layer, entries: scanned.entries, bytes: scanned.bytes, segment };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (segment !== undefined && error instanceof GatewayError && error.code === 'NO_SPACE')
      throw await fullDisk(segment.data, error);
    throw aboutLayer(layer, error);
  }
}

/** In place of a file's number: its body is not in the segment. */
const NO_FILE = 2 ** 32 - 1;

/** Undefined when the layer holds a sparse file. */
async function scanPlain(
  layer: LayerBlob,
  options: ScanOptions,
  output: readonly string[],
): Promise<Scanned | undefined> {
  const { limits } = options;
  const { entries, parser } = new EntryKeeper(limits);
  let end: { readonly bytes: number; readonly diffHex: string } | undefined;
  let isSparse = false as boolean;
  const records = new RecordReader((kind, body) => {
    if (kind === 'h') parser.write(body);
    else if (kind === 'b') {
      parser.skip(Number(body.readBigUInt64LE(0)));
      parser.skip(body.readUInt32LE(8));
      const file = body.readUInt32LE(12);
      entries.setBody(entries.length - 1, body.readUInt32LE(16), file === NO_FILE ? undefined : file);
    } else if (kind === 'z') parser.skip(Number(body.readBigUInt64LE(0)));
    else if (kind === 's') isSparse = true;
    else end = { bytes: Number(body.readBigUInt64LE(0)), diffHex: body.toString('hex', 8) };
  });
  await runScan(layer, options, output, records);
  if (isSparse) return undefined;
  parser.end();
  if (end === undefined || !records.isComplete) throw bad('it was not read to its end');
  return { entries, ...end };
}

async function runScan(
  layer: LayerBlob,
  { tools, limits, signal }: ScanOptions,
  output: readonly string[],
  records: RecordReader,
): Promise<void> {
  const args = [
    ...['scan', '--hash', digestAlgorithm(layer.diffId), '--max-bytes', String(maxBytesOf(layer, limits))],
    ...['--max-extension', String(Math.max(limits.paxBytes, limits.longNameBytes)), ...output],
  ];
  const file = await open(layer.path, 'r');
  try {
    const child = startSquash(tools.squash, args, {
      stdin: file.fd,
      stdout: 'pipe',
      signal,
      damaged: 'BAD_LAYER',
    });
    try {
      if (child.stdout !== null) for await (const chunk of child.stdout) records.write(chunk as Buffer);
      await child.done;
    } catch (error) {
      // A rule about an entry, or how the program ended.
      child.kill(new GatewayError('CANCELLED', 'The layer is of no use.'));
      await child.done.catch(() => {});
      throw readably(error, layer, limits);
    }
  } finally {
    await file.close();
  }
}

function segmentFiles(layer: LayerBlob, directory: string): SegmentFiles {
  const name = join(directory, digestHex(layer.digest));
  return { data: `${name}.segment`, index: `${name}.segment-index` };
}

function segmentArguments(segment: SegmentFiles, { segment: options }: ScanOptions): string[] {
  if (options === undefined) return [];
  const { squashfs, threads, memoryBytes } = options;
  const slots = Math.max(
    2 * threads + 2,
    Math.min(MAX_SLOTS, Math.floor(memoryBytes / (2 * squashfs.blockSize))),
  );
  return [
    ...shapeArguments(squashfs),
    ...['--threads', String(threads), '--slots', String(slots)],
    ...['--data', segment.data, '--index', segment.index],
  ];
}
