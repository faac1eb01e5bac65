/** Work at a limited rate: reading in the background must leave a file system to those who use it. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { abortReason } from './errors.js';

/** Told of bytes that were moved; resolves when more may be. @throws GatewayError the reason of `signal`. */
export type Pace = (bytes: number, signal?: AbortSignal) => Promise<void>;

export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const REAL: Clock = {
  now: () => performance.now(),
  async sleep(milliseconds, signal) {
    try {
      await sleepFor(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted === true ? abortReason(signal) : error;
    }
  },
};

/** Pauses shorter than this (ms) are saved up. */
const SHORTEST_MS = 2;

/** At most `bytesPerSecond` in the mean. Time that was not used is not made up for later. */
export function createPace(bytesPerSecond: number, clock: Clock = REAL): Pace {
  let free = clock.now();
  return async (bytes, signal) => {
    if (signal?.aborted === true) throw abortReason(signal);
    const now = clock.now();
    free = Math.max(free, now) + (bytes * 1000) / bytesPerSecond;
    if (free - now >= SHORTEST_MS) await clock.sleep(free - now, signal);
  };
}
