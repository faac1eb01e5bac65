/**
 * One worker working on one pull: takes it over in the index, runs the stages, and ends it.
 */
import { abortReason, errnoOf, GatewayError, messageOf } from '../lib/errors.js';
import { HandedOn } from '../lib/handed-on.js';
import type { Logger } from '../lib/log.js';
import { persistently } from '../models/database.js';
import type { PullStore } from '../models/pull-store.js';
import { holderOf, isTerminal, snapshotOf, type PullFailure, type PullRecord, type PullStage } from '../models/pull-records.js';
import { endedSnapshot, endPull, type PullOutcome } from './ending.js';
import type { PipelineServices, PullContext } from './pipeline/context.js';
import { ownGrants } from './pipeline/grants.js';
import type { PullResult } from './pipeline/results.js';
import { runPull } from './pipeline/run-pull.js';
import { staleResult } from './pipeline/stale.js';
import { putOffBy } from './put-off.js';
import type { ProgressStore } from './progress/progress-store.js';
import { ProgressTracker } from './progress/progress-tracker.js';
import type { WorkDirectories } from './work-directories.js';
import { sweepTemporary } from '../delivery/index.js';

export interface PullRunnerOptions {
  readonly pipeline: PipelineServices;
  readonly pulls: PullStore;
  readonly progress: ProgressStore;
  readonly work: WorkDirectories;
  readonly log: Logger;
  /** Told of a tag that began to point at an image, or moved. */
  readonly onTagChange: (record: PullRecord, result: PullResult) => Promise<void>;
}

/**
 * Works on the pull until it has ended. Never throws for what is wrong with the pull.
 *
 * @throws LostPull when it is somebody else's now, PutOff when it is to wait in its queue, and whatever kept the end from being recorded: the job must then be
 *   kept, so that it is taken over.
 */
export async function runPullJob(pullId: string, signal: AbortSignal, options: PullRunnerOptions): Promise<void> {
  const { pipeline, pulls, progress, log: parentLog } = options;
  const { config, indexRetryMs } = pipeline;
  const log = parentLog.child({ pull: pullId });
  const ending = { pulls, progress, log, indexRetryMs };

  const record = await persistently(() => pulls.begin(pullId), indexRetryMs, signal);
  if (record === undefined) {
    const known = await persistently(() => pulls.get(pullId), indexRetryMs, signal);
    if (known === undefined) return;
    // Its worker may have died between the end and this.
    if (isTerminal(known.state)) return persistently(() => pulls.release(known.key, pullId), indexRetryMs);
    if (known.attempt > 0) {
      await tidyAfterDeadWorker(known, known.attempt, options);
      await removeParts(known, options);
    }
    await endPull(ending, known, cancelled(known.stage ?? 'QUEUE'));
    return;
  }
  if (record.attempt > 1) await tidyAfterDeadWorker(record, record.attempt - 1, options);
  const deaths = record.attempt - 1 - record.handedBack;
  if (deaths > config.jobs.maxStalledCount) {
    const stage = (await progress.read(pullId).catch(() => undefined))?.stage ?? record.stage ?? 'QUEUE';
    const message = `The workers that held this pull died ${String(deaths)} ${deaths === 1 ? 'time' : 'times'}; the last was at ${stage}. Pull again, and tell the administrator if it happens again.`;
    await removeParts(record, options);
    await endPull(ending, record, { state: 'FAILED', error: { code: 'STALLED', message, stage, retryable: true } });
    return;
  }
  const system = pipeline.systems.find(record.system);
  if (system === undefined) {
    const message = `The system ${record.system} is not in the configuration of this worker any more.`;
    await endPull(ending, record, { state: 'FAILED', error: { code: 'UNKNOWN_SYSTEM', message, stage: 'QUEUE', retryable: false } });
    return;
  }

  // Live progress of the attempt before this one, so that nothing that was told falls.
  const live = await progress.read(pullId).catch(() => undefined);
  const start = { ...(live ?? snapshotOf(record)), attempt: record.attempt, startedAt: live?.startedAt ?? record.startedAt ?? new Date() };
  const tracker = new ProgressTracker({
    store: progress,
    start,
    eventsPerSecond: config.progress.eventsPerSecond,
    onError: (error) => log.debug({ err: error }, 'progress could not be published'),
  });
  log.info({ system: record.system, reference: record.reference, attempt: record.attempt }, 'pull begun');
  const limit = timeLimit(start.startedAt, config.jobs.pullTimeLimitMs);
  const workSignal = AbortSignal.any([signal, limit.signal]);
  let outcome: PullOutcome;
  try {
    const context: PullContext = {
      services: pipeline,
      record,
      system,
      grants: ownGrants(),
      progress: tracker,
      signal: workSignal,
      workDirectory: await options.work.make(pullId),
      log,
    };
    const result = await runPull(context).catch(async (failure: unknown) => {
      const stale = await staleResult(context, failure, pulls);
      if (stale === undefined) throw failure;
      return stale;
    });
    await options.onTagChange(record, result);
    outcome = { state: 'READY', imageId: result.imageId, isStale: result.isStale };
  } catch (thrown) {
    const error = workSignal.aborted ? abortReason(workSignal) : thrown;
    if (error instanceof LostPull) {
      tracker.abandon();
      if (error.isHandedBack) {
        await pulls.handBack(pullId, record.attempt).catch((failure: unknown) => log.warn({ err: failure }, 'a pull handed back counts as one whose worker died'));
      }
      log.info('the pull goes to another worker');
      throw error;
    }
    const late = putOffBy(error, new Date(start.startedAt.getTime() + config.jobs.pullTimeLimitMs));
    if (late !== undefined) {
      const layers = tracker.snapshot.layers.map((layer) => ({ ...layer, state: 'WAITING' as const, waitingFor: null }));
      await tracker.close({ ...tracker.snapshot, state: 'QUEUED', stage: 'QUEUE', message: late.message, layers });
      await persistently(() => pulls.handBack(pullId, record.attempt), indexRetryMs);
      log.info({ notBefore: late.putOff.notBefore }, 'the pull is put off');
      throw late.putOff;
    }
    outcome = failed(error, tracker.snapshot.stage ?? 'QUEUE', log);
  } finally {
    limit.stop();
    await options.work.remove(pullId).catch((error: unknown) => log.warn({ err: error }, 'the work directory of a pull could not be removed'));
  }

  // Of an image that this attempt has not been about: a tag can move in between.
  if (record.attempt > 1) await removeParts(record, options);
  const final = endedSnapshot({ ...tracker.snapshot, sequence: tracker.snapshot.sequence + 1 }, outcome);
  const ours = await persistently(() => pulls.finish(final), indexRetryMs);
  if (ours) await tracker.close(final);
  else tracker.abandon();
  await persistently(() => pulls.release(record.key, pullId), indexRetryMs);
  log.info({ state: final.state, code: final.error?.code }, 'pull ended');
}

