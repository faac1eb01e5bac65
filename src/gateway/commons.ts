/** What an API and a worker both need: connections, stores, and the services over them. */
import type { GatewayConfig } from '../config/index.js';
import { SshConnections } from '../delivery/index.js';
import { openCredentials } from '../jobs/credentials/sealed-credentials.js';
import { workerKey } from '../jobs/credentials/worker-key.js';
import { encodeImageChange, type ImageChangeEvent } from '../jobs/image-changes.js';
import { redisNames } from '../jobs/keys.js';
import { ProgressHub } from '../jobs/progress/progress-hub.js';
import { createProgressStore } from '../jobs/progress/progress-store.js';
import { createPullQueues } from '../jobs/pull-queues.js';
import { createPullService } from '../jobs/pull-service.js';
import { startReconciler } from '../jobs/reconciler.js';
import { connectRedis } from '../jobs/redis-connections.js';
import { createRedisRateGate } from '../jobs/redis-rate-gate.js';
import { createRegistryAccounts } from '../jobs/registry-accounts.js';
import { registryLimitsOf, registrySettingsOf } from '../jobs/registry-settings.js';
import { createImageTasks } from '../jobs/tasks/image-tasks.js';
import { createTargets } from '../jobs/system-targets.js';
import { openSystemDirectory } from '../jobs/systems/system-directory.js';
import { createSystemService } from '../jobs/systems/system-service.js';
import type { Logger } from '../lib/log.js';
import { createCredentialStore } from '../models/credential-store.js';
import { openDatabase } from '../models/database.js';
import { createImageStore } from '../models/image-store.js';
import { createPullStore } from '../models/pull-store.js';
import type { TagRecord } from '../models/image-records.js';
import { createTaskStore } from '../models/task-store.js';
import { createSystemStore } from '../models/system-store.js';
import { createVerificationStore } from '../models/verification-store.js';
import { createRegistryClient } from '../registry/index.js';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly redisUrl: string;
  readonly mongoUri: string;
  readonly roles: { readonly api: boolean; readonly worker: boolean };
  /** The systems that this worker serves; all when absent. */
  readonly workerSystems?: readonly string[];
  readonly version: string;
  readonly log: Logger;
}

/** Prefix of all names in Redis. */
const REDIS_PREFIX = 'gw';
/** How long a worker waits for the index to come back, in ms. */
const INDEX_RETRY_MS = 60_000;
const SERVER_SELECTION_MS = 5000;

/** How to end what was started: run backwards, each once. */
export type Undo = (() => Promise<unknown>)[];

export type Commons = Awaited<ReturnType<typeof openCommons>>;

/**
 * Opens them; what was opened is in `undo`, also when it fails.
 *
 * @throws GatewayError INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE, UNSUPPORTED, CONFLICT.
 */
export async function openCommons(options: GatewayOptions, undo: Undo) {
  const { config, log, roles } = options;
  const onError = (error: unknown): void => log.warn({ err: error }, 'a connection reported an error');
  const names = redisNames(REDIS_PREFIX);
  const ssh = new SshConnections((problem) => log.warn({ err: problem }, 'a host of a system could not be used; the next one is tried'));
  undo.push(() => ssh.close());
  const target = createTargets(ssh);
  const redis = await connectRedis(options.redisUrl, onError);
  undo.push(() => Promise.resolve(redis.close()));
  const database = await openDatabase({ uri: options.mongoUri, serverSelectionMs: SERVER_SELECTION_MS });
  undo.push(() => database.close());

  const pulls = createPullStore(database);
  const images = createImageStore(database);
  const verifications = createVerificationStore(database);
  const tasks = createTaskStore(database);
  const systemStore = createSystemStore(database);
  const systems = await openSystemDirectory({ config, store: systemStore, subscriber: redis.subscriber(), channel: names.systemsChannel, log });
  undo.push(() => systems.close());
  const progress = createProgressStore(redis.commands, names.prefix);
  const queues = createPullQueues({ redis: redis.commands, names, onError });
  undo.push(() => queues.close());
  const gate = createRedisRateGate({ redis: redis.commands, prefix: names.prefix, onError });
  const accounts = createRegistryAccounts(redis.commands, names.prefix, onError);
  const credentials = createCredentialStore(database);
  // A process with an API has the logins in its own configuration.
  const sealed = roles.api
    ? undefined
    : await openCredentials({
        key: await workerKey(config.stateDirectory),
        store: credentials,
        subscriber: redis.subscriber(),
        channel: names.credentialsChannel,
        rereadMs: config.jobs.systemsRereadMs,
        log,
      });
  undo.push(async () => sealed?.close());
  const registry = createRegistryClient({
    registries: registrySettingsOf(config),
    limits: registryLimitsOf(config),
    gate,
    log,
    ...(sealed === undefined ? {} : { loginFor: sealed.loginFor }),
    onRateLimit: (name, limit) => accounts.note(name, limit),
  });
  undo.push(() => registry.close());
  const publish = async (channel: string, message: string): Promise<void> => {
    await redis.commands.publish(channel, message);
  };
  const tellOfName = (kind: ImageChangeEvent['kind'], { system, reference, imageId, principals }: TagRecord): Promise<void> =>
    publish(names.imageChannel, encodeImageChange({ kind, system, reference, imageId, principals: [...principals] })).catch(onError);
  // Workers look for themselves, too.
  const announceTask = (system: string): Promise<unknown> => publish(names.taskChannel, system).catch(onError);
  const imageTasks = createImageTasks({ store: tasks, announce: announceTask, leaseMs: config.jobs.lockDurationMs });
  const onNameGone = (tag: TagRecord): Promise<void> => tellOfName('REMOVED', tag);
  const pullService = createPullService({
    config,
    systems,
    isRemoved: async (system) => (await systemStore.get(system))?.state !== 'READY',
    pulls,
    queues,
    progress,
    names,
    publish,
    log,
    indexRetryMs: INDEX_RETRY_MS,
  });
  const systemService = createSystemService({
    config,
    directory: systems,
    store: systemStore,
    images,
    pulls,
    pullService,
    queues,
    verifications,
    tasks,
    onNameGone,
    // Everybody reads the systems anew now and then, too.
    announce: (name) => publish(names.systemsChannel, name).catch(onError),
  });
  const hub = new ProgressHub({
    subscriber: redis.subscriber(),
    prefix: names.prefix,
    read: (id) => pullService.read(id),
    rereadMs: config.progress.rereadIntervalMs,
    onError,
  });
  undo.push(() => Promise.resolve(hub.close()));
  const reconciler = startReconciler({
    pulls,
    queues,
    intervalMs: config.jobs.reconcileIntervalMs,
    retentionMs: config.pullRetentionMs,
    log,
  });
  undo.push(() => reconciler.stop());
  await reconciler.run();
  const { version, workerSystems } = options;
  return { config, log, version, workerSystems, ssh, target, redis, database, pulls, images, verifications, tasks, systems, progress, queues, accounts, credentials, registry, publish, tellOfName, announceTask, imageTasks, onNameGone, pullService, systemService, hub, names, onError, indexRetryMs: INDEX_RETRY_MS };
}
