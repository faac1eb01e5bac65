/** The way of one layer into the cache. */
import type { BlobCache, BlobFetchOptions, CachedBlob } from './blob-cache.js';
import type { RegistryClient } from './client.js';
import type { LayerDescriptor, ResolvedImage } from './image.js';

/**
 * Fetches a layer of an image that was resolved for this caller, verified, or takes it from the cache.
 *
 * @throws GatewayError as `BlobCache.fetch` and `RegistryClient.openBlob`.
 */
export async function fetchLayer(
  client: Pick<RegistryClient, 'openBlob'>,
  cache: BlobCache,
  image: ResolvedImage,
  layer: LayerDescriptor,
  options: BlobFetchOptions,
): Promise<CachedBlob> {
  return await cache.fetch(layer, (range) => client.openBlob(image, layer, range), options);
}
