/**
 * What the stages of a pull are given. Each stage is a function of this and of the results before it, and can be done
 * again from its beginning: a worker that takes a pull over goes through them all.
 */
import type { GatewayConfig, SystemConfig } from '../../config/index.js';
import type { Target } from '../../delivery/index.js';
import type { Logger } from '../../lib/log.js';
import type { ImageStore } from '../../models/image-store.js';
import type { PullRecord } from '../../models/pull-records.js';
import type { BlobCache, RegistryClient, Rooms } from '../../registry/index.js';
import type { LayerCache, RootfsTools } from '../../rootfs/index.js';
import type { ProgressTracker } from '../progress/progress-tracker.js';
import type { SystemDirectory } from '../systems/system-directory.js';
import type { ImageTasks } from '../tasks/image-tasks.js';
import type { Grants } from './results.js';
import type { LargeImages } from './large-images.js';
import type { SharedConversions } from './shared-conversions.js';

/** What all pulls of a worker share. */
export interface PipelineServices {
  readonly config: GatewayConfig;
  readonly systems: SystemDirectory;
  readonly images: ImageStore;
  /** What is done later with images whose names change. */
  readonly imageTasks: ImageTasks;
  readonly registry: RegistryClient;
  readonly blobs: BlobCache;
  readonly layers: LayerCache;
  /** What pulls were promised of the disks. */
  readonly rooms: Rooms;
  readonly tools: RootfsTools;
  /** What pulls for several systems make together. */
  readonly conversions: SharedConversions;
  /** Which of the large images is being made. */
  readonly largeImages: LargeImages;
  /** Where images of that system go. */
  readonly target: (system: SystemConfig) => Target;
  /** How long (ms) a stage waits for the index to come back. */
  readonly indexRetryMs: number;
}

/** One pull on its way. */
export interface PullContext {
  readonly services: PipelineServices;
  readonly record: PullRecord;
  readonly system: SystemConfig;
  readonly grants: Grants;
  readonly progress: ProgressTracker;
  readonly signal: AbortSignal;
  /** To be told of each entry of a layer that is kept in memory. */
  readonly onEntry?: () => void;
  /** Empty, this pull's alone, removed after it. */
  readonly workDirectory: string;
  readonly log: Logger;
}
