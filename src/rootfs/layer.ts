/** A layer, what a pass over it gives, and how an error about it reads. */
import type { Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import type { EntryTable } from './entry-table.js';
import { siteLimit, type RootfsLimits } from './settings.js';
import { saidBy } from './squash.js';
import { bad } from './tar-entry.js';

export interface Layer {
  readonly digest: Digest;
  /** Digest of the uncompressed layer, as the image configuration promises it. */
  readonly diffId: Digest;
  /** Bytes of the blob. */
  readonly size: number;
}

export interface LayerBlob extends Layer {
  /** The blob, as the registry has it, verified. */
  readonly path: string;
}

/** The squashfs blocks of a layer (native/squash/segment.h). */
export interface Segment {
  readonly path: string;
  /** It is in the layer cache: packing leaves it as it is, and takes only this name of it away. */
  readonly isKept: boolean;
}

export interface LayerIndex {
  readonly layer: Layer;
  /** Its blob; absent when it was read at another time. */
  readonly blob: LayerBlob | undefined;
  readonly entries: EntryTable;
  /** Uncompressed bytes. */
  readonly bytes: number;
  /** It holds sparse files. */
  readonly isSparse: boolean;
  /** Absent when none was asked for. */
  readonly segment: Segment | undefined;
}

/** What was read of a layer. */
export interface Scanned {
  readonly isSparse: boolean;
  readonly entries: EntryTable;
  readonly bytes: number;
  readonly diffHex: string;
}

/** Uncompressed bytes that a layer may have: by its limit, or by its ratio. */
export function maxBytesOf(layer: Layer, { layerBytes, ratio, ratioFromBytes }: RootfsLimits): number {
  return Math.min(layerBytes, Math.max(ratioFromBytes, Math.floor(layer.size * ratio)));
}

/** The error for a layer with more bytes than that. */
export function beyondMaxBytes(layer: Layer, limits: RootfsLimits): GatewayError {
  if (maxBytesOf(layer, limits) === limits.layerBytes) return tooManyBytes(limits);
  return bad(`the layer inflates to more than ${String(limits.ratio)} times its size, ${siteLimit('ratio')}`);
}

/**
 * What imagegw-squash said of the layer, as a sentence about it.
 *
 * @param atEntry names the entry at which it ended: it sends all headers before it tells of an entry.
 */
export function readably(error: unknown, layer: Layer, limits: RootfsLimits, atEntry: (error: unknown) => unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER' || !error.message.includes('it said: '))
    return error;
  const said = saidBy(error);
  if (said.startsWith('more than ')) return atEntry(beyondMaxBytes(layer, limits));
  return said.startsWith('the archive is cut') ? atEntry(bad(said)) : bad(said);
}

export function tooManyBytes(limits: RootfsLimits): GatewayError {
  return bad(`the layer has more than ${String(limits.layerBytes)} bytes uncompressed, ${siteLimit('layerSize')}`);
}

/** Names the layer in an error about it. */
export function aboutLayer(layer: Layer, error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER') return error;
  return new GatewayError('BAD_LAYER', `Layer ${layer.digest} can't be used: ${error.message}.`, {
    cause: error,
  });
}
