/**
 * The composition root of one gateway process: an API, a worker, or both. Everything is built here and handed down.
 */
import { mkdir } from 'node:fs/promises';
import type { GatewayConfig, SystemConfig } from './config/index.js';
import { SshConnections, sweepTemporary, type Target } from './delivery/index.js';
import { openCredentials, publishCredentials } from './jobs/credentials/sealed-credentials.js';
import { workerKey } from './jobs/credentials/worker-key.js';
import { createImageChanges, encodeImageChange, type ImageChangeEvent } from './jobs/image-changes.js';
import { createImportService } from './jobs/import-service.js';
import { redisNames } from './jobs/keys.js';
import type { PipelineServices } from './jobs/pipeline/context.js';
import { createSharedConversions } from './jobs/pipeline/shared-conversions.js';
import { ProgressHub } from './jobs/progress/progress-hub.js';
import { createProgressStore } from './jobs/progress/progress-store.js';
import { createPullQueues } from './jobs/pull-queues.js';
import { runPullJob } from './jobs/pull-runner.js';
import { createPullService, type PullService } from './jobs/pull-service.js';
import { startReconciler } from './jobs/reconciler.js';
import { connectRedis } from './jobs/redis-connections.js';
import { createRedisRateGate } from './jobs/redis-rate-gate.js';
import { createRegistryAccounts } from './jobs/registry-accounts.js';
import { registryLimitsOf, registrySettingsOf } from './jobs/registry-settings.js';
import { createWorkDirectories } from './jobs/work-directories.js';
import { checkSystem } from './jobs/tasks/check-system.js';
import { startTaskRunner } from './jobs/tasks/task-runner.js';
import { createImageTasks } from './jobs/tasks/image-tasks.js';
import { createTaskService } from './jobs/tasks/task-service.js';
import { createTargets } from './jobs/system-targets.js';
import { openSystemDirectory, type SystemDirectory } from './jobs/systems/system-directory.js';
import { createSystemService, type SystemService } from './jobs/systems/system-service.js';
import { ownerOfThisProcess } from './jobs/worker-identity.js';
import { createWorkerRegistry, startHeartbeat } from './jobs/worker-registry.js';
import { startWorkerPool } from './jobs/worker-pool.js';
import { startVerifier } from './jobs/verification/verifier.js';
import { verifySystem } from './jobs/verification/verify-system.js';
import { GatewayError } from './lib/errors.js';
import type { Logger } from './lib/log.js';
import { createPace } from './lib/pace.js';
import { createCredentialStore } from './models/credential-store.js';
import { openDatabase } from './models/database.js';
import { createImageStore } from './models/image-store.js';
import { createPullStore } from './models/pull-store.js';
import { isTerminal, type TagRecord, type VerificationRecord } from './models/records.js';
import { createTaskStore } from './models/task-store.js';
import { createSystemStore } from './models/system-store.js';
import { createVerificationStore } from './models/verification-store.js';
import { createBlobCache, createRegistryClient } from './registry/index.js';
import { createLayerCache, probeTools } from './rootfs/index.js';

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

export interface RunningGateway {
  /** Where the API listens; undefined for a worker alone. */
  readonly url: string | undefined;
  readonly hub: ProgressHub;
  /** What callers can do, for callers in this process. */
  readonly pullService: PullService;
  /** What administrators can do, for callers in this process. */
  readonly systemService: SystemService;
  close(): Promise<void>;
}

/** Prefix of all names in Redis. */
const REDIS_PREFIX = 'gw';
/** How long a worker waits for the index to come back, in ms. */
const INDEX_RETRY_MS = 60_000;
const SERVER_SELECTION_MS = 5000;

