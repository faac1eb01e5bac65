/** Docker Hub's account of pulls: `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 20;w=21600`. */
import type { Answer } from './exchange.js';
import type { Identity } from './identity.js';
import type { RateLimit } from './image.js';

/** Undefined when the answer does not speak of it. */
export function readRateLimit(answer: Pick<Answer, 'header'>, identity: Identity): RateLimit | undefined {
  const limit = parse(answer.header('ratelimit-limit'));
  const remaining = parse(answer.header('ratelimit-remaining'));
  const windowSeconds = limit?.windowSeconds ?? remaining?.windowSeconds;
  if (limit === undefined && remaining === undefined) return undefined;
  return {
    ...(limit === undefined ? {} : { limit: limit.count }),
    ...(remaining === undefined ? {} : { remaining: remaining.count }),
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
    identity: identity.kind,
    seenAt: new Date(),
  };
}

function parse(header: string | undefined): { count: number; windowSeconds?: number } | undefined {
  const [, count, window] = /^(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?/.exec(header ?? '') ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), ...(window === undefined ? {} : { windowSeconds: Number(window) }) };
}
