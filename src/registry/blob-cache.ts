/**
 * Blobs on the worker's disk, by digest: downloaded once however many pulls want them, verified before they are
 * visible, safe for several workers on one file system.
 */
import { open, rename, rm } from 'node:fs/promises';
import { createCacheFiles, type CacheKey, type HeldFile } from '../lib/cache-files.js';
import { digestAlgorithm, digestHex, type Digest } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { refreshOwner } from '../lib/owners.js';
import { fileMatches } from './check-file.js';
import { diskError } from './download.js';
import { downloadFile, type BlobProgress } from './download-file.js';
import type { BlobSource } from './image.js';
import type { Evictable } from './rooms.js';
import { DEFAULT_REGISTRY_LIMITS, type RegistryLimits } from './settings.js';
import { shareWork, type SharedWork } from './shared-work.js';

export interface BlobCacheOptions {
  readonly directory: string;
  /** The least recently used go first; what running pulls hold stays, even above it. Absent: no limit. */
  readonly maxBytes?: number;
  /** Names this worker among all that share the directory; a part of file names. */
  readonly owner: string;
  readonly limits?: Partial<RegistryLimits>;
}

/** What a blob is asked for by. */
export interface BlobLayer {
  readonly digest: Digest;
  readonly size: number;
}

export interface CachedBlob {
  /** A name of its own for this reader; valid until `release`. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly fromCache: boolean;
  /** It may be evicted from now on. */
  release(): Promise<void>;
}

export interface BlobFetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: BlobProgress) => void;
}

/** Lets a file of the cache go that was held. */
export type LetGo = () => Promise<void>;

export interface BlobCache extends Evictable {
  /**
   * @throws GatewayError BAD_LAYER, NO_SPACE, what the source throws, the abort's reason.
   */
  fetch(layer: BlobLayer, source: BlobSource, options: BlobFetchOptions): Promise<CachedBlob>;
  /** Whether it is there with that size; its bytes are checked when it is fetched. */
  has(layer: BlobLayer): Promise<boolean>;
  /** Keeps it from being evicted, by whichever worker; undefined when it is not there with that size. Its bytes are checked when it is fetched. */
  hold(layer: BlobLayer): Promise<LetGo | undefined>;
  /** How much of it is on the disk: all, or what has come of a download. */
  bytesHere(layer: BlobLayer): Promise<number>;
  /** Takes a blob out: for a reader who found it damaged. */
  discard(digest: Digest): Promise<void>;
  /** It is needed less than all others: first to be taken out when room is made. */
  makeLast(digest: Digest): Promise<void>;
  /** Keeps the cache within its limit: for when much was let go of. */
  trim(): Promise<void>;
  /** Removes what workers that died left behind; gives the number of files. */
  sweep(): Promise<number>;
}

