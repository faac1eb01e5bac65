/**
 * Finds transfers that trickle. A time-out sees only gaps, so that one byte a minute would live for ever.
 *
 * Only time spent waiting for the other side counts: a full disk queue on our side is no fault of the registry.
 */
export interface RateWatch {
  /** We wait for the other side from now on. */
  waiting(): void;
  /** So many bytes have come; we are busy with them. */
  got(bytes: number): void;
  stop(): void;
}

/** Calls `onSlow` once, when less than `bytesPerSecond` came over `windowMs` of waiting. */
export function watchRate(bytesPerSecond: number, windowMs: number, onSlow: () => void): RateWatch {
  let waitedMs = 0;
  let bytes = 0;
  let since: number | undefined;
  const settle = (): void => {
    const now = performance.now();
    if (since !== undefined) {
      waitedMs += now - since;
      since = now;
    }
  };
  const timer = setInterval(
    () => {
      settle();
      if (waitedMs < windowMs) return;
      if (bytes < (bytesPerSecond * waitedMs) / 1000) {
        clearInterval(timer);
        onSlow();
      }
      waitedMs = 0;
      bytes = 0;
    },
    Math.max(10, windowMs / 4),
  );
  return {
    waiting() {
      since = performance.now();
    },
    got(count) {
      settle();
      since = undefined;
      bytes += count;
    },
    stop: () => clearInterval(timer),
  };
}