/**
 * @throws GatewayError INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE, PACKER_MISSING, UNSUPPORTED, CONFLICT. Nothing is left running then.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { config, log, roles } = options;
  const undo: (() => Promise<unknown>)[] = [];
  const onError = (error: unknown): void => log.warn({ err: error }, 'a connection reported an error');
  const names = redisNames(REDIS_PREFIX);
  try {
    const ssh = new SshConnections((problem) => log.warn({ err: problem }, 'a host of a system could not be used; the next one is tried'));
    undo.push(() => ssh.close());
    const target = createTargets(ssh);
    const tools = roles.worker ? await probeTools() : undefined;
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
      announce: () => publish(names.systemsChannel, '').catch(onError),
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

    if (tools !== undefined) {
      await mkdir(config.cacheDirectory, { recursive: true });
      await mkdir(config.expandDirectory, { recursive: true });
      const owner = ownerOfThisProcess();
      const work = createWorkDirectories(config.expandDirectory, owner);
      const blobs = createBlobCache({
        directory: config.cacheDirectory,
        owner,
        limits: registryLimitsOf(config),
        ...(config.cacheMaxBytes === undefined ? {} : { maxBytes: config.cacheMaxBytes }),
      });
      const layers = createLayerCache({ directory: config.cacheDirectory, owner, maxBytes: config.cacheMaxBytes, tools });
      const pipeline: PipelineServices = { config, systems, images, imageTasks, registry, blobs, layers, tools, conversions: createSharedConversions(work), target, indexRetryMs: INDEX_RETRY_MS };
      const served = servedSystems(systems, options.workerSystems);
      await work.sweep();
      await blobs.sweep();
      for (const system of served()) await tidySystem(system, target(system), pulls, log);
      const pool = startWorkerPool({
        systems: served().map(({ name }) => name),
        slots: config.workerThreads,
        jobs: config.jobs,
        redis,
        names,
        log,
        isCancelled: async (id) => (await pulls.get(id))?.cancelRequested === true,
        run: (pullId, signal) =>
          runPullJob(pullId, signal, {
            pipeline,
            pulls,
            progress,
            work,
            log,
            async onTagChange(_record, { tagChange }) {
              if (tagChange === undefined || tagChange.kind === 'CHECKED') return;
              await tellOfName(tagChange.kind, tagChange.tag);
            },
          }),
      });
      const heartbeat = await startHeartbeat({
        redis: redis.commands,
        prefix: names.prefix,
        worker: owner,
        systems: served,
        slots: config.workerThreads,
        running: () => pool.running,
        // One try: what can't be reached now is looked at again soon.
        target: createTargets(ssh, { reconnects: 0 }),
        heartbeatMs: config.jobs.heartbeatMs,
        checkMs: config.jobs.systemCheckMs,
        log,
      });
      const verifier = startVerifier({
        store: verifications,
        systems: () => served().map(({ name }) => name),
        verify: (name, repairs, signal, onProgress) =>
          verifySystem({
            system: name,
            target: target(pullService.systemNamed(name)),
            images,
            pulls,
            repairs,
            repair: async (image) => (await pullService.repair(image, await images.tagsOf(name, image.imageId))).id,
            maxFindings: config.verification.maxFindings,
            pace: createPace(config.verification.bytesPerSecond),
            signal,
            onProgress,
          }),
        worker: owner,
        leaseMs: config.jobs.lockDurationMs,
        pollMs: config.jobs.heartbeatMs,
        intervalMs: config.verification.intervalMs,
        subscriber: redis.subscriber(),
        channel: names.verifyChannel,
        indexRetryMs: INDEX_RETRY_MS,
        log,
      });
      systems.onChange(() => {
        pool.serve(served().map(({ name }) => name));
        void heartbeat.tell();
      });
      const taskRunner = startTaskRunner({
        store: tasks,
        images,
        systems: served,
        target: createTargets(ssh, { reconnects: 0 }),
        check: (target, signal) => checkSystem({ target, work, worker: owner, probeBytes: config.jobs.systemProbeBytes, signal }),
        leaseMs: config.jobs.lockDurationMs,
        pollMs: config.jobs.heartbeatMs,
        subscriber: redis.subscriber(),
        channel: names.taskChannel,
        log,
      });
      undo.push(() => verifier.stop());
      undo.push(() => taskRunner.stop());
      undo.push(() => heartbeat.stop());
      undo.push(() => work.close());
      undo.push(() => pool.close(config.jobs.shutdownGraceMs));
    }

    let url: string | undefined;
    if (roles.api) {
      const imageChanges = createImageChanges(redis.subscriber(), names, onError);
      undo.push(() => Promise.resolve(imageChanges.close()));
      const requestVerification = async (system: string, repairs: boolean): Promise<VerificationRecord> => {
        const record = await verifications.request(system, repairs);
        // Workers look for themselves, too.
        await publish(names.verifyChannel, system).catch(onError);
        return record;
      };
      await publishCredentials(config, credentials);
      await publish(names.credentialsChannel, '').catch(onError);
      const workers = createWorkerRegistry(redis.commands, names.prefix);
      const taskService = createTaskService({
        store: tasks,
        images,
        pullService,
        onNameGone,
        workers,
        imageTasks,
        announce: announceTask,
        answerMs: config.jobs.systemAnswerMs,
      });
      // Workers alone serve nobody, and start sooner without it.
      const { startHttpServer } = await import('./server/http-server.js');
      const server = await startHttpServer({
        services: { config, systems, systemService, pulls, images, pullService, importService: createImportService({ config, images, pullService }), queues, hub, imageChanges, registry, accounts, workers, taskService, verifications, requestVerification, version: options.version, log },
        checkReady: async () => {
          await Promise.all([database.ping(), redis.ping()]);
        },
      });
      undo.push(() => server.close());
      url = server.url;
    }
    return { url, hub, pullService, systemService, close: () => runBackwards(undo, log) };
  } catch (error) {
    await runBackwards(undo, log);
    throw error;
  }
}

/**
 * The systems that a worker serves, at any moment: those that it was told, or all.
 * @throws GatewayError UNKNOWN_SYSTEM when it was told one that there is not.
 */
function servedSystems(systems: SystemDirectory, wanted: readonly string[] | undefined): () => readonly SystemConfig[] {
  if (wanted === undefined) return () => systems.all();
  const unknown = wanted.find((name) => systems.find(name) === undefined);
  if (unknown !== undefined) throw new GatewayError('UNKNOWN_SYSTEM', `--systems names "${unknown}", which is not in Platforms and was not declared by the API.`);
  return () => systems.all().filter(({ name }) => wanted.includes(name));
}

/** Removes what pulls that have ended have left on a system; a system that can't be reached is tidied another time. */
async function tidySystem(system: SystemConfig, target: Target, pulls: ReturnType<typeof createPullStore>, log: Logger): Promise<void> {
  try {
    await sweepTemporary(target, async (id) => {
      const record = await pulls.get(id);
      return record !== undefined && !isTerminal(record.state);
    });
  } catch (error) {
    log.warn({ err: error, system: system.name }, 'the system could not be tidied');
  }
}

async function runBackwards(steps: (() => Promise<unknown>)[], log: Logger): Promise<void> {
  for (const step of steps.splice(0).reverse()) {
    await step().catch((error: unknown) => log.warn({ err: error }, 'something could not be closed'));
  }
}
