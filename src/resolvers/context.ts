/**
 * What every resolver is given: who asks, and the services that answer.
 */
import type { Viewer } from '../access/viewer.js';
import type { GatewayConfig } from '../config/index.js';
import type { Logger } from '../lib/log.js';
import type { ImageStore } from '../models/image-store.js';
import type { PullStore } from '../models/pull-store.js';
import type { VerificationRecord } from '../models/system-records.js';
import type { VerificationStore } from '../models/verification-store.js';
import type { ImageChanges } from '../jobs/image-changes.js';
import type { ImportService } from '../jobs/import-service.js';
import type { PullService } from '../jobs/pull-service.js';
import type { PullQueues } from '../jobs/pull-queues.js';
import type { ProgressHub } from '../jobs/progress/progress-hub.js';
import type { RegistryAccounts } from '../jobs/registry-accounts.js';
import type { SystemDirectory } from '../jobs/systems/system-directory.js';
import type { TaskService } from '../jobs/tasks/task-service.js';
import type { SystemService } from '../jobs/systems/system-service.js';
import type { RegistryClient } from '../registry/index.js';
import type { WorkerRegistry } from '../jobs/worker-registry.js';
import { createLoaders, type Loaders } from './loaders.js';

export interface GatewayServices {
  readonly config: GatewayConfig;
  readonly systems: SystemDirectory;
  readonly systemService: SystemService;
  readonly taskService: TaskService;
  readonly pulls: PullStore;
  readonly images: ImageStore;
  readonly pullService: PullService;
  readonly importService: ImportService;
  readonly queues: PullQueues;
  readonly hub: ProgressHub;
  readonly imageChanges: ImageChanges;
  readonly registry: RegistryClient;
  readonly accounts: RegistryAccounts;
  readonly workers: WorkerRegistry;
  readonly verifications: Pick<VerificationStore, 'get'>;
  /** Asks for a verification, and tells the workers. @throws GatewayError INDEX_UNAVAILABLE */
  readonly requestVerification: (system: string, repairs: boolean) => Promise<VerificationRecord>;
  readonly version: string;
  readonly log: Logger;
}

export interface GatewayContext {
  readonly viewer: Viewer;
  readonly services: GatewayServices;
  readonly loaders: Loaders;
  /** Fires when the caller has gone. */
  readonly signal: AbortSignal;
}

/** The context of one request or subscription. */
export function createContext(viewer: Viewer, services: GatewayServices, signal: AbortSignal): GatewayContext {
  return { viewer, services, loaders: createLoaders(services.images), signal };
}
