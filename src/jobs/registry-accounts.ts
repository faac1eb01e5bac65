/**
 * What registries last said of the pulls that remain (Docker Hub's `ratelimit-*` headers): heard by workers, told by
 * API nodes, so kept in Redis. What a user's own login is told stays between them.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { RateLimit } from '../registry/index.js';

export interface RegistryAccounts {
  /** Keeps it for everybody; never fails. */
  note(registryName: string, limit: RateLimit): void;
  /** The newest; undefined when nothing was said within its window, or Redis is away. */
  read(registryName: string): Promise<RateLimit | undefined>;
}

/** How long (s) to believe an account that names no window: that of Docker Hub. */
const DEFAULT_WINDOW_S = 21_600;

const noteSchema = z.object({
  limit: z.number().optional(),
  remaining: z.number().optional(),
  windowSeconds: z.number().optional(),
  identity: z.enum(['anonymous', 'service']),
  seenAt: z.iso.datetime().transform((text) => new Date(text)),
});

export function createRegistryAccounts(redis: Redis, prefix: string, onError: (error: unknown) => void): RegistryAccounts {
  const key = (registryName: string): string => `${prefix}:account:${registryName}`;
  return {
    note(registryName, limit) {
      if (limit.identity === 'user') return;
      const seconds = Math.max(1, limit.windowSeconds ?? DEFAULT_WINDOW_S);
      redis.set(key(registryName), JSON.stringify(limit), 'EX', seconds).catch(onError);
    },
    async read(registryName) {
      try {
        const text = await redis.get(key(registryName));
        if (text === null) return undefined;
        const { limit, remaining, windowSeconds, identity, seenAt } = noteSchema.parse(JSON.parse(text));
        return {
          ...(limit === undefined ? {} : { limit }),
          ...(remaining === undefined ? {} : { remaining }),
          ...(windowSeconds === undefined ? {} : { windowSeconds }),
          identity,
          seenAt,
        };
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
  };
}