/** The job is another worker's, now or soon: this one stops without a word. */
export class LostPull extends HandedOn {
  /** True when this worker gives the pull up of its own will, because it stops. */
  readonly isHandedBack: boolean;

  constructor(isHandedBack: boolean) {
    super('STALLED', 'This worker has no hold on the pull any more; another goes on with it.');
    this.isHandedBack = isHandedBack;
  }
}

/** Ends the work on a pull when it has taken too long, over all its attempts. */
function timeLimit(startedAt: Date, limitMs: number): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const expire = (): void =>
    controller.abort(
      new GatewayError(
        'TIMED_OUT',
        `The pull took longer than ${String(Math.round(limitMs / 1000))} s, the limit here ("PullTimeLimit"). What has been fetched is kept, so pulling again may get through.`,
      ),
    );
  const leftMs = startedAt.getTime() + limitMs - Date.now();
  // Node has no timer of more than 2^31 ms; so long a limit is none.
  const timer = leftMs >= 2 ** 31 ? undefined : setTimeout(expire, Math.max(0, leftMs));
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}

/**
 * What the killed worker of an earlier attempt has left on this host's disks and in the index. What it has left on the
 * system is built upon. What can't be reached now does not keep the pull from going on.
 *
 * @param attempts so many, from the first one, are over or have lost the pull
 */
async function tidyAfterDeadWorker({ _id: pullId }: PullRecord, attempts: number, { pipeline, work, log }: PullRunnerOptions): Promise<void> {
  const holders = Array.from({ length: attempts }, (_, at) => holderOf(pullId, at + 1));
  const steps = [() => work.sweep(), () => pipeline.blobs.sweep(), () => persistently(() => pipeline.images.unholdAll(holders), pipeline.indexRetryMs)];
  for (const step of steps) {
    await step().catch((error: unknown) => log.warn({ err: error, pull: pullId }, 'what a dead worker has left could not be tidied up'));
  }
}

/** What is left of the pull on its system when it ends. What can't be removed now, or not soon, is found when the system is verified. */
async function removeParts({ _id: pullId, system: name }: PullRecord, { pipeline, log }: PullRunnerOptions): Promise<void> {
  const system = pipeline.systems.find(name);
  if (system === undefined) return;
  const target = pipeline.target(system);
  await sweepTemporary(target.until(AbortSignal.timeout(target.cleanUpMs)), (id) => id !== pullId).catch((error: unknown) => {
    log.warn({ err: error, pull: pullId }, 'what a pull has left on its system could not be removed');
  });
}

export function cancelled(stage: PullStage): PullOutcome {
  const error: PullFailure = { code: 'CANCELLED', message: 'The pull was cancelled by those who had asked for it, or by an administrator.', stage, retryable: false };
  return { state: 'CANCELLED', error };
}

function failed(error: unknown, stage: PullStage, log: Logger): PullOutcome {
  if (error instanceof GatewayError) {
    if (error.code === 'CANCELLED') return cancelled(stage);
    log.warn({ err: error, stage, code: error.code }, 'pull failed');
    return { state: 'FAILED', error: { code: error.code, message: error.message, stage, retryable: error.retryable } };
  }
  log.error({ err: error, stage }, 'pull failed by a fault');
  if (errnoOf(error) === 'ENOSPC') {
    return { state: 'FAILED', error: { code: 'NO_SPACE', message: `A disk of the worker is full (${messageOf(error)}); free some room and pull again.`, stage, retryable: true } };
  }
  const message = "A fault of the gateway ended this pull; its log has the details under the pull's id. Pull again, and tell the administrator if it happens again.";
  return { state: 'FAILED', error: { code: 'INTERNAL', message, stage, retryable: true } };
}
