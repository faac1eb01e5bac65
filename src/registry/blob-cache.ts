/**
 * Blobs on the worker's disk, by digest: downloaded once however many pulls want them, verified before they are
 * visible, safe for several workers on one file system.
 */
import { open, rename, rm } from 'node:fs/promises';
import { createCacheFiles, versionOf, type CacheKey, type HeldFile } from '../lib/cache-files.js';
import { digestAlgorithm, digestHex, type Digest } from '../lib/digest.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { hashOfFile } from '../lib/file-hash.js';
import { refreshOwner } from '../lib/owners.js';
import { diskError, download } from './download.js';
import type { BlobSource } from './image.js';
import type { Evictable } from './rooms.js';
import { DEFAULT_REGISTRY_LIMITS, type RegistryLimits } from './settings.js';
import { shareWork, type SharedWork } from './shared-work.js';
import type { Wait } from './waiting.js';

export interface BlobCacheOptions {
  readonly directory: string;
  /** The least recently used go first; what running pulls hold stays, even above it. Absent: no limit. */
  readonly maxBytes?: number;
  /** Names this worker among all that share the directory; a part of file names. */
  readonly owner: string;
  readonly limits?: Partial<RegistryLimits>;
}

export interface BlobProgress {
  /** May fall when bytes had to be given up; what users see is a high-water mark. */
  readonly bytesDone: number;
  /** Counts up with each try. */
  readonly attempt: number;
  readonly state: 'WAITING' | 'FETCHING' | 'RETRYING' | 'DONE';
  readonly fromCache: boolean;
  /** Set while the registry makes us wait. */
  readonly waiting?: Wait;
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
  fetch(
    layer: { readonly digest: Digest; readonly size: number },
    source: BlobSource,
    options: BlobFetchOptions,
  ): Promise<CachedBlob>;
  /** Whether it is there with that size; its bytes are checked when it is fetched. */
  has(layer: { readonly digest: Digest; readonly size: number }): Promise<boolean>;
  /** Keeps it from being evicted, by whichever worker; undefined when it is not there with that size. Its bytes are checked when it is fetched. */
  hold(layer: { readonly digest: Digest; readonly size: number }): Promise<LetGo | undefined>;
  /** How much of it is on the disk: all, or what has come of a download. */
  bytesHere(layer: { readonly digest: Digest; readonly size: number }): Promise<number>;
  /** Takes a blob out: for a reader who found it damaged. */
  discard(digest: Digest): Promise<void>;
  /** It is needed less than all others: first to be taken out when room is made. */
  makeLast(digest: Digest): Promise<void>;
  /** Removes what workers that died left behind; gives the number of files. */
  sweep(): Promise<number>;
}

/** @throws GatewayError BAD_CONFIG for an owner that can't be part of a file name. */
export function createBlobCache(options: BlobCacheOptions): BlobCache {
  const limits: RegistryLimits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
  const files = createCacheFiles(options.directory, options.owner);
  const running = new Map<Digest, SharedWork<BlobProgress>>();
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

  /** A link to the blob, once its bytes are known to be right; a damaged one is taken out. */
  async function holdGood(digest: Digest, size: number): Promise<HeldFile | undefined> {
    const held = await files.hold(keyOf(digest));
    if (held === undefined) return undefined;
    const known = verified.get(digest) === held.version;
    if (held.size === size && (known || (await fileMatches(held.path, digest, size)))) {
      verified.set(digest, held.version);
      return held;
    }
    verified.delete(digest);
    await rm(held.path, { force: true });
    await rm(files.path(keyOf(digest)), { force: true });
    return undefined;
  }

  async function bring(
    { digest, size }: { readonly digest: Digest; readonly size: number },
    source: BlobSource,
    signal: AbortSignal,
    report: (progress: BlobProgress) => void,
  ): Promise<void> {
    if (options.maxBytes !== undefined) await files.makeRoom(size, options.maxBytes);
    await refreshOwner(files.ownersDirectory, options.owner);
    const path = files.partialPath(keyOf(digest));
    let progress: BlobProgress = { bytesDone: 0, attempt: 1, state: 'FETCHING', fromCache: false };
    const update = (change: Partial<BlobProgress>): void => {
      progress = { ...progress, ...change };
      report(progress);
    };
    let version: string;
    try {
      const file = await open(path, 'wx+', 0o600);
      try {
        update({});
        await download({
          digest,
          size,
          source,
          file,
          path,
          limits,
          signal,
          onBytes(bytes) {
            // What comes ends a wait.
            progress = {
              bytesDone: progress.bytesDone + bytes,
              attempt: progress.attempt,
              state: bytes > 0 ? 'FETCHING' : progress.state,
              fromCache: false,
            };
            arrived.set(digest, progress.bytesDone);
            report(progress);
          },
          onRetry: () => update({ attempt: progress.attempt + 1, state: 'RETRYING' }),
          onWait: (waiting) => update({ waiting }),
        });
        version = versionOf(await file.stat());
      } finally {
        await file.close();
      }
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
      let fetched = false;
      let attempt = 1;
      for (;;) {
        if (signal.aborted) throw abortReason(signal);
        const held = running.has(digest) ? undefined : await holdGood(digest, size);
        if (held !== undefined) {
          const fromCache = !fetched;
          onProgress({ bytesDone: size, attempt, state: 'DONE', fromCache });
          return { path: held.path, digest, size, fromCache, release: () => rm(held.path, { force: true }) };
        }
        const others = running.get(digest);
        const work =
          others ??
          shareWork<BlobProgress>(
            (ended, report) => bring(layer, source, ended, report),
            () => running.delete(digest),
          );
        if (others === undefined) running.set(digest, work);
        try {
          await work.join(signal, (progress) => {
            ({ attempt } = progress);
            onProgress(progress);
          });
          fetched = true;
        } catch (error) {
          // Another caller's right or fate is not ours: then it is our turn.
          const theirs =
            error instanceof GatewayError && ['DENIED', 'NOT_FOUND', 'CANCELLED'].includes(error.code);
          if (others === undefined || !theirs) throw error;
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

    async discard(digest) {
      verified.delete(digest);
      await rm(files.path(keyOf(digest)), { force: true });
    },

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

/** Reads a file whole. True when it has exactly these bytes; one that can't be read has not. */
async function fileMatches(path: string, digest: Digest, size: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return (await hashOfFile(file, digestAlgorithm(digest)).digest(size)) === digest;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
