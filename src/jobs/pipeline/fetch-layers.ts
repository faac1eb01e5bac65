/**
 * FETCH: layers side by side into the blob cache, and each read through as soon as it is here (diffID proved, entries
 * noted, bodies compressed) while others still arrive. A layer that was read before and kept is not fetched at all.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { digestHex } from '../../lib/digest.js';
import { abortReason, GatewayError } from '../../lib/errors.js';
import { takingTurns } from '../../lib/turns.js';
import { describeWait, fetchLayer, type BlobProgress, type CachedBlob, type LayerDescriptor, type RegistryClient, type ResolvedImage } from '../../registry/index.js';
import { packerFor, scanLayer, type HeldLayer, type LayerIndex, type SegmentOptions } from '../../rootfs/index.js';
import type { Admitted } from './admit.js';
import type { LayerChange } from '../progress/progress-tracker.js';
import type { PullContext } from './context.js';

export interface FetchedLayers {
  /** Lowest first. */
  readonly indexes: readonly LayerIndex[];
  /** The cache may evict them from now on. */
  release(): Promise<void>;
}

/**
 * @param from where the layers come from.
 * @throws GatewayError as the registry client, the blob cache and the scanner do. Nothing is held then.
 */
export async function fetchLayers(context: PullContext, image: ResolvedImage, { keepsSegments }: Pick<Admitted, 'keepsSegments'>, from: Pick<RegistryClient, 'openBlob'>): Promise<FetchedLayers> {
  const { layers } = context.services;
  const { squashfs } = context.system;
  const held: { release(): Promise<void> }[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(held.splice(0).map((one) => one.release()));
  };
  // The first failure stops the others.
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  // Each download and each program listens.
  setMaxListeners(0, signal);
  const indexes = new Map<string, LayerIndex>();
  // A layer can stand in an image twice; it is fetched and read once.
  const queue = [...new Map(image.layers.map((layer) => [layer.digest, layer])).values()].sort((a, b) => b.size - a.size);
  const errors: unknown[] = [];
  const fail = (error: unknown): void => {
    errors.push(error);
    failed.abort(new GatewayError('CANCELLED', 'Another layer of the same image has failed.'));
  };
  const { scans, segment } = scanning(context);
  const takeTurn = takingTurns(scans);
  const reading: Promise<void>[] = [];

  function keep({ index, ...rest }: HeldLayer): void {
    held.push(rest);
    indexes.set(index.layer.digest, index);
  }

  async function read(layer: LayerDescriptor, blob: CachedBlob): Promise<void> {
    signal.throwIfAborted();
    const readBlob = (from: CachedBlob): Promise<HeldLayer> => readOne(context, layer, from, keepsSegments, segment, signal);
    keep(
      await readBlob(blob).catch(async (error: unknown) => {
        // It was right when this process checked it, and the disk may have damaged it since: what comes now is new.
        if (!blob.fromCache || !isBadLayer(error)) throw error;
        context.log.warn({ err: error, layer: layer.digest }, 'a layer from the cache can not be read, and is fetched again');
        return readBlob(await fetchIt(layer));
      }),
    );
  }

  async function recall(layer: LayerDescriptor): Promise<void> {
    signal.throwIfAborted();
    const found = await layers.find(layer, squashfs, { limits: context.services.config.rootfsLimits, onEntry: context.onEntry, signal });
    // Damaged, or just evicted.
    if (found === undefined) return read(layer, await fetchIt(layer));
    keep(found);
    context.progress.layer(layer.digest, { state: 'DONE', bytesDone: layer.size, fromCache: true, waitingFor: null });
  }

  async function fetchIt(layer: LayerDescriptor): Promise<CachedBlob> {
    const blob = await fetchOne(context, image, layer, from, signal);
    held.push(blob);
    return blob;
  }

  /** What is here waits for its turn to be read while the next one is fetched. */
  async function lane(): Promise<void> {
    for (let layer = queue.shift(); layer !== undefined && !signal.aborted; layer = queue.shift()) {
      const here = layer;
      try {
        const isKept = keepsSegments && (await layers.has(here.digest, squashfs));
        const blob = isKept ? undefined : await fetchIt(here);
        reading.push(takeTurn(() => (blob === undefined ? recall(here) : read(here, blob))).catch(fail));
      } catch (error) {
        fail(error);
      }
    }
  }

  const lanes = Math.min(queue.length, context.services.config.registryLimits.parallelLayers);
  await Promise.all(Array.from({ length: lanes }, lane));
  await Promise.all(reading);
  if (signal.aborted && errors.length === 0) errors.push(abortReason(signal));
  if (errors.length > 0) {
    await release();
    throw errors[0];
  }
  const inOrder = image.layers.map((layer) => indexes.get(layer.digest)).filter((index) => index !== undefined);
  return { indexes: inOrder, release };
}

