/**
 * The back-off that all requests to one (host, identity) share.
 *
 * A registry that asks one of us to wait means all of us: without a common gate each worker hammers on its own. The
 * interface is small enough for a Redis implementation; the default serves one process.
 */

export interface RateGate {
  /**
   * Asks to send one request, and takes a slot where `requestsPerSecond` is given.
   *
   * @returns ms to wait first, and why; undefined: now.
   */
  reserve(key: string, requestsPerSecond?: number): Promise<GateDelay | undefined>;
  /** Nobody asks again before `ms` have gone by. A longer hold stays. */
  hold(key: string, ms: number, reason: string): Promise<void>;
  /** Takes one retry from the budget of the current minute; false: it is spent, so give up. */
  spendRetry(key: string, perMinute: number): Promise<boolean>;
}

export interface GateDelay {
  readonly ms: number;
  readonly reason: string;
}

interface Lane {
  heldUntil: number;
  reason: string;
  nextSlot: number;
  minute: number;
  retries: number;
}

/** A gate for one process. `now` gives ms. */
export function createMemoryGate(now: () => number = Date.now): RateGate {
  const lanes = new Map<string, Lane>();
  const laneOf = (key: string): Lane => {
    const known = lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = { heldUntil: 0, reason: '', nextSlot: 0, minute: 0, retries: 0 };
    lanes.set(key, lane);
    return lane;
  };
  return {
    reserve: (key, requestsPerSecond) => {
      const lane = laneOf(key);
      const time = now();
      if (lane.heldUntil > time) return Promise.resolve({ ms: lane.heldUntil - time, reason: lane.reason });
      if (requestsPerSecond === undefined) return Promise.resolve(undefined);
      const slot = Math.max(time, lane.nextSlot);
      lane.nextSlot = slot + 1000 / requestsPerSecond;
      return Promise.resolve(
        slot > time ? { ms: slot - time, reason: 'request rate of the configuration' } : undefined,
      );
    },
    hold: (key, ms, reason) => {
      const lane = laneOf(key);
      const until = now() + ms;
      if (until > lane.heldUntil) {
        lane.heldUntil = until;
        lane.reason = reason;
      }
      return Promise.resolve();
    },
    spendRetry: (key, perMinute) => {
      const lane = laneOf(key);
      const minute = Math.floor(now() / 60_000);
      if (lane.minute !== minute) {
        lane.minute = minute;
        lane.retries = 0;
      }
      lane.retries += 1;
      return Promise.resolve(lane.retries <= perMinute);
    },
  };
}
