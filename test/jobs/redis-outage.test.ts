/** A worker whose Redis does not answer for a while: a server that hangs, and one that is gone. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { redisNames } from '../../src/jobs/keys.js';
import { LostPull } from '../../src/jobs/pull-runner.js';
import { createPullQueues, type PullQueues } from '../../src/jobs/pull-queues.js';
import { connectRedis, type RedisConnections } from '../../src/jobs/redis-connections.js';
import { startWorkerPool, type WorkerPool } from '../../src/jobs/worker-pool.js';
import { createLogger } from '../../src/lib/log.js';
import { startOwnRedis, type OwnRedis } from '../support/own-redis.js';

const LOCK_MS = 1500;
const names = redisNames('outage');

/** The pool works on a pull, until `end` is called or the pool gives it up. */
interface Attempt {
  readonly signal: AbortSignal;
  readonly end: () => void;
}

let server: OwnRedis;
let redis: RedisConnections;
let queues: PullQueues;
let pool: WorkerPool;
let attempts: Told<Attempt>;
/** The pool has looked after a lock. */
let looks: Told<number>;

beforeEach(async () => {
  server = await startOwnRedis();
  redis = await connectRedis(server.address, () => {});
  queues = createPullQueues({ redis: redis.commands, names, onError: () => {} });
  attempts = told();
  looks = told();
  pool = startWorkerPool({
    systems: ['one'],
    slots: 1,
    jobs: { lockDurationMs: LOCK_MS, stalledIntervalMs: 100 },
    redis,
    names,
    isCancelled() {
      looks.tell(Date.now());
      return Promise.resolve(false);
    },
    log: createLogger('fatal'),
    run: (_id, signal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        attempts.tell({ signal, end: () => resolve() });
      }),
  });
  await queues.add('one', 'pull_1');
});

afterEach(async () => {
  await pool.close(0);
  await queues.close();
  redis.close();
  await server.remove();
});

it('a pull goes on when Redis answers again within the time of its lock', async () => {
  const { signal, end } = await attempts.next();
  server.freeze();
  await looks.next();
  server.thaw();
  const thawedAt = Date.now();
  while ((await looks.next()) < thawedAt + 2 * LOCK_MS);
  expect(signal.aborted).toBe(false);
  end();
  await gone();
});

it.each(['freeze', 'kill'] as const)('a pull is given up when its lock can have run out (%s), and is taken again when Redis is back', async (how) => {
  const { signal } = await attempts.next();
  await server[how]();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  // Nobody has died.
  expect(signal.reason).toMatchObject({ isHandedBack: true });
  expect(signal.reason).toBeInstanceOf(LostPull);
  if (how === 'freeze') server.thaw();
  else await server.start();
  const again = await attempts.next();
  again.end();
  await gone();
});

it.each(['freeze', 'kill'] as const)('a worker that is told to stop ends without Redis (%s)', async (how) => {
  const { signal } = await attempts.next();
  await server[how]();
  await pool.close(0);
  expect(signal.aborted).toBe(true);
});

it('a worker that is told to stop while it looks for work does so, too', async () => {
  (await attempts.next()).end();
  await gone();
  await server.kill();
  // It looks each second, and nothing tells that it has.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await pool.close(0);
});

it('what a worker had done when Redis went is done again, and the worker that stops does not wait for it', async () => {
  const { end } = await attempts.next();
  server.freeze();
  end();
  await pool.close(0);
  expect(pool.running).toBe(0);
});

it('a caller who comes while Redis is away is told so, and is served when it is back', async () => {
  await server.kill();
  await expect(queues.add('two', 'pull_2')).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  await server.start();
  while (redis.commands.status !== 'ready') await once(redis.commands, 'ready');
  await queues.add('two', 'pull_2');
  expect(await queues.has('two', 'pull_2')).toBe(true);
});

/** The job of the pull is not in the queue any more. */
async function gone(): Promise<void> {
  while (await queues.has('one', 'pull_1')) await new Promise((resolve) => setTimeout(resolve, 10));
}

interface Told<T> {
  tell(value: T): void;
  /** What was told next, or will be. */
  next(): Promise<T>;
}

function told<T>(): Told<T> {
  const values: T[] = [];
  let wake = (): void => {};
  return {
    tell(value) {
      values.push(value);
      wake();
    },
    async next() {
      while (values.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return values.shift()!;
    },
  };
}
