/**
 * The one pass over a layer: proves its diffID, notes what is in it, and turns its file bodies into a segment, the
 * squashfs blocks of that layer, of which the product is put together later. imagegw-squash reads the bytes; the headers
 * come here, are parsed here, and all rules about them are kept here.
 */
import { open } from 'node:fs/promises';
import type { RunningChild } from '../lib/child.js';
import { digestAlgorithm, digestHex } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { EntryKeeper } from './entry-keeper.js';
import { fullDisk } from './full-disk.js';
import {
  aboutLayer,
  beyondMaxBytes,
  maxBytesOf,
  readably,
  type Layer,
  type LayerBlob,
  type LayerIndex,
  type Scanned,
  type Segment,
} from './layer.js';
import { scanSparseLayer } from './scan-sparse-layer.js';
import type { RootfsLimits, SquashfsOptions } from './settings.js';
import { RecordReader, shapeArguments, startSquash } from './squash.js';
import { bad } from './tar-entry.js';
import type { RootfsTools } from './tools.js';

export interface SegmentOptions {
  /** Where it goes; whoever owns that place removes it. Must not exist. */
  readonly path: string;
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
  /** Told of each entry that is kept in memory. */
  readonly onEntry?: (() => void) | undefined;
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
  const output = segmentArguments(options.segment);
  const segment: Segment | undefined =
    options.segment === undefined ? undefined : { path: options.segment.path, isKept: false };
  try {
    const scanned =
      (await scanPlain(layer, options, output)) ?? (await scanSparseLayer(layer, { ...options, output }));
    requireDiffId(layer, scanned);
    return {
      layer,
      blob: layer,
      entries: scanned.entries,
      bytes: scanned.bytes,
      segment,
      isSparse: scanned.isSparse,
    };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (segment !== undefined && error instanceof GatewayError && error.code === 'NO_SPACE')
      throw await fullDisk(segment.path, error);
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
  const reading = readRecords(options.limits, options.onEntry);
  await runScan(layer, options, output, reading);
  return reading.end();
}

/** What the records of a pass (native/squash/scan.c) say. */
function readRecords(
  limits: RootfsLimits,
  onEntry: (() => void) | undefined,
): {
  readonly records: RecordReader;
  /** Names the entry that was read last in an error about the layer. */
  atEntry(error: unknown): unknown;
  /** Undefined when the layer holds a sparse file. @throws GatewayError BAD_LAYER */
  end(): Scanned | undefined;
} {
  const { entries, parser } = new EntryKeeper(limits, onEntry);
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
  return {
    records,
    atEntry: (error) => parser.atEntry(error),
    end() {
      if (isSparse) return undefined;
      parser.end();
      if (end === undefined || !records.isComplete) throw bad('it was not read to its end');
      return { entries, ...end, isSparse: false };
    },
  };
}

function requireDiffId(layer: Layer, { diffHex }: Scanned): void {
  if (diffHex === digestHex(layer.diffId)) return;
  throw bad(`its uncompressed data is not what the image configuration promises (${layer.diffId})`);
}

async function runScan(
  layer: LayerBlob,
  { tools, limits, signal }: ScanOptions,
  output: readonly string[],
  { records, atEntry }: Pick<ReturnType<typeof readRecords>, 'records' | 'atEntry'>,
): Promise<void> {
  const args = [
    ...['scan', '--hash', digestAlgorithm(layer.diffId), '--max-bytes', String(maxBytesOf(layer, limits))],
    ...['--max-extension', String(Math.max(limits.paxBytes, limits.longNameBytes)), ...output],
  ];
  const file = await open(layer.path, 'r');
  try {
    await readOutput(
      startSquash(tools.squash, args, { stdin: file.fd, stdout: 'pipe', signal, damaged: 'BAD_LAYER' }),
      records,
    );
  } catch (error) {
    throw readably(error, layer, limits, atEntry);
  } finally {
    await file.close();
  }
}

/** @throws GatewayError for a rule about an entry, or for how the program ended; it is gone then. */
async function readOutput(child: RunningChild, records: RecordReader): Promise<void> {
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) records.write(chunk as Buffer);
    await child.done;
  } catch (error) {
    child.kill(new GatewayError('CANCELLED', 'The layer is of no use.'));
    await child.done.catch(() => {});
    throw error;
  }
}

/**
 * The same from a segment that was kept: no byte of the layer is read. All rules are kept again, as they are now.
 *
 * @throws GatewayError CONVERSION_FAILED when it is not as it was written, else as scanLayer.
 */
export async function replayLayer(
  layer: Layer,
  segment: Segment,
  { tools, limits, onEntry, signal }: Pick<ScanOptions, 'tools' | 'limits' | 'onEntry' | 'signal'>,
): Promise<LayerIndex> {
  const reading = readRecords(limits, onEntry);
  try {
    await readOutput(
      startSquash(tools.squash, ['replay', segment.path], { stdout: 'pipe', signal, damaged: 'CONVERSION_FAILED' }),
      reading.records,
    );
    const scanned = reading.end();
    if (scanned === undefined) throw bad('it was not read to its end');
    if (scanned.bytes > maxBytesOf(layer, limits)) throw beyondMaxBytes(layer, limits);
    requireDiffId(layer, scanned);
    return { layer, blob: undefined, entries: scanned.entries, bytes: scanned.bytes, segment, isSparse: false };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    throw aboutLayer(layer, error);
  }
}

function segmentArguments(options: SegmentOptions | undefined): string[] {
  if (options === undefined) return [];
  const { path, squashfs, threads, memoryBytes } = options;
  const slots = Math.max(
    2 * threads + 2,
    Math.min(MAX_SLOTS, Math.floor(memoryBytes / (2 * squashfs.blockSize))),
  );
  return [
    ...shapeArguments(squashfs),
    ...['--threads', String(threads), '--slots', String(slots)],
    ...['--segment', path],
  ];
}
