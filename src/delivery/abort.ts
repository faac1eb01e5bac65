import { abortReason } from '../lib/errors.js';

/** @throws GatewayError the reason of `signal`, once that has fired. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal);
}

/**
 * Waits for what was begun, or for the signal: what does not listen to it goes on, and nobody waits for it.
 * @throws GatewayError the reason of `signal`, once that has fired.
 */
export async function orAborted<T>(begun: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return begun;
  // Nobody may be there any more to see it fail.
  begun.catch(() => {});
  stopIfAborted(signal);
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortReason(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([begun, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Waits for what was begun, and when the signal has fired for `graceMs` at most: most things are over by then, and in order.
 * @throws GatewayError the reason of `signal`.
 */
export async function orLate<T>(
  begun: Promise<T>,
  signal: AbortSignal | undefined,
  graceMs: number,
): Promise<T> {
  if (signal === undefined) return begun;
  const late = lateBy(signal, graceMs);
  try {
    return await orAborted(begun, late.signal);
  } finally {
    late.stop();
  }
}

/** A signal that fires `ms` after another one, with its reason. To be stopped when nobody listens any more. */
export function lateBy(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), ms);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', start);
    },
  };
}

/** Fires with the first of those that there are. */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length > 1 ? AbortSignal.any(given) : given[0];
}