/** @throws GatewayError BAD_CONFIG for an owner that can't be part of a file name. */
export function createBlobCache(options: BlobCacheOptions): BlobCache {
  const limits: RegistryLimits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
  const files = createCacheFiles(options.directory, options.owner);
  /** By digest and size: who is told another size is not to share what comes of it. */
  const running = new Map<string, SharedWork<BlobProgress>>();
  /** Versions of files whose bytes this process has seen. */
  const verified = new Map<Digest, string>();
  /** How much has come of those that are being fetched. */
  const arrived = new Map<Digest, number>();
  let prepared: Promise<void> | undefined;

  async function prepare(): Promise<void> {
    prepared ??= files.prepare();
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw diskError(error, options.directory, 0);
    }
  }

  /** A link to the blob, if this process has seen its bytes. */
  async function holdKnown(digest: Digest): Promise<HeldFile | undefined> {
    const held = await files.hold(keyOf(digest));
    if (held === undefined || verified.get(digest) === held.version) return held;
    await rm(held.path, { force: true });
    return undefined;
  }

  /** Reads what is there through; what is not, or is damaged, is fetched. */
  async function obtain(
    layer: BlobLayer,
    source: BlobSource,
    signal: AbortSignal,
    report: (progress: BlobProgress) => void,
  ): Promise<void> {
    const { digest } = layer;
    const held = await files.hold(keyOf(digest));
    if (held !== undefined) {
      try {
        const onBytes = (bytesDone: number): void =>
          report({ bytesDone, attempt: 1, state: 'CHECKING', fromCache: true });
        // Of the size that it has: its descriptor may be what is wrong.
        if (await fileMatches(held.path, digest, held.size, { signal, onBytes })) {
          verified.set(digest, held.version);
          return;
        }
        await discard(digest);
      } finally {
        await rm(held.path, { force: true });
      }
    }
    await bring(layer, source, signal, report);
  }

  async function trim(): Promise<void> {
    if (options.maxBytes !== undefined) await files.trim(options.maxBytes);
  }

  async function discard(digest: Digest): Promise<void> {
    verified.delete(digest);
    await rm(files.path(keyOf(digest)), { force: true });
  }

  async function bring(
    layer: BlobLayer,
    source: BlobSource,
    signal: AbortSignal,
    report: (progress: BlobProgress) => void,
  ): Promise<void> {
    const { digest, size } = layer;
    await refreshOwner(files.ownersDirectory, options.owner);
    const path = files.partialPath(keyOf(digest));
    try {
      const version = await downloadFile(
        { ...layer, source, path, limits, signal, onOpen: trim },
        (progress) => {
          arrived.set(digest, progress.bytesDone);
          report(progress);
        },
      );
      // Not synced: what a crash of the machine damages is found by the next process, which has not seen these bytes.
      await rename(path, files.path(keyOf(digest)));
      verified.set(digest, version);
    } catch (error) {
      await rm(path, { force: true });
      if (signal.aborted) throw abortReason(signal);
      throw error instanceof GatewayError ? error : diskError(error, path, size);
    } finally {
      arrived.delete(digest);
    }
  }

  return {
    directory: options.directory,

    async fetch(layer, source, { signal, onProgress = () => {} }) {
      const { digest, size } = layer;
      await prepare();
      onProgress({ bytesDone: 0, attempt: 1, state: 'WAITING', fromCache: false });
      let [attempt, fromCache] = [1, true];
      const key = `${digest} ${String(size)}`;
      for (;;) {
        if (signal.aborted) throw abortReason(signal);
        const held = running.has(key) ? undefined : await holdKnown(digest);
        if (held !== undefined) {
          const release = (): Promise<void> => rm(held.path, { force: true });
          if (held.size !== size) {
            await release();
            throw new GatewayError(
              'BAD_LAYER',
              `The layer ${digest} has another length than its manifest says (${String(size)}).`,
            );
          }
          onProgress({ bytesDone: size, attempt, state: 'DONE', fromCache });
          return { path: held.path, digest, size, fromCache, release };
        }
        const others = running.get(key);
        const work =
          others ??
          shareWork<BlobProgress>(
            (ended, report) => obtain(layer, source, ended, report),
            () => running.delete(key),
          );
        if (others === undefined) running.set(key, work);
        try {
          await work.join(signal, (progress) => {
            ({ attempt, fromCache } = progress);
            onProgress(progress);
          });
        } catch (error) {
          // Another caller's registry, right or fate is not ours, but the disk is: then it is our turn.
          const isOurs = others === undefined || (error instanceof GatewayError && error.code === 'NO_SPACE');
          if (isOurs) throw error;
        }
      }
    },

    async has({ digest, size }) {
      await prepare();
      const handle = await open(files.path(keyOf(digest)), 'r').catch(() => undefined);
      if (handle === undefined) return false;
      try {
        return (await handle.stat()).size === size;
      } finally {
        await handle.close();
      }
    },

    async hold({ digest, size }) {
      await prepare();
      const held = await files.hold(keyOf(digest));
      if (held === undefined) return undefined;
      const letGo = (): Promise<void> => rm(held.path, { force: true });
      if (held.size === size) return letGo;
      await letGo();
      return undefined;
    },

    async bytesHere(layer) {
      return (await this.has(layer)) ? layer.size : (arrived.get(layer.digest) ?? 0);
    },

    spareBytes: () => files.spareBytes(),
    evict: (bytes) => files.evict(bytes),

    discard,
    trim,

    async makeLast(digest) {
      await files.makeLast(keyOf(digest));
    },

    async sweep() {
      await prepare();
      return await files.sweep();
    },
  };
}

function keyOf(digest: Digest): CacheKey {
  const folder = digestAlgorithm(digest);
  return { folder, name: digestHex(digest) };
}
