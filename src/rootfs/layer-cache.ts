/**
 * Layers that have been read, kept: their segments, with the records of the pass in which they were made. Another image
 * on the same base is then made without its blobs being fetched, inflated or compressed.
 *
 * A damaged entry can't harm a product: index and records are under a sha256, and the records hold the checksum of
 * every file, with which the finished product is compared.
 *
 * Layers with sparse files are not kept: their segment is made of an archive with the holes written out, so its records
 * are not those of the layer, and by them its rules could not be kept again.
 */
import { rm, stat } from 'node:fs/promises';
import { createCacheFiles, type CacheKey } from '../lib/cache-files.js';
import { digestHex, sha256, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { refreshOwner } from '../lib/owners.js';
import { unlessAborted } from '../lib/unless-aborted.js';
import type { Layer, LayerBlob, LayerIndex } from './layer.js';
import { replayLayer, scanLayer, type ScanOptions, type SegmentOptions } from './scan-layer.js';
import type { SquashfsOptions } from './settings.js';
import { shapeArguments } from './squash.js';
import type { RootfsTools } from './tools.js';

export interface LayerCacheOptions {
  readonly directory: string;
  /** Of all that is in the directory, blobs too. The least recently used goes first. Absent: no limit. */
  readonly maxBytes?: number | undefined;
  /** Names this worker among all that share the directory; a part of file names. */
  readonly owner: string;
  readonly tools: RootfsTools;
}

/** What is read of a layer, and a name for its segment that nobody else takes away. */
export interface HeldLayer {
  readonly index: LayerIndex;
  /** To be called in any case; packing the layer does no harm to it. */
  release(): Promise<void>;
}

type ReadOptions = Pick<ScanOptions, 'limits' | 'onEntry' | 'signal'>;

export interface LayerCache {
  has(digest: Digest, squashfs: SquashfsOptions): Promise<boolean>;
  /** Keeps it from being evicted, by whichever worker, until what this gives is called; undefined when it is not there. */
  hold(digest: Digest, squashfs: SquashfsOptions): Promise<(() => Promise<void>) | undefined>;
  /**
   * The layer as it was read before; undefined when it is not there, or damaged: then it is taken out.
   *
   * @throws GatewayError BAD_LAYER for what is not allowed (any more), or the reason of the signal.
   */
  find(
    layer: Layer,
    squashfs: SquashfsOptions,
    options: ReadOptions,
  ): Promise<HeldLayer | undefined>;
  /**
   * Reads the layer and keeps it; once, however many pulls of this worker want it. Layers with sparse files are not kept.
   *
   * @throws as scanLayer
   */
  scan(
    layer: LayerBlob,
    segment: Omit<SegmentOptions, 'path'>,
    options: ReadOptions,
  ): Promise<HeldLayer>;
  /** Takes it out: its product was not what it should be. */
  discard(digest: Digest, squashfs: SquashfsOptions): Promise<void>;
}

export function createLayerCache({ directory, owner, maxBytes, tools }: LayerCacheOptions): LayerCache {
  const files = createCacheFiles(directory, owner);
  /** Layers that are being read, by their names in the cache. */
  const running = new Map<string, Promise<unknown>>();
  let prepared: Promise<void> | undefined;
  const prepare = async (): Promise<void> => {
    prepared ??= files.prepare();
    await prepared;
  };

  /** The layer, and all that shapes its blocks. */
  function keyOf(digest: Digest, squashfs: SquashfsOptions): CacheKey {
    const shape = digestHex(sha256(JSON.stringify([tools.squash.version, shapeArguments(squashfs)])));
    return { folder: 'segments', name: `${digestHex(digest)}-${shape.slice(0, 16)}` };
  }

  async function find(
    layer: Layer,
    squashfs: SquashfsOptions,
    options: ReadOptions,
  ): Promise<HeldLayer | undefined> {
    await prepare();
    const key = keyOf(layer.digest, squashfs);
    const held = await files.hold(key);
    if (held === undefined) return undefined;
    const release = (): Promise<void> => rm(held.path, { force: true });
    try {
      const index = await replayLayer(layer, { path: held.path, isKept: true }, { tools, ...options });
      return { index, release };
    } catch (error) {
      await release();
      if (!(error instanceof GatewayError) || error.code !== 'CONVERSION_FAILED') throw error;
      await rm(files.path(key), { force: true });
      return undefined;
    }
  }

  async function read(
    layer: LayerBlob,
    segment: Omit<SegmentOptions, 'path'>,
    options: ReadOptions,
  ): Promise<HeldLayer> {
    await refreshOwner(files.ownersDirectory, owner);
    const key = keyOf(layer.digest, segment.squashfs);
    const path = files.partialPath(key);
    const release = (): Promise<void> => rm(path, { force: true });
    try {
      const index = await scanLayer(layer, { tools, ...options, segment: { path, ...segment } });
      if (index.isSparse) return { index, release };
      if (maxBytes !== undefined) await files.trim(maxBytes);
      const held = await files.publish(path, key);
      return {
        index: { ...index, segment: { path: held.path, isKept: true } },
        release: () => rm(held.path, { force: true }),
      };
    } catch (error) {
      await release();
      // Has a name for a moment only, but the program may have been killed in it.
      await rm(`${path}.records`, { force: true });
      throw error;
    }
  }

  return {
    async has(digest, squashfs) {
      return (await stat(files.path(keyOf(digest, squashfs))).catch(() => undefined)) !== undefined;
    },

    async hold(digest, squashfs) {
      await prepare();
      const held = await files.hold(keyOf(digest, squashfs));
      return held === undefined ? undefined : () => rm(held.path, { force: true });
    },

    find,

    async scan(layer, segment, options) {
      await prepare();
      const { name } = keyOf(layer.digest, segment.squashfs);
      for (let others = running.get(name); others !== undefined; others = running.get(name)) {
        // How it ends is the others' matter: then it is looked for, or it is our turn.
        await unlessAborted(others, options.signal);
        const found = await find(layer, segment.squashfs, options);
        if (found !== undefined) return found;
      }
      const work = read(layer, segment, options);
      running.set(
        name,
        work.catch(() => {}).finally(() => running.delete(name)),
      );
      return await work;
    },

    async discard(digest, squashfs) {
      await rm(files.path(keyOf(digest, squashfs)), { force: true });
    },
  };
}
