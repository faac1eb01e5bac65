/**
 * The Redis connections of one process, each with the patience that its use needs.
 */
import { Redis } from 'ioredis';
import { GatewayError, messageOf } from '../lib/errors.js';
import { redisOptions, withoutPassword, type RedisAddress } from '../lib/redis-address.js';

/** A command that gets no answer in this time (ms) fails, so that no caller hangs with Redis. */
export const COMMAND_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;

export interface RedisConnections {
  /** For commands: fails at once while Redis is away. */
  readonly commands: Redis;
  /** For pub/sub; subscribes again by itself. One for each use, because a subscriber can do nothing else. */
  subscriber(): Redis;
  /** For BullMQ workers, which must wait for Redis to come back. */
  worker(): Redis;
  /** @throws GatewayError QUEUE_UNAVAILABLE */
  ping(): Promise<void>;
  close(): void;
}

/**
 * @throws GatewayError QUEUE_UNAVAILABLE when nothing answers at the address, BAD_CONFIG when it is none.
 */
export async function connectRedis(address: RedisAddress, onError: (error: unknown) => void): Promise<RedisConnections> {
  const base = { ...redisOptions(address), connectTimeout: CONNECT_TIMEOUT_MS, retryStrategy: (times: number) => Math.min(times * 50, 1000) };
  const open: Redis[] = [];

  function opened(redis: Redis): Redis {
    redis.on('error', onError);
    open.push(redis);
    return redis;
  }

  const commands = opened(
    new Redis({ ...base, lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT_MS }),
  );
  try {
    await commands.connect();
  } catch (error) {
    commands.disconnect();
    throw new GatewayError('QUEUE_UNAVAILABLE', `Redis does not answer at ${withoutPassword(address)}: ${messageOf(error)}. Start it, or correct REDIS_URL.`, {
      cause: error,
    });
  }
  return {
    commands,
    // Without the question whether Redis is ready: asked behind the first SUBSCRIBE, it is an error, and Redis takes
    // SUBSCRIBE while it still reads its data.
    subscriber: () => opened(new Redis({ ...base, maxRetriesPerRequest: null, autoResubscribe: true, enableReadyCheck: false })),
    worker: () => opened(new Redis({ ...base, maxRetriesPerRequest: null })),
    async ping() {
      try {
        await commands.ping();
      } catch (error) {
        throw new GatewayError('QUEUE_UNAVAILABLE', `Redis does not answer: ${messageOf(error)}.`, { cause: error });
      }
    },
    close() {
      for (const redis of open) redis.disconnect();
    },
  };
}
