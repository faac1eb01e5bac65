/**
 * The bridge from callbacks to `for await`, for events of which the newest makes older ones superfluous.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #replaces: (older: T, newer: T) => boolean;
  readonly #pending: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** `replaces` says whether `newer` makes `older`, which nobody has read yet, superfluous. */
  constructor(replaces: (older: T, newer: T) => boolean) {
    this.#replaces = replaces;
  }

  push(event: T): void {
    if (this.#end !== undefined) return;
    const last = this.#pending.at(-1);
    // A reader that is slower than the gateway then holds a few events, not a growing list.
    if (last !== undefined && this.#replaces(last, event)) this.#pending.pop();
    this.#pending.push(event);
    this.#wake();
  }

  /** Ends the iteration once what is pending has been read. The first end counts. */
  end(): void {
    this.#finish({});
  }

  /** Makes the iteration throw once what is pending has been read. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const event = this.#pending.shift();
      if (event !== undefined) yield event;
      else if (this.#end === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if ('error' in this.#end) throw this.#end.error;
      else return;
    }
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }
}
