/**
 * Which workers live, and how the systems look from where they stand. Workers say so in Redis again and again; what a
 * dead one has said runs out by itself. API nodes only read: in the split form they can't reach the systems at all.
 */
import type { Redis } from 'ioredis';
import { hostname } from 'node:os';
import { z } from 'zod';
import type { SystemConfig } from '../config/index.js';
import type { Logger } from '../lib/log.js';
import type { TargetOf } from './system-targets.js';
import { startSystemWatch, type SystemLook } from './system-watch.js';

/** What is said is believed for so many intervals. */
const BELIEVED = 3;

const workerSchema = z.object({
  name: z.string(),
  host: z.string(),
  systems: z.array(z.string()),
  slots: z.number(),
  running: z.number(),
  startedAt: z.iso.datetime().transform((text) => new Date(text)),
  seenAt: z.iso.datetime().transform((text) => new Date(text)),
});
const statusSchema = z.object({
  isReachable: z.boolean(),
  problem: z.string().nullable(),
  freeBytes: z.number().nullable(),
  worker: z.string(),
  checkedAt: z.iso.datetime().transform((text) => new Date(text)),
});

/** A worker process that lives. */
export type WorkerState = z.infer<typeof workerSchema>;
/** A system as a worker saw it last. */
export type SystemStatus = z.infer<typeof statusSchema>;

export interface WorkerRegistry {
  /** The workers that live and serve the system, by name. @throws what Redis throws */
  workersOf(system: string): Promise<WorkerState[]>;
  /** Undefined when no worker has looked lately. @throws what Redis throws */
  statusOf(system: string): Promise<SystemStatus | undefined>;
}

interface Names {
  readonly workers: string;
  readonly worker: (name: string) => string;
  readonly status: (system: string) => string;
}

function namesIn(prefix: string): Names {
  return {
    workers: `${prefix}:workers`,
    worker: (name) => `${prefix}:worker:${name}`,
    status: (system) => `${prefix}:system-status:${system}`,
  };
}

export function createWorkerRegistry(redis: Redis, prefix: string): WorkerRegistry {
  const names = namesIn(prefix);
  return {
    async workersOf(system) {
      const known = (await redis.smembers(names.workers)).sort();
      if (known.length === 0) return [];
      const texts = await redis.mget(known.map(names.worker));
      const gone = known.filter((_, at) => texts[at] === null);
      if (gone.length > 0) await redis.srem(names.workers, gone);
      return texts.flatMap((text) => (text === null ? [] : [workerSchema.parse(JSON.parse(text))])).filter(({ systems }) => systems.includes(system));
    },
    async statusOf(system) {
      const text = await redis.get(names.status(system));
      return text === null ? undefined : statusSchema.parse(JSON.parse(text));
    },
  };
}

export interface HeartbeatOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /** Unlike that of any other worker that lives. */
  readonly worker: string;
  readonly systems: () => readonly SystemConfig[];
  readonly slots: number;
  readonly running: () => number;
  /** A target that gives up soon. */
  readonly target: TargetOf;
  readonly heartbeatMs: number;
  readonly checkMs: number;
  readonly log: Logger;
}

export interface Heartbeat {
  /** Says at once how things are, because they have changed. */
  tell(): Promise<void>;
  stop(): Promise<void>;
}

/** Speaks for a worker until it is stopped. Never throws: Redis may be away for a while. */
export async function startHeartbeat(options: HeartbeatOptions): Promise<Heartbeat> {
  const { redis, worker, heartbeatMs, checkMs, log } = options;
  const names = namesIn(options.prefix);
  const registry = createWorkerRegistry(redis, options.prefix);
  const startedAt = new Date();
  const onError = (error: unknown): void => log.debug({ err: error }, 'a sign of life could not be given');

  async function beat(): Promise<void> {
    const state = {
      name: worker,
      host: hostname(),
      systems: options.systems().map(({ name }) => name),
      slots: options.slots,
      running: options.running(),
      startedAt,
      seenAt: new Date(),
    };
    await redis.set(names.worker(worker), JSON.stringify(state), 'PX', heartbeatMs * BELIEVED);
    await redis.sadd(names.workers, worker);
    await redis.pexpire(names.workers, heartbeatMs * BELIEVED);
  }

  async function tellOf(system: string, look: SystemLook): Promise<void> {
    await redis.set(names.status(system), JSON.stringify({ ...look, worker, checkedAt: new Date() }), 'PX', checkMs * BELIEVED);
  }

  await beat().catch(onError);
  const watch = startSystemWatch({ systems: options.systems, target: options.target, checkMs, tell: (system, look) => tellOf(system, look).catch(onError) });
  const beats = setInterval(() => void beat().catch(onError), heartbeatMs);
  return {
    async tell() {
      await beat().catch(onError);
      watch.look();
    },
    async stop() {
      clearInterval(beats);
      watch.stop();
      try {
        await redis.srem(names.workers, worker);
        await redis.del(names.worker(worker));
        // What others have seen since stays.
        for (const { name } of options.systems()) {
          if ((await registry.statusOf(name))?.worker === worker) await redis.del(names.status(name));
        }
      } catch (error) {
        onError(error);
      }
    },
  };
}
