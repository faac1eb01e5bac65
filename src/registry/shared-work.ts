/**
 * One piece of work for several who wait for it: each may leave, and only when the last has left does it end.
 */
import { abortReason, GatewayError } from '../lib/errors.js';

export interface SharedWork<Report> {
  /** Waits for the end, or for this waiter's own abort. The newest report comes at once. */
  join(signal: AbortSignal, onReport: (report: Report) => void): Promise<void>;
}

/** Starts the work; `onEnd` is called when it is over, before anybody is told. */
export function shareWork<Report>(
  run: (signal: AbortSignal, report: (report: Report) => void) => Promise<void>,
  onEnd: () => void,
): SharedWork<Report> {
  const controller = new AbortController();
  const listeners = new Set<(report: Report) => void>();
  let last: Report | undefined;
  let waiters = 0;
  const work = run(controller.signal, (report) => {
    last = report;
    for (const listener of listeners) listener(report);
  }).finally(onEnd);
  // Everybody may have left when it fails.
  work.catch(() => {});

  return {
    async join(signal, onReport) {
      // A listener of its own: one function may wait twice.
      const listener = (report: Report): void => onReport(report);
      listeners.add(listener);
      waiters += 1;
      if (last !== undefined) onReport(last);
      let leave = (): void => {};
      const left = new Promise<never>((_resolve, reject) => {
        leave = () => reject(abortReason(signal));
        signal.addEventListener('abort', leave, { once: true });
        if (signal.aborted) leave();
      });
      try {
        await Promise.race([work, left]);
      } finally {
        signal.removeEventListener('abort', leave);
        listeners.delete(listener);
        waiters -= 1;
        if (waiters === 0) {
          controller.abort(new GatewayError('CANCELLED', 'Nobody waits for this download any more.'));
          // The last one to leave sees the temp file gone.
          await work.catch(() => {});
        }
      }
    },
  };
}
