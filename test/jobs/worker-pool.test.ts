import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { queueName, redisNames } from '../../src/jobs/keys.js';
import { LostPull } from '../../src/jobs/pull-runner.js';
import { PutOff } from '../../src/jobs/put-off.js';
import { createPullQueues, type PullQueues } from '../../src/jobs/pull-queues.js';
import { connectRedis, type RedisConnections } from '../../src/jobs/redis-connections.js';
import { startWorkerPool } from '../../src/jobs/worker-pool.js';
import { createLogger } from '../../src/lib/log.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const ID = 'pull_1';
const names = redisNames('pool');

let stack: TestStack;
let redis: RedisConnections;
let queues: PullQueues;

beforeAll(async () => {
  stack = await startTestStack();
  redis = await connectRedis(stack.redis, () => {});
  queues = createPullQueues({ redis: redis.commands, names, onError: () => {} });
});
afterAll(async () => {
  await queues.close();
  redis.close();
  await stack.stop();
});

it('a pull whose lock was lost comes back to its own worker: the first attempt ends before the next begins, which can still be cancelled', async () => {
  const told: string[] = [];
  const waiting: (() => void)[] = [];
  /** Resolves when `told` has grown to so many. */
  const until = async (count: number): Promise<void> => {
    while (told.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const tell = (what: string): void => {
    told.push(what);
    for (const resolve of waiting.splice(0)) resolve();
  };
  let tidyUp = (): void => {};
  const tidied = new Promise<void>((resolve) => (tidyUp = resolve));
  let attempts = 0;
  const pool = startWorkerPool({
    systems: ['one'],
    slots: 2,
    jobs: { lockDurationMs: 600, stalledIntervalMs: 100 },
    redis,
    names,
    isCancelled: () => Promise.resolve(false),
    log: createLogger('fatal'),
    async run(_id, signal) {
      const attempt = ++attempts;
      tell(`${String(attempt)} begins`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      tell(`${String(attempt)} stops: ${signal.reason instanceof LostPull ? 'lost' : 'cancelled'}`);
      if (attempt === 1) await tidied;
      tell(`${String(attempt)} ends`);
      if (signal.reason instanceof LostPull) throw signal.reason;
    },
  });
  await queues.add('one', ID);
  await until(1);
  expect(await redis.commands.del(`${names.prefix}:${queueName('one')}:${ID}:lock`)).toBe(1);
  await until(2);
  // The job has been taken again, as its lock shows; the attempt must not have begun.
  while ((await redis.commands.exists(`${names.prefix}:${queueName('one')}:${ID}:lock`)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(pool.running).toBe(1);
  tidyUp();
  await until(4);
  expect(pool.running).toBe(1);
  await redis.commands.publish(names.cancelChannel, ID);
  await until(6);
  expect(told).toEqual(['1 begins', '1 stops: lost', '1 ends', '2 begins', '2 stops: cancelled', '2 ends']);
  await pool.close(0);
});

it('a pull that is cancelled while it is being put off is taken up at once', async () => {
  const told: string[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const pool = startWorkerPool({
    systems: ['one'],
    slots: 1,
    jobs: { lockDurationMs: 600, stalledIntervalMs: 100 },
    redis,
    names,
    isCancelled: () => Promise.resolve(true),
    log: createLogger('fatal'),
    run(id) {
      told.push(id);
      if (told.length === 1) return Promise.reject(new PutOff(new Date(Date.now() + 3_600_000)));
      end();
      return Promise.resolve();
    },
  });
  await queues.add('one', 'pull_2');
  await ended;
  expect(told).toEqual(['pull_2', 'pull_2']);
  await pool.close(0);
  expect(await queues.has('one', 'pull_2')).toBe(false);
});

it('no more pulls than slots run at once, whatever the number of systems, and each system has its turn', async () => {
  const systems = ['east', 'west', 'north'];
  const SLOTS = 2;
  for (const system of systems) for (const n of [1, 2, 3]) await queues.add(system, `pull_${system}_${String(n)}`);
  const begun: string[] = [];
  let [running, most, ended] = [0, 0, 0];
  let allEnded = (): void => {};
  const done = new Promise<void>((resolve) => (allEnded = resolve));
  const pool = startWorkerPool({
    systems,
    slots: SLOTS,
    jobs: { lockDurationMs: 30_000, stalledIntervalMs: 30_000 },
    redis,
    names,
    isCancelled: () => Promise.resolve(false),
    log: createLogger('fatal'),
    async run(id) {
      begun.push(id.split('_')[1]!);
      most = Math.max(most, ++running);
      // Time enough for the pool to take more, did it want to: it asks the same server.
      for (let i = 0; i < 50; i++) await redis.ping();
      running--;
      if (++ended === 9) allEnded();
    },
  });
  await done;
  await pool.close(0);
  expect(most).toBe(SLOTS);
  expect(new Set(begun.slice(0, systems.length)).size).toBe(systems.length);
});
