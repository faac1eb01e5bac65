/**
 * The rate gate of the registry client over all workers: holds, places in line and retries of each registry host, kept
 * in Redis and counted by its clock, so that workers need not agree on the time.
 *
 * While Redis is away each process keeps its own account: a registry is then asked more often than it should be, which
 * is better than not at all.
 */
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createMemoryRateGate, LINE_REASON, type Caller, type RateGate } from '../registry/index.js';

/**
 * KEYS: the hold of the account (a text that lasts as long as the hold), the next free place in the host's line (µs),
 * and the retries taken at the host (a sorted set by their time in µs). ARGV: what is asked, and its numbers in µs and ms.
 */
const GATE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('PTTL', KEYS[1])
if ARGV[1] == 'hold' then
  if tonumber(ARGV[2]) > held then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2]) end
  return { 0, '' }
end
if ARGV[1] == 'retry' then
  local windowUs = ARGV[3] * 1000
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - windowUs)
  if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[2]) then return { 0, '' } end
  redis.call('ZADD', KEYS[3], now, ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
  return { 1, '' }
end
if held > 0 then return { held, redis.call('GET', KEYS[1]) } end
local stepUs = tonumber(ARGV[2])
if stepUs == 0 then return { 0, '' } end
local turn = math.max(now, tonumber(redis.call('GET', KEYS[2]) or 0))
local waitMs = math.ceil((turn - now) / 1000)
redis.call('SET', KEYS[2], string.format('%.0f', turn + stepUs), 'PX', waitMs + math.ceil(stepUs / 1000) + 1000)
return { waitMs, '' }
`;

const answerSchema = z.tuple([z.number(), z.string()]);
/** Redis refuses a time to live of 0. */
const SHORTEST_MS = 1;

export interface RedisRateGateOptions {
  readonly redis: Redis;
  /** Of all names in Redis. */
  readonly prefix: string;
  /** Told when Redis could not be asked. */
  readonly onError: (error: unknown) => void;
}

export function createRedisRateGate({ redis, prefix, onError }: RedisRateGateOptions): RateGate {
  const alone = createMemoryRateGate();

  async function ask({ host, account }: Caller, ...args: readonly (string | number)[]): Promise<z.infer<typeof answerSchema>> {
    // One host, one slot, should the Redis be a cluster.
    const names = [`hold:${account}`, 'line', 'retries'].map((name) => `${prefix}:gate:{${host}}:${name}`);
    return answerSchema.parse(await redis.eval(GATE, names.length, ...names, ...args));
  }

  /** The answer of Redis, else that of this process alone. */
  async function orAlone<T>(shared: () => Promise<T>, local: () => Promise<T>): Promise<T> {
    try {
      return await shared();
    } catch (error) {
      onError(error);
      return await local();
    }
  }

  return {
    reserve: (caller, requestsPerSecond) =>
      orAlone(
        async () => {
          const stepUs = requestsPerSecond === undefined ? 0 : Math.ceil(1_000_000 / requestsPerSecond);
          const [waitMs, reason] = await ask(caller, 'reserve', stepUs);
          return { waitMs, reason: reason === '' ? LINE_REASON : reason, taken: reason === '' };
        },
        () => alone.reserve(caller, requestsPerSecond),
      ),
    hold: (caller, ms, reason) =>
      orAlone(
        async () => {
          await ask(caller, 'hold', Math.max(SHORTEST_MS, Math.ceil(ms)), reason);
        },
        () => alone.hold(caller, ms, reason),
      ),
    takeRetry: (host, count, windowMs) =>
      orAlone(
        async () => {
          const [isLeft] = await ask({ host, account: '' }, 'retry', count, Math.max(SHORTEST_MS, windowMs), randomUUID());
          return isLeft === 1;
        },
        () => alone.takeRetry(host, count, windowMs),
      ),
  };
}
