/** Waits of the registry client: what a registry asks for, what we choose ourselves, and the waiting itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { abortReason } from '../lib/errors.js';
import type { RegistryLimits } from './settings.js';

export interface Wait {
  readonly seconds: number;
  readonly reason: string;
}

export type OnWait = (wait: Wait) => void;

/** A wait in words: `waiting 30 s, rate limited by registry-1.docker.io`. */
export function describeWait({ seconds, reason }: Wait): string {
  return `waiting ${String(seconds)} s, ${reason}`;
}

/** `Retry-After` (RFC 9110, 10.2.3: seconds or a date) in ms, never negative; undefined when it is neither. */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  // A date has a month's name; Date.parse alone would also take "1.5" or "-3".
  const date = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The wait before try `failures + 1`: doubled each time, capped, and half of it random so that workers don't march in step. */
export function backoffMs(failures: number, baseMs: number, limits: RegistryLimits): number {
  const full = Math.min(limits.retryDelayMaxMs, baseMs * 2 ** Math.max(0, failures - 1));
  return full / 2 + (Math.random() * full) / 2;
}

/**
 * Waits and says so; `slackMs` more, unsaid, so that those who wait for one moment don't all go on in it.
 *
 * @throws GatewayError the reason of an abort, at once.
 */
export async function wait(
  ms: number,
  reason: string,
  signal: AbortSignal,
  onWait?: OnWait,
  slackMs = 0,
): Promise<void> {
  if (signal.aborted) throw abortReason(signal);
  if (ms <= 0) return;
  onWait?.({ seconds: Math.ceil(ms / 1000), reason });
  try {
    await sleep(ms + slackMs, undefined, { signal });
  } catch {
    throw abortReason(signal);
  }
}

/** The promise's outcome, or the abort's reason if that comes first; the work itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw abortReason(signal);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(abortReason(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
