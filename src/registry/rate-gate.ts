/**
 * How hard a registry host may be asked, and until when not at all. Shared by all requests to that host: in this
 * process by the gate below, over all workers by one that keeps the same numbers in Redis.
 *
 * A registry limits each account by itself, so that a hold is for one; our own limit of requests is for all of them.
 */

/** Whom a host is asked as. */
export interface Caller {
  readonly host: string;
  /** `Identity.account`. */
  readonly account: string;
}

export interface Hold {
  /** Milliseconds from now; 0: go on. */
  readonly waitMs: number;
  readonly reason: string;
  /** The caller's place in line is taken, and after the wait it may go; otherwise it has to ask again. */
  readonly taken: boolean;
}

export interface RateGate {
  /** How long this caller is to wait before its next request; with a rate, this takes a place in the line of the host. */
  reserve(caller: Caller, requestsPerSecond?: number): Promise<Hold>;
  /** Nobody asks that host as that account for so long; a longer hold that is there already stays. */
  hold(caller: Caller, ms: number, reason: string): Promise<void>;
  /** Takes one retry from the budget of the host: at most `count` in any `windowMs`. False: none is left. */
  takeRetry(host: string, count: number, windowMs: number): Promise<boolean>;
}

/** Why a place in line is later than now. */
export const LINE_REASON = "within this registry's limit of requests a second";

/** A gate for one process. */
export function createMemoryRateGate(now: () => number = Date.now): RateGate {
  const holds = new Map<string, { until: number; reason: string }>();
  const turns = new Map<string, number>();
  const retries = new Map<string, number[]>();
  return {
    reserve(caller, requestsPerSecond) {
      const time = now();
      const key = keyOf(caller);
      const hold = holds.get(key);
      if (hold !== undefined && hold.until > time)
        return Promise.resolve({ waitMs: hold.until - time, reason: hold.reason, taken: false });
      holds.delete(key);
      if (requestsPerSecond === undefined) return Promise.resolve({ waitMs: 0, reason: '', taken: true });
      const turn = Math.max(time, turns.get(caller.host) ?? 0);
      turns.set(caller.host, turn + 1000 / requestsPerSecond);
      return Promise.resolve({ waitMs: turn - time, reason: LINE_REASON, taken: true });
    },
    hold(caller, ms, reason) {
      const key = keyOf(caller);
      const until = now() + ms;
      if (until > (holds.get(key)?.until ?? 0)) holds.set(key, { until, reason });
      return Promise.resolve();
    },
    takeRetry(host, count, windowMs) {
      const time = now();
      const taken = (retries.get(host) ?? []).filter((at) => at > time - windowMs);
      const isLeft = taken.length < count;
      retries.set(host, isLeft ? [...taken, time] : taken);
      return Promise.resolve(isLeft);
    },
  };
}

function keyOf({ host, account }: Caller): string {
  return `${host}|${account}`;
}
