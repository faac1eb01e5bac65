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
  /** The newest of each identity, anonymous first; none where nothing was said within its window, or Redis is away. */
  read(registryName: string): Promise<readonly RateLimit[]>;
}

/** How long (s) to believe an account that names no window: that of Docker Hub. */
const DEFAULT_WINDOW_S = 21_600;

/** Those whose account is the site's own. */
const SHARED_IDENTITIES = ['anonymous', 'service'] as const;
type SharedIdentity = (typeof SHARED_IDENTITIES)[number];

const noteSchema = z.object({
  limit: z.number().optional(),
  remaining: z.number().optional(),
  windowSeconds: z.number().optional(),
  identity: z.enum(SHARED_IDENTITIES),
  seenAt: z.iso.datetime().transform((text) => new Date(text)),
});

export function createRegistryAccounts(redis: Redis, prefix: string, onError: (error: unknown) => void): RegistryAccounts {
  // One for each identity: a registry counts their pulls apart.
  const key = (registryName: string, identity: SharedIdentity): string => `${prefix}:account:${registryName}:${identity}`;
  return {
    note(registryName, limit) {
      const { identity } = limit;
      if (identity === 'user') return;
      const seconds = Math.max(1, limit.windowSeconds ?? DEFAULT_WINDOW_S);
      redis.set(key(registryName, identity), JSON.stringify(limit), 'EX', seconds).catch(onError);
    },
    async read(registryName) {
      try {
        const texts = await Promise.all(SHARED_IDENTITIES.map((identity) => redis.get(key(registryName, identity))));
        return texts.flatMap((text) => (text === null ? [] : [parseNote(text)]));
      } catch (error) {
        onError(error);
        return [];
      }
    },
  };
}

function parseNote(text: string): RateLimit {
  const { limit, remaining, windowSeconds, identity, seenAt } = noteSchema.parse(JSON.parse(text));
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
    identity,
    seenAt,
  };
}
