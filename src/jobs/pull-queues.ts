/**
 * The API's side of the queues: one BullMQ queue a system. A job carries the id of its pull and nothing else; its own
 * id is the pull's id, so that adding it twice is adding it once.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { GatewayError, messageOf } from '../lib/errors.js';
import { queueName, type RedisNames } from './keys.js';

export interface QueueCounts {
  readonly queued: number;
  readonly running: number;
}

export interface PullQueues {
  /** Adds the job of a pull, unless it is there. @throws GatewayError QUEUE_UNAVAILABLE */
  add(system: string, pullId: string): Promise<void>;
  /** True when a job of that pull waits or runs. */
  has(system: string, pullId: string): Promise<boolean>;
  /** Removes a job that no worker holds. False when one does, or there is none. */
  removeWaiting(system: string, pullId: string): Promise<boolean>;
  /** Removes a job that was put off, and that no worker has taken since. False when it is none of these. */
  removePutOff(system: string, pullId: string): Promise<boolean>;
  /** How many jobs are in front of it; undefined when it does not wait. */
  position(system: string, pullId: string): Promise<number | undefined>;
  counts(system: string): Promise<QueueCounts>;
  /** Removes the queue of a system that is no more. */
  forget(system: string): Promise<void>;
  close(): Promise<void>;
}

export interface PullQueuesOptions {
  /** A connection that fails fast: a caller must not hang while Redis is away. */
  readonly redis: Redis;
  readonly names: RedisNames;
  readonly onError: (error: unknown) => void;
}

export function createPullQueues(options: PullQueuesOptions): PullQueues {
  const { redis, names, onError } = options;
  const queues = new Map<string, Queue>();

  async function queueOf(system: string): Promise<Queue> {
    const existing = queues.get(system);
    if (existing !== undefined) return existing;
    // A queue that is made while Redis is away would wait for it, and callers with it.
    await redis.ping();
    const queue = new Queue(queueName(system), {
      connection: redis,
      prefix: names.prefix,
      // Pulls are remembered in the index; the queue holds only what is to be done.
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    queue.on('error', onError);
    queues.set(system, queue);
    try {
      await queue.waitUntilReady();
    } catch (error) {
      // It can't be used any more.
      queues.delete(system);
      throw error;
    }
    return queue;
  }

  function removeIf(system: string, pullId: string, state: 'waiting' | 'delayed'): Promise<boolean> {
    return queued(async () => {
      const queue = await queueOf(system);
      // 0 when a worker holds its lock, or when it is not there.
      return (await queue.getJobState(pullId)) === state && (await queue.remove(pullId)) === 1;
    });
  }

  return {
    add: (system, pullId) =>
      queued(async () => {
        await (await queueOf(system)).add('pull', { pullId }, { jobId: pullId });
        await redis.publish(names.wakeChannel, system);
      }),
    has: (system, pullId) => queued(async () => (await (await queueOf(system)).getJob(pullId)) !== undefined),
    removeWaiting: (system, pullId) => removeIf(system, pullId, 'waiting'),
    removePutOff: (system, pullId) => removeIf(system, pullId, 'delayed'),
    position: (system, pullId) =>
      queued(async () => {
        const key = (await queueOf(system)).toKey('wait');
        // Jobs enter on the left and leave on the right.
        const [index, length] = await Promise.all([redis.lpos(key, pullId), redis.llen(key)]);
        return index === null ? undefined : length - 1 - index;
      }),
    counts: (system) =>
      queued(async () => {
        const counts = await (await queueOf(system)).getJobCounts('waiting', 'prioritized', 'delayed', 'active');
        const { waiting = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
        return { queued: waiting + prioritized + delayed, running: active };
      }),
    forget: (system) =>
      queued(async () => {
        const queue = await queueOf(system);
        await queue.obliterate({ force: true });
        await queue.close();
        queues.delete(system);
      }),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/**
 * Runs one operation of the queue.
 *
 * @throws GatewayError QUEUE_UNAVAILABLE when Redis does not answer.
 */
export async function queued<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('QUEUE_UNAVAILABLE', `The queue (Redis) does not answer: ${messageOf(error)}. Try again; if it lasts, tell the administrator.`, {
      cause: error,
    });
  }
}
