/**
 * How hard a registry host may be asked, and until when not at all. Shared by all requests to that host: in this
 * process by the gate below, over all workers by one that keeps the same numbers in Redis.
 */

export interface Hold {
  /** Milliseconds from now; 0: go on. */
  readonly waitMs: number;
  readonly reason: string;
  /** The caller's place in line is taken, and after the wait it may go; otherwise it has to ask again. */
  readonly taken: boolean;
}

export interface RateGate {
  /** How long to wait before the next request for `key`; with a rate, this takes the caller's place in line. */
  reserve(key: string, requestsPerSecond?: number): Promise<Hold>;
  /** Nobody asks for `key` for so long; a longer hold that is there already stays. */
  hold(key: string, ms: number, reason: string): Promise<void>;
  /** Takes one retry from the budget of `key`: at most `count` in any `windowMs`. False: none is left. */
  takeRetry(key: string, count: number, windowMs: number): Promise<boolean>;
}

/** Why a place in line is later than now. */
export const LINE_REASON = "within this registry's limit of requests a second";

/** A gate for one process. */
export function createMemoryRateGate(now: () => number = Date.now): RateGate {
  const holds = new Map<string, { until: number; reason: string }>();
  const turns = new Map<string, number>();
  const retries = new Map<string, number[]>();
  return {
    reserve(key, requestsPerSecond) {
      const time = now();
      const hold = holds.get(key);
      if (hold !== undefined && hold.until > time)
        return Promise.resolve({ waitMs: hold.until - time, reason: hold.reason, taken: false });
      holds.delete(key);
      if (requestsPerSecond === undefined) return Promise.resolve({ waitMs: 0, reason: '', taken: true });
      const turn = Math.max(time, turns.get(key) ?? 0);
      turns.set(key, turn + 1000 / requestsPerSecond);
      return Promise.resolve({ waitMs: turn - time, reason: LINE_REASON, taken: true });
    },
    hold(key, ms, reason) {
      const until = now() + ms;
      if (until > (holds.get(key)?.until ?? 0)) holds.set(key, { until, reason });
      return Promise.resolve();
    },
    takeRetry(key, count, windowMs) {
      const time = now();
      const taken = (retries.get(key) ?? []).filter((at) => at > time - windowMs);
      const isLeft = taken.length < count;
      retries.set(key, isLeft ? [...taken, time] : taken);
      return Promise.resolve(isLeft);
    },
  };
}
