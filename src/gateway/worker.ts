/** The worker of a process: its pool, and all that it does for the systems that it serves. */
import { mkdir } from 'node:fs/promises';
import type { SystemConfig } from '../config/index.js';
import type { PipelineServices } from '../jobs/pipeline/context.js';
import { createLargeImages } from '../jobs/pipeline/large-images.js';
import { createSharedConversions } from '../jobs/pipeline/shared-conversions.js';
import { runPullJob } from '../jobs/pull-runner.js';
import { registryLimitsOf } from '../jobs/registry-settings.js';
import { createWorkDirectories } from '../jobs/work-directories.js';
import { checkSystem } from '../jobs/tasks/check-system.js';
import { imageTaskId } from '../jobs/tasks/image-tasks.js';
import { startTaskRunner } from '../jobs/tasks/task-runner.js';
import { createTargets } from '../jobs/system-targets.js';
import type { SystemDirectory } from '../jobs/systems/system-directory.js';
import { ownerOfThisProcess } from '../jobs/worker-identity.js';
import { startHeartbeat } from '../jobs/worker-registry.js';
import { createLiveness } from '../jobs/liveness.js';
import { startTidying } from '../jobs/tidying.js';
import { startWorkerPool } from '../jobs/worker-pool.js';
import { createRepairs } from '../jobs/verification/repairs.js';
import { startVerifier } from '../jobs/verification/verifier.js';
import { verifySystem } from '../jobs/verification/verify-system.js';
import { GatewayError } from '../lib/errors.js';
import { createPace } from '../lib/pace.js';
import { createBlobCache, createRooms } from '../registry/index.js';
import { createLayerCache, probeTools } from '../rootfs/index.js';
import type { Commons, Undo } from './commons.js';

/** @throws GatewayError UNKNOWN_SYSTEM, PACKER_MISSING; what was started is in `undo`. */
export async function startWorker(commons: Commons, undo: Undo): Promise<void> {
  const { config, log, workerSystems, ssh, target, redis, pulls, images, verifications, tasks, systems, progress, registry, tellOfName, imageTasks, pullService, names, indexRetryMs } = commons;
  const tools = await probeTools();
  await mkdir(config.cacheDirectory, { recursive: true });
  await mkdir(config.expandDirectory, { recursive: true });
  const owner = ownerOfThisProcess();
  const work = createWorkDirectories(config.expandDirectory, owner, log);
  const blobs = createBlobCache({
    directory: config.cacheDirectory,
    owner,
    limits: registryLimitsOf(config),
    ...(config.cacheMaxBytes === undefined ? {} : { maxBytes: config.cacheMaxBytes }),
  });
  const layers = createLayerCache({ directory: config.cacheDirectory, owner, maxBytes: config.cacheMaxBytes, tools });
  const pipeline: PipelineServices = { config, systems, images, imageTasks, registry, blobs, layers, rooms: createRooms(blobs), tools, conversions: createSharedConversions(work), largeImages: createLargeImages(config.rootfsLimits.smallEntries), target, indexRetryMs };
  const served = servedSystems(systems, workerSystems);
  await work.sweep();
  await blobs.sweep();
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
  // One try: what can't be reached now is looked at again soon.
  const impatient = createTargets(ssh, { reconnects: 0 });
  const isAlive = createLiveness(pulls, tasks);
  const tidying = startTidying({ systems: served(), target: impatient, isAlive, log });
  undo.push(() => tidying.stop());
  const heartbeat = await startHeartbeat({
    redis: redis.commands,
    prefix: names.prefix,
    worker: owner,
    systems: served,
    slots: config.workerThreads,
    running: () => pool.running,
    target: impatient,
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
        target: target(pullService.systemNamed(name)).until(signal),
        images,
        pulls,
        isAlive,
        isBeingDescribed: async (image) => (await tasks.get(imageTaskId(name, image.imageId)))?.problem === null,
        repairs: repairs ? createRepairs({ images, tasks, imageTasks, pullService, answerMs: config.jobs.systemAnswerMs }) : undefined,
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
    indexRetryMs,
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
    target: impatient,
    check: (target, claim, signal) => checkSystem({ id: claim, target, work, worker: owner, probeBytes: config.jobs.systemProbeBytes, signal }),
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
