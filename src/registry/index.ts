/** The registry room: references, the client, the blob cache. */
export { admission, requireRoom, type Admission } from './admission.js';
export {
  createBlobCache,
  type BlobCache,
  type BlobCacheOptions,
  type BlobFetchOptions,
  type BlobProgress,
  type CachedBlob,
} from './blob-cache.js';
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type RegistryLog,
  type ResolveOptions,
} from './client.js';
export type { ImageConfig } from './documents.js';
export { fetchLayer } from './fetch-layer.js';
export type {
  BlobRange,
  BlobSource,
  BlobStream,
  HeadResult,
  LayerDescriptor,
  RateLimit,
  RequestOptions,
  ResolvedImage,
} from './image.js';
export * from './platform.js';
export { createMemoryRateGate, LINE_REASON, type Hold, type RateGate } from './rate-gate.js';
export * from './reference.js';
export * from './settings.js';
export { describeWait, type OnWait, type Wait } from './waiting.js';
