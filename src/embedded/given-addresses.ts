/**
 * Checks of addresses that somebody gave: they are used as they are, or the start fails.
 */
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { GatewayError, messageOf, type ErrorCode } from '../lib/errors.js';
import { redisOptions, withoutPassword } from '../lib/redis-address.js';

/**
 * @throws GatewayError QUEUE_UNAVAILABLE when no Redis answers there within `limitMs`, BAD_CONFIG when it is no address.
 */
export async function checkRedis(address: string, limitMs: number): Promise<void> {
  const redis = new Redis({
    ...redisOptions(address),
    lazyConnect: true,
    connectTimeout: limitMs,
    commandTimeout: limitMs,
    // The first failure is the answer.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let connectionError: unknown;
  redis.on('error', (error) => {
    connectionError = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw notAnswering('QUEUE_UNAVAILABLE', 'Redis', 'REDIS_URL', address, connectionError ?? error);
  } finally {
    redis.disconnect();
  }
}

/**
 * @throws GatewayError INDEX_UNAVAILABLE when no MongoDB answers there within `limitMs`, or when it is no address.
 */
export async function checkMongo(address: string, limitMs: number): Promise<void> {
  let client: mongoose.mongo.MongoClient | undefined;
  try {
    client = new mongoose.mongo.MongoClient(address, {
      serverSelectionTimeoutMS: limitMs,
      connectTimeoutMS: limitMs,
    });
    await client.connect();
    await client.db().command({ ping: 1 });
  } catch (error) {
    throw notAnswering('INDEX_UNAVAILABLE', 'MongoDB', 'MONGODB_URI', address, error);
  } finally {
    await client?.close();
  }
}

/** The cause is left out of the error: a driver keeps the whole address in it. */
function notAnswering(
  code: ErrorCode,
  what: string,
  variable: string,
  address: string,
  error: unknown,
): GatewayError {
  const shown = withoutPassword(address);
  const reason = messageOf(error).replaceAll(address, shown);
  return new GatewayError(
    code,
    `${what} at ${shown} does not answer: ${reason}. Start it or correct the address; without an address (${variable}) a private one is started.`,
  );
}
