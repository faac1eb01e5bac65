/**
 * An async iterator that holds the newest value only: a slow reader costs one object, not a growing queue.
 *
 * A class with `next` and `return`, not an async generator: a generator that waits on a promise does not see
 * `return()` before that promise settles, and would hold its subscription after its client has gone.
 */
export class NewestStream<T> implements AsyncIterableIterator<T> {
  #value: { readonly value: T } | undefined;
  #waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;
  #ended = false;
  #error: { readonly error: unknown } | undefined;
  readonly #onReturn: () => void;

  /** @param onReturn called once, when the stream is over for whatever reason. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  /** Replaces what has not been read yet. */
  offer(value: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#value = { value };
      return;
    }
    this.#waiting = undefined;
    waiting.resolve({ done: false, value });
  }

  /** Ends the stream after what has been offered. */
  end(): void {
    this.#finish();
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** Ends the stream with an error after what has been offered. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#finish();
    if (this.#waiting === undefined) this.#error = { error };
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<T>> {
    const held = this.#value;
    if (held !== undefined) {
      this.#value = undefined;
      return Promise.resolve({ done: false, value: held.value });
    }
    if (this.#error !== undefined) {
      const { error } = this.#error;
      this.#error = undefined;
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#value = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<T>> {
    void this.return();
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onReturn();
  }
}
