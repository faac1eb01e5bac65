/**
 * First pass over a layer: proves its diffID and notes what is in it. Bodies go by; nothing is kept of them but where
 * they lie.
 */
import { digestHex, hasherFor, type Digest } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { EntryTable } from './entry-table.js';
import { inflate } from './inflate.js';
import type { RootfsLimits } from './settings.js';
import { bad, show } from './tar-entry.js';
import { TarParser } from './tar-parser.js';
import type { RootfsTools } from './tools.js';

export interface LayerBlob {
  /** The blob, as the registry has it, verified. */
  readonly path: string;
  readonly digest: Digest;
  /** Digest of the uncompressed layer, as the image configuration promises it. */
  readonly diffId: Digest;
  /** Bytes of the blob. */
  readonly size: number;
}

export interface LayerIndex {
  readonly layer: LayerBlob;
  readonly entries: EntryTable;
  /** Uncompressed bytes. */
  readonly bytes: number;
}

export interface ScanOptions {
  readonly tools: RootfsTools;
  readonly limits: RootfsLimits;
  readonly signal: AbortSignal;
}

/** The ratio of a layer is not looked at below this size: small layers of zeros are normal. */
const RATIO_FROM_BYTES = 64 * 2 ** 20;

const INDEX_BYTES = 512 * 2 ** 20;

/**
 * @throws GatewayError BAD_LAYER naming the layer, and the entry where there is one; the reason of `signal`.
 */
export async function scanLayer(layer: LayerBlob, options: ScanOptions): Promise<LayerIndex> {
  const { limits, signal } = options;
  const entries = new EntryTable();
  let kept = 0;
  let holes = 0;
  const parser = new TarParser(
    {
      entry(entry, offset) {
        if (entries.length >= limits.entries) throw bad(`it has more than ${String(limits.entries)} entries`);
        let xattrBytes = 0;
        for (const [name, value] of entry.xattrs) xattrBytes += name.length + value.length;
        if (xattrBytes > limits.xattrBytes)
          throw bad(`${show(entry.name)} has ${String(xattrBytes)} bytes of extended attributes`);
        kept += entry.name.length + entry.linkName.length + xattrBytes + 8 * (entry.sparse?.length ?? 0);
        if (kept > (limits.indexBytes ?? INDEX_BYTES))
          throw bad('its names and attributes alone take more memory than is allowed');
        if (entry.sparse !== undefined) holes += entry.size;
        if (holes > limits.layerBytes) throw tooManyBytes(limits);
        entries.add(entry, offset);
        return false;
      },
    },
    limits,
  );
  const hash = hasherFor(layer.diffId);
  let bytes = 0;
  try {
    for await (const chunk of inflate(layer.path, options.tools, signal)) {
      bytes += chunk.length;
      if (bytes + holes > limits.layerBytes) throw tooManyBytes(limits);
      if (bytes > RATIO_FROM_BYTES && bytes > layer.size * limits.ratio) {
        throw bad(`it inflates to more than ${String(limits.ratio)} times its size`);
      }
      hash.update(chunk);
      parser.write(chunk);
    }
    parser.end();
    if (hash.digest('hex') !== digestHex(layer.diffId)) {
      throw bad(`its uncompressed data is not what the image configuration promises (${layer.diffId})`);
    }
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    throw aboutLayer(layer, error);
  }
  return { layer, entries, bytes };
}

function tooManyBytes(limits: RootfsLimits): GatewayError {
  return bad(`it has more than ${String(limits.layerBytes)} bytes uncompressed`);
}

/** Names the layer in an error about it. */
export function aboutLayer(layer: LayerBlob, error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER') return error;
  return new GatewayError('BAD_LAYER', `Layer ${layer.digest} can't be used: ${error.message}.`, {
    cause: error,
  });
}
