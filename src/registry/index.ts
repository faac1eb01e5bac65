/** The registry room: references, the client, the blob cache. */
export { assembleImage, type ImageDocuments } from './assemble.js';
export { admission, compressedAgain, type Admission } from './admission.js';
export {
  createBlobCache,
  type BlobCache,
  type BlobCacheOptions,
  type BlobFetchOptions,
  type CachedBlob,
} from './blob-cache.js';
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type RegistryLog,
  type ResolveOptions,
} from './client.js';
export { serviceLogin } from './credentials.js';
export { parseConfig, parseDocument, type ImageConfig } from './documents.js';
export type { BlobProgress } from './download-file.js';
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
export { ANONYMOUS } from './identity.js';
export * from './platform.js';
export { createMemoryRateGate, LINE_REASON, type Caller, type Hold, type RateGate } from './rate-gate.js';
export * from './reference.js';
export { platformManifest, type Fetched } from './resolve.js';
export { createRooms, roomAt, type PromisedRoom, type RoomNeed, type Rooms } from './rooms.js';
export * from './settings.js';
export { describeWait, type OnWait, type Wait } from './waiting.js';
