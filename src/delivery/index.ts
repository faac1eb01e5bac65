/** Delivery: publishing products on a system, safely, and looking after what lies there. */
export { checkPublished, type CheckRequest, type PublishedState } from './check.js';
export { createLocalTarget, type LocalTargetOptions } from './local-target.js';
export type { Folder, TargetName } from './names.js';
export { publish, publishMetadata } from './publish.js';
export { removeImage } from './remove.js';
export { sweepTemporary } from './sweep.js';
export type { FileStat, Room, Target, WriteOptions } from './target.js';
export type { ImagePlacement, MetadataRequest, Product, PublishedFiles, PublishRequest } from './types.js';
