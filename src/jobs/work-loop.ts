/**
 * A worker's look at what is to be done on its systems beside pulls: when somebody says that there is something, and now
 * and then, because messages can be lost. It needs no slot of the pool, because it mostly waits.
 */
import type { Redis } from 'ioredis';
import { GatewayError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';

export interface WorkLoopOptions {
  /** Names of the systems that this worker serves. */
  readonly systems: () => readonly string[];
  /** Does what there is to do on a system. The signal fires when the worker stops. */
  readonly serve: (system: string, signal: AbortSignal) => Promise<void>;
  /** How often it is looked although nobody said that there is work (ms). */
  readonly pollMs: number;
  /** Says that there is work. */
  readonly subscriber: Redis;
  readonly channel: string;
  readonly log: Logger;
}

/** Looks until it is stopped. */
export function startWorkLoop({ systems, serve, pollMs, subscriber, channel, log }: WorkLoopOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let wake: () => void = () => {};
  subscriber.subscribe(channel).catch((error: unknown) => log.warn({ err: error, channel }, 'that there is work is not heard; it is looked for'));
  subscriber.on('message', () => wake());
  const loop = run();

  async function run(): Promise<void> {
    while (!isAborted(stopping.signal)) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      for (const system of systems()) {
        if (isAborted(stopping.signal)) return;
        await serve(system, stopping.signal).catch((error: unknown) => log.warn({ err: error, system }, 'work on a system could not be looked after'));
      }
      const timer = setTimeout(() => wake(), pollMs);
      await woken;
      clearTimeout(timer);
    }
  }

  return {
    async stop() {
      stopping.abort(new GatewayError('CANCELLED', 'This worker stops.'));
      wake();
      await loop;
    },
  };
}

/** A function, because the compiler takes what it has seen once for what stays. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
