/** What a pull will cost, known from the manifest alone, before the first layer. */
import type { LayerDescriptor, ResolvedImage } from './image.js';

export interface Admission {
  /** Of all layers, over the network. */
  readonly bytesTotal: number;
  /** Of those that the cache has. */
  readonly bytesCached: number;
  /** The others, that the cache's disk must take; one that occurs twice stands here once. */
  readonly toFetch: readonly LayerDescriptor[];
  /** Expected size of the squashfs. */
  readonly productBytes: number;
}

/** Expected size of a layer in squashfs, times its size as it is fetched. */
const COMPRESSED_AGAIN = 1.1;

/** Expected size of what is made of layers of that size: they are compressed much as it is, so about as large as they are. */
export function compressedAgain(bytes: number): number {
  return Math.ceil(bytes * COMPRESSED_AGAIN);
}

/** The numbers for an image, of which the layers of `isCached` are here. */
export async function admission(
  image: Pick<ResolvedImage, 'layers' | 'bytesTotal'>,
  isCached: (layer: LayerDescriptor) => Promise<boolean>,
): Promise<Admission> {
  const distinct = new Map(image.layers.map((layer) => [layer.digest, layer]));
  let cached = 0;
  const toFetch: LayerDescriptor[] = [];
  for (const layer of distinct.values()) {
    if (await isCached(layer)) cached += layer.size;
    else toFetch.push(layer);
  }
  const { bytesTotal } = image;
  return {
    bytesTotal,
    bytesCached: cached,
    toFetch,
    productBytes: compressedAgain(bytesTotal),
  };
}