/** One reader keeps this many threads busy that compress. */
const THREADS_OF_A_SCAN = 4;

/** How many layers are read at a time, and each how, so that all together keep within the processors and memory of a pull. */
export function scanning({ services, system }: PullContext): {
  readonly scans: number;
  /** Undefined for packers that read a tar. */
  readonly segment: Omit<SegmentOptions, 'path'> | undefined;
} {
  const { packer } = services.config;
  const { squashfs } = system;
  const scans = Math.max(1, Math.floor(packer.processors / THREADS_OF_A_SCAN));
  const share = { threads: Math.floor(packer.processors / scans), memoryBytes: packer.memoryBytes / scans };
  const isOfSegments = packerFor(services.tools, squashfs).kind === 'segments';
  return { scans, segment: isOfSegments ? { squashfs, ...share } : undefined };
}

/** Brings one layer into the cache, and tells how far it is. */
export async function fetchOne(
  context: PullContext,
  image: ResolvedImage,
  layer: LayerDescriptor,
  from: Pick<RegistryClient, 'openBlob'>,
  signal: AbortSignal,
): Promise<CachedBlob> {
  const { services, progress } = context;
  return fetchLayer(from, services.blobs, image, layer, {
    signal,
    onProgress: (told) => progress.layer(layer.digest, changeOf(told)),
  });
}

/** What users are told of a blob that is being brought. */
export function changeOf({ state, bytesDone, attempt, fromCache, waiting, servedBy }: BlobProgress): LayerChange {
  const change = { bytesDone, attempt, fromCache, waitingFor: waiting === undefined ? null : describeWait(waiting), ...(servedBy === undefined ? {} : { servedBy }) };
  if (state === 'CHECKING') return { ...change, state: 'READING', waitingFor: 'checking the cached copy' };
  // Done is said when it has been read, too.
  return { ...change, state: state === 'DONE' ? 'READING' : state };
}

async function readOne(
  context: PullContext,
  layer: LayerDescriptor,
  blob: CachedBlob,
  keepsSegments: boolean,
  segment: Omit<SegmentOptions, 'path'> | undefined,
  signal: AbortSignal,
): Promise<HeldLayer> {
  const { services, progress, workDirectory, onEntry } = context;
  const { tools, layers, blobs } = services;
  const from = { path: blob.path, digest: layer.digest, diffId: layer.diffId, size: layer.size };
  const limits = services.config.rootfsLimits;
  progress.layer(layer.digest, { state: 'READING', bytesDone: layer.size, fromCache: blob.fromCache, waitingFor: null });
  try {
    let read: HeldLayer;
    if (segment !== undefined && keepsSegments) {
      // Another pull may have read it while this one fetched it or waited for its turn.
      read = (await layers.find(from, segment.squashfs, { limits, onEntry, signal })) ?? (await layers.scan(from, segment, { limits, onEntry, signal }));
      await blobs.makeLast(layer.digest);
    } else {
      const path = join(workDirectory, `${digestHex(layer.digest)}.segment`);
      const options = { tools, limits, onEntry, signal, segment: segment === undefined ? undefined : { path, ...segment } };
      // The work directory goes with the pull.
      read = { index: await scanLayer(from, options), release: () => Promise.resolve() };
    }
    progress.layer(layer.digest, { state: 'DONE', bytesDone: layer.size });
    return read;
  } catch (error) {
    // A blob that can't be read is not kept for the next pull: the disk may have damaged it.
    if (isBadLayer(error)) await blobs.discard(layer.digest);
    throw error;
  }
}

function isBadLayer(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'BAD_LAYER';
}
