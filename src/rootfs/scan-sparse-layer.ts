/**
 * The pass over a layer that holds sparse files, which are rare: the archive is read here, and once more to write every
 * body out, holes as zeros, for imagegw-squash to make the segment of.
 */
import { hasherFor } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { BodyCutter } from './bodies.js';
import { EntryKeeper } from './entry-keeper.js';
import type { EntryTable } from './entry-table.js';
import { inflate } from './inflate.js';
import { beyondMaxBytes, maxBytesOf, tooManyBytes, type LayerBlob, type Scanned } from './layer.js';
import { PackerInput } from './packer-input.js';
import type { RootfsLimits } from './settings.js';
import { RecordReader, startSquash } from './squash.js';
import { bad } from './tar-entry.js';
import { PLAIN_FILE, tarEnd } from './tar-writer.js';
import type { RootfsTools } from './tools.js';

export interface SparseScanOptions {
  readonly tools: RootfsTools;
  readonly limits: RootfsLimits;
  /** Arguments of `imagegw-squash scan` that say where the segment goes; empty for none. */
  readonly output: readonly string[];
  /** Told of each entry that is kept in memory. */
  readonly onEntry?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** @throws GatewayError as scanLayer does, the layer not yet named. */
export async function scanSparseLayer(layer: LayerBlob, options: SparseScanOptions): Promise<Scanned> {
  const { limits, tools, signal, onEntry } = options;
  const keep = new EntryKeeper(limits, onEntry);
  const { entries, parser } = keep;
  const hash = hasherFor(layer.diffId);
  let bytes = 0;
  for await (const chunk of inflate(layer.path, tools, signal)) {
    bytes += chunk.length;
    hash.update(chunk);
    parser.write(chunk);
    if (bytes > maxBytesOf(layer, limits)) throw parser.atEntry(beyondMaxBytes(layer, limits));
    if (bytes + keep.holes > limits.layerBytes) throw parser.atEntry(tooManyBytes(limits));
  }
  parser.end();
  await writeBodies(layer, entries, options);
  return { entries, bytes, diffHex: hash.digest('hex'), isSparse: true };
}

/** Notes checksum and number of each body. */
async function writeBodies(layer: LayerBlob, entries: EntryTable, options: SparseScanOptions): Promise<void> {
  const { tools, signal } = options;
  const bodies: number[] = [];
  for (let index = 0; index < entries.length; index++)
    if (entries.type(index) === 'file' && entries.size(index) > 0) bodies.push(index);
  let next = 0;
  const records = new RecordReader((kind, body) => {
    const index = bodies[next];
    if (kind !== 'b' || index === undefined) return;
    // Long names have bodies too, but are not stored; of these there are none.
    const file = body.readUInt32LE(12);
    entries.setBody(index, body.readUInt32LE(16), options.output.length === 0 ? undefined : file);
    next++;
  });
  const child = startSquash(tools.squash, ['scan', ...options.output], {
    stdin: 'pipe',
    stdout: 'pipe',
    signal,
    damaged: 'CONVERSION_FAILED',
  });
  child.stdout?.on('data', (chunk: Buffer) => records.write(chunk));
  const input = new PackerInput(child);
  const cutter = new BodyCutter(bodies, (index) => ({
    path: 'f',
    inode: { ...PLAIN_FILE, size: entries.size(index), offset: entries.offset(index), sparse: entries.sparse(index) },
  }));
  try {
    for await (const chunk of inflate(layer.path, tools, signal)) {
      for (const piece of cutter.cut(chunk)) if (input.push(piece)) await input.flush();
      if (cutter.isDone) break;
    }
    if (!cutter.isDone) throw bad('its blob has changed since it was read first');
    await input.write(tarEnd());
    await input.end();
    await child.done;
  } catch (error) {
    child.kill(new GatewayError('CANCELLED', 'The layer is of no use.'));
    const ended: unknown = await child.done.then(
      () => error,
      (failure: unknown) => failure,
    );
    throw error instanceof GatewayError && error.code === 'BAD_LAYER' ? error : ended;
  }
  if (next !== bodies.length) throw bad('it was not read to its end');
}
