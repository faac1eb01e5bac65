/** What a pull will cost, known from the manifest alone, before the first layer. */
import { statfs } from 'node:fs/promises';
import { GatewayError, messageOf } from '../lib/errors.js';
import type { BlobCache } from './blob-cache.js';
import type { ResolvedImage } from './image.js';

export interface Admission {
  /** Of all layers, over the network. */
  readonly bytesTotal: number;
  /** Of those that the cache has. */
  readonly bytesCached: number;
  /** That the cache's disk must take; a layer that occurs twice counts once. */
  readonly bytesToFetch: number;
  /** Expected size of the squashfs: layers are compressed much as it is, so about as large as they are. */
  readonly productBytes: number;
}

/** The numbers for an image with this cache. */
export async function admission(
  image: Pick<ResolvedImage, 'layers' | 'bytesTotal'>,
  cache: BlobCache,
): Promise<Admission> {
  const distinct = new Map(image.layers.map((layer) => [layer.digest, layer]));
  let cached = 0;
  let toFetch = 0;
  for (const layer of distinct.values()) {
    if (await cache.has(layer)) cached += layer.size;
    else toFetch += layer.size;
  }
  const { bytesTotal } = image;
  return {
    bytesTotal,
    bytesCached: cached,
    bytesToFetch: toFetch,
    productBytes: Math.ceil(bytesTotal * 1.1),
  };
}

/**
 * Makes sure that a file system has room before anything is written to it.
 *
 * @throws GatewayError NO_SPACE with path, need and have; BAD_CONFIG when the path can't be asked.
 */
export async function requireRoom(path: string, needBytes: number, reserveBytes = 0): Promise<void> {
  let have: number;
  try {
    const { bavail, bsize } = await statfs(path);
    have = bavail * bsize - reserveBytes;
  } catch (error) {
    throw new GatewayError('BAD_CONFIG', `The free room of ${path} can't be found out: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (needBytes <= have) return;
  throw new GatewayError(
    'NO_SPACE',
    `${path} needs ${String(needBytes)} bytes and has ${String(Math.max(0, have))}: free some room, then pull again.`,
  );
}
