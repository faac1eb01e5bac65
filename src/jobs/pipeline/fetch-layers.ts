/**
 * FETCH: layers side by side into the blob cache, and each read through as soon as it is here (diffID proved, entries
 * noted) while others still arrive.
 */
import { setMaxListeners } from 'node:events';
import { abortReason, GatewayError } from '../../lib/errors.js';
import { takingTurns } from '../../lib/turns.js';
import { describeWait, fetchLayer, type CachedBlob, type LayerDescriptor, type ResolvedImage } from '../../registry/index.js';
import { packerFor, scanLayer, type LayerIndex, type ScanOptions } from '../../rootfs/index.js';
import type { PullContext } from './context.js';

export interface FetchedLayers {
  /** Lowest first. */
  readonly indexes: readonly LayerIndex[];
  /** The blobs may be evicted from now on. */
  release(): Promise<void>;
}

/**
 * @throws GatewayError as the registry client, the blob cache and the scanner do. Nothing is held then.
 */
export async function fetchLayers(context: PullContext, image: ResolvedImage): Promise<FetchedLayers> {
  const held: CachedBlob[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(held.splice(0).map((blob) => blob.release()));
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
  const { scans, scanOptions } = scanning(context, signal);
  const takeTurn = takingTurns(scans);
  const reading: Promise<void>[] = [];

  async function read(layer: LayerDescriptor, blob: CachedBlob): Promise<void> {
    signal.throwIfAborted();
    indexes.set(layer.digest, await readOne(context, layer, blob, scanOptions));
  }

  /** What is here waits for its turn to be read while the next one is fetched. */
  async function lane(): Promise<void> {
    for (let layer = queue.shift(); layer !== undefined && !signal.aborted; layer = queue.shift()) {
      const here = layer;
      try {
        const blob = await fetchOne(context, image, here, signal);
        held.push(blob);
        reading.push(takeTurn(() => read(here, blob)).catch(fail));
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
function scanning(
  { services, system, workDirectory }: PullContext,
  signal: AbortSignal,
): { readonly scans: number; readonly scanOptions: ScanOptions } {
  const { packer, rootfsLimits } = services.config;
  const { tools } = services;
  const { squashfs } = system;
  const scans = Math.max(1, Math.floor(packer.processors / THREADS_OF_A_SCAN));
  const share = { threads: Math.floor(packer.processors / scans), memoryBytes: packer.memoryBytes / scans };
  const segment =
    packerFor(tools, squashfs).kind === 'segments' ? { directory: workDirectory, squashfs, ...share } : undefined;
  return { scans, scanOptions: { tools, limits: rootfsLimits, segment, signal } };
}

async function fetchOne(context: PullContext, image: ResolvedImage, layer: LayerDescriptor, signal: AbortSignal): Promise<CachedBlob> {
  const { services, progress } = context;
  return fetchLayer(services.registry, services.blobs, image, layer, {
    signal,
    onProgress: ({ bytesDone, attempt, state, fromCache, waiting }) =>
      progress.layer(layer.digest, {
        // Done is said when it has been read, too.
        state: state === 'DONE' ? 'READING' : state,
        bytesDone,
        attempt,
        fromCache,
        waitingFor: waiting === undefined ? null : describeWait(waiting),
      }),
  });
}

async function readOne(context: PullContext, layer: LayerDescriptor, blob: CachedBlob, options: ScanOptions): Promise<LayerIndex> {
  const { services, progress } = context;
  progress.layer(layer.digest, { state: 'READING', bytesDone: layer.size, fromCache: blob.fromCache, waitingFor: null });
  const index = await scanLayer(
    { path: blob.path, digest: layer.digest, diffId: layer.diffId, size: layer.size },
    options,
  ).catch(async (error: unknown) => {
    // A blob that can't be read is not kept for the next pull: the disk may have damaged it.
    if (error instanceof GatewayError && error.code === 'BAD_LAYER') await services.blobs.discard(layer.digest);
    throw error;
  });
  progress.layer(layer.digest, { state: 'DONE', bytesDone: layer.size });
  return index;
}
