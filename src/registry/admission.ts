/** What a pull will cost, known from the manifest alone, before the first layer. */
import { stat, statfs } from 'node:fs/promises';
import { GatewayError, messageOf } from '../lib/errors.js';
import type { LayerDescriptor, ResolvedImage } from './image.js';

export interface Admission {
  /** Of all layers, over the network. */
  readonly bytesTotal: number;
  /** Of those that the cache has. */
  readonly bytesCached: number;
  /** That the cache's disk must take; a layer that occurs twice counts once. */
  readonly bytesToFetch: number;
  /** Expected size of the segments of those that are to be fetched, as of the squashfs. */
  readonly segmentBytes: number;
  /** Expected size of the squashfs: layers are compressed much as it is, so about as large as they are. */
  readonly productBytes: number;
}

/** Expected size of a layer in squashfs, times its size as it is fetched. */
const COMPRESSED_AGAIN = 1.1;

/** The numbers for an image, of which the layers of `isCached` are here. */
export async function admission(
  image: Pick<ResolvedImage, 'layers' | 'bytesTotal'>,
  isCached: (layer: LayerDescriptor) => Promise<boolean>,
): Promise<Admission> {
  const distinct = new Map(image.layers.map((layer) => [layer.digest, layer]));
  let cached = 0;
  let toFetch = 0;
  for (const layer of distinct.values()) {
    if (await isCached(layer)) cached += layer.size;
    else toFetch += layer.size;
  }
  const { bytesTotal } = image;
  return {
    bytesTotal,
    bytesCached: cached,
    bytesToFetch: toFetch,
    segmentBytes: Math.ceil(toFetch * COMPRESSED_AGAIN),
    productBytes: Math.ceil(bytesTotal * COMPRESSED_AGAIN),
  };
}

/** What is going to be written below a directory. */
export interface RoomNeed {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes sure that there is room before anything is written. What goes to one file system must fit together.
 *
 * @throws GatewayError NO_SPACE with paths, need and have; BAD_CONFIG when a path can't be asked.
 */
export async function requireRoom(...needs: readonly RoomNeed[]): Promise<void> {
  const systems = new Map<number, { paths: string[]; needBytes: number; haveBytes: number }>();
  for (const { path, bytes } of needs) {
    const { device, freeBytes } = await roomAt(path);
    const system = systems.get(device) ?? { paths: [], needBytes: 0, haveBytes: freeBytes };
    systems.set(device, { ...system, paths: [...system.paths, path], needBytes: system.needBytes + bytes });
  }
  for (const { paths, needBytes, haveBytes } of systems.values()) {
    if (needBytes <= haveBytes) continue;
    throw new GatewayError(
      'NO_SPACE',
      `There is too little room at ${paths.join(' and ')}: ${String(needBytes)} bytes are needed and ${String(haveBytes)} are free. Free some, then pull again.`,
    );
  }
}

/**
 * The file system of a path, and what may be written there.
 *
 * @throws GatewayError BAD_CONFIG when it can't be asked.
 */
export async function roomAt(path: string): Promise<{ readonly device: number; readonly freeBytes: number }> {
  try {
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(path), statfs(path)]);
    return { device: dev, freeBytes: bavail * bsize };
  } catch (error) {
    throw new GatewayError('BAD_CONFIG', `The free room of ${path} can't be found out: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
