/**
 * The workers of one process: a pool of `WorkerThreads` slots over the queues of its systems.
 *
 * BullMQ's own concurrency is for each queue; ten queues would run ten times as many pulls. So jobs are taken by hand,
 * only when a slot is free, from one queue after the other; the pool keeps each job's lock and gives up the work when
 * the lock is lost.
 */
import { Worker, type Job } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { JobsConfig } from '../config/index.js';
import { GatewayError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { keepJobLock } from './job-lock.js';
import { queueName, type RedisNames } from './keys.js';
import { LostPull } from './pull-runner.js';
import { PutOff } from './put-off.js';
import { COMMAND_TIMEOUT_MS, type RedisConnections } from './redis-connections.js';

export interface WorkerPoolOptions {
  readonly systems: readonly string[];
  readonly slots: number;
  readonly jobs: Pick<JobsConfig, 'lockDurationMs' | 'stalledIntervalMs'>;
  readonly redis: RedisConnections;
  readonly names: RedisNames;
  /** Works on one pull to its end. When it throws, the job stays and is taken over; not before the time of a `PutOff`. */
  readonly run: (pullId: string, signal: AbortSignal) => Promise<void>;
  /** True when the pull is to stop; asked now and then, should the message to stop have been lost. */
  readonly isCancelled: (pullId: string) => Promise<boolean>;
  readonly log: Logger;
}

export interface WorkerPool {
  /** Pulls that are being worked on. */
  readonly running: number;
  /** From now on jobs of these systems are taken, and of no others. What runs goes on. */
  serve(systems: readonly string[]): void;
  /** Takes no more jobs, lets the running ones go on for `graceMs`, then leaves them to others. */
  close(graceMs: number): Promise<void>;
}

const jobData = z.object({ pullId: z.string() });
/** How often the queues are looked at although nobody said that there is work (ms): messages can be lost. */
const POLL_MS = 1000;

interface Running {
  readonly job: Job;
  readonly token: string;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export function startWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { jobs, names, log } = options;
  const running = new Map<string, Running>();
  const onError = (error: unknown): undefined => {
    log.warn({ err: error }, 'the queue reported an error');
  };
  const connection = options.redis.worker();
  const serving = new Map<string, Worker>();
  /** Workers of systems that are not served any more: closed when their last job has ended, which needs them to keep its lock. */
  const retiring = new Set<Promise<unknown>>();

  function takeFrom(system: string): void {
    const worker = new Worker(queueName(system), null, {
      connection,
      prefix: names.prefix,
      autorun: false,
      lockDuration: jobs.lockDurationMs,
      stalledInterval: jobs.stalledIntervalMs,
      // Attempts are counted in the index, which outlives Redis.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    worker.on('error', onError);
    worker.startStalledCheckTimer().catch(onError);
    worker.on('stalled', () => wake());
    serving.set(system, worker);
  }

  const closing = new AbortController();
  let wake: () => void = () => {};
  for (const system of options.systems) takeFrom(system);
  const subscriber = options.redis.subscriber();
  subscriber.subscribe(names.wakeChannel, names.cancelChannel).catch(onError);
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === names.wakeChannel) wake();
    else running.get(message)?.controller.abort(cancelReason());
  });
  const loop = takeJobs();

  async function takeJobs(): Promise<void> {
    let next = 0;
    while (!closing.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let took = false;
      // One round over the queues, going on where the last one stopped, so that none is starved.
      const workers = [...serving.values()];
      for (let i = 0; i < workers.length && running.size < options.slots; i++) {
        const worker = workers[next++ % workers.length];
        // Asked again: it may have changed while the last queue was asked.
        if (isAborted(closing.signal)) return;
        const token = randomUUID();
        const job = worker === undefined ? undefined : await nextJob(worker, token).catch(onError);
        if (job === undefined) continue;
        start(job, token);
        took = true;
      }
      if (took && running.size < options.slots) continue;
      const timer = setTimeout(() => wake(), POLL_MS);
      await woken;
      clearTimeout(timer);
    }
  }

  /** Undefined when the queue is empty. */
  async function nextJob(worker: Worker, token: string): Promise<Job | undefined> {
    // BullMQ's type does not say that.
    return await answer<Job | undefined>(worker.getNextJob(token, { block: false }));
  }

  function start(job: Job, token: string): void {
    const parsed = jobData.safeParse(job.data);
    const id = parsed.success ? parsed.data.pullId : (job.id ?? '');
    const controller = new AbortController();
    // Its lock was lost, or the job could not be had again. What it still does must be over first: both have the same names.
    const before = running.get(id);
    before?.controller.abort(new LostPull(false));
    const done = work(job, token, id, controller, before?.done).finally(() => {
      if (running.get(id)?.controller === controller) running.delete(id);
      wake();
    });
    running.set(id, { job, token, controller, done });
  }

  async function work(job: Job, token: string, pullId: string, controller: AbortController, before: Promise<void> | undefined): Promise<void> {
    const lock = keepLock(job, token, pullId, controller);
    try {
      await before;
      await options.run(pullId, controller.signal);
      lock.stop();
      await answer(job.moveToCompleted(null, token, false));
    } catch (thrown) {
      lock.stop();
      const error = thrown instanceof PutOff ? await putOff(job, token, pullId, thrown.notBefore) : thrown;
      if (error === undefined) return;
      // The job's lock runs out, and a worker takes it over: the record says how often that may happen.
      if (!(error instanceof LostPull)) log.error({ err: error, pull: pullId }, 'a pull could not be ended; it will be taken over');
    }
  }

  /** Puts the job back into its queue until then. Gives what has kept it from that. */
  async function putOff(job: Job, token: string, pullId: string, notBefore: Date): Promise<unknown> {
    try {
      await answer(job.moveToDelayed(notBefore.getTime(), token));
      // Whoever cancels it from now on finds it there; who did so before was told that a worker has it.
      if (await options.isCancelled(pullId)) await answer(job.promote());
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Keeps the job's lock; gives the pull up when it is another's or may be, or is to stop. */
  function keepLock(job: Job, token: string, pullId: string, controller: AbortController): { stop(): void } {
    return keepJobLock({
      job,
      token,
      durationMs: jobs.lockDurationMs,
      onLost: () => controller.abort(new LostPull(false)),
      // It goes on when Redis is back, and nobody has died.
      onRunOut: () => controller.abort(new LostPull(true)),
      onLook() {
        options.isCancelled(pullId).then(
          (isCancelled) => {
            if (isCancelled) controller.abort(cancelReason());
          },
          () => {},
        );
      },
    });
  }

  /**
   * The answer of Redis, for which a worker waits as long as it is away; one that stops waits no longer than for any command.
   * What it does not hear of then is taken over, as from a worker that died.
   */
  async function answer<T>(command: Promise<T>): Promise<T> {
    let limit: NodeJS.Timeout | undefined;
    let onClosing = (): void => {};
    const tooLate = new Promise<never>((_resolve, reject) => {
      onClosing = () => (limit = setTimeout(() => reject(noAnswer()), COMMAND_TIMEOUT_MS));
      if (closing.signal.aborted) onClosing();
      else closing.signal.addEventListener('abort', onClosing, { once: true });
    });
    try {
      return await Promise.race([command, tooLate]);
    } finally {
      clearTimeout(limit);
      closing.signal.removeEventListener('abort', onClosing);
    }
  }

  return {
    get running() {
      return running.size;
    },
    serve(systems) {
      for (const system of systems) if (!serving.has(system)) takeFrom(system);
      for (const [system, worker] of serving) {
        if (systems.includes(system)) continue;
        serving.delete(system);
        const jobs = [...running.values()].filter(({ job }) => job.queueName === worker.name).map(({ done }) => done);
        const gone = Promise.all(jobs)
          .then(() => worker.close(true))
          .catch(onError)
          .finally(() => retiring.delete(gone));
        retiring.add(gone);
      }
      wake();
    },
    async close(graceMs) {
      closing.abort();
      wake();
      await loop;
      const all = Promise.all([...running.values()].map(({ done }) => done));
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([all, grace]);
      clearTimeout(timer);
      // What is left stays in the queue, and is offered to others at once rather than when its lock runs out.
      const left = [...running.values()];
      for (const { controller } of left) controller.abort(new LostPull(true));
      await Promise.all(left.map(({ done }) => done));
      const offered = await Promise.all(left.map(({ job, token }) => answer(job.moveToWait(token)).then(() => true, onError)));
      if (offered.includes(true)) await options.redis.commands.publish(names.wakeChannel, '').catch(onError);
      await Promise.all([...[...serving.values()].map((worker) => worker.close(true).catch(onError)), ...retiring]);
    },
  };
}

/** A function, because the compiler takes what it has seen once for what stays. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function cancelReason(): GatewayError {
  return new GatewayError('CANCELLED', 'The pull was cancelled.');
}

function noAnswer(): GatewayError {
  return new GatewayError('QUEUE_UNAVAILABLE', 'The queue (Redis) does not answer, and this worker stops: what it held is taken over when Redis is back.');
}
