import { setImmediate } from 'node:timers/promises';

/** Work between two looks at the clock, and the longest that the event loop waits for us. */
const STEPS = 256;
const SLICE_MS = 8;

/** Lets the event loop run now and then in a long calculation: `if (pacer.isDue()) await pacer.rest()`. */
export class Pacer {
  readonly #signal: AbortSignal | undefined;
  #steps = 0;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  isDue(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() - this.#since > SLICE_MS;
  }

  /** @throws the reason of the signal. */
  async rest(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
