/**
 * Tags that begin to point at an image, move, are for others than before, or go: told over Redis by whoever did it, heard by every API process.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { RedisNames } from './keys.js';

const changeSchema = z.object({
  kind: z.enum(['ADDED', 'MOVED', 'ACCESS_CHANGED', 'REMOVED']),
  system: z.string(),
  reference: z.string(),
  imageId: z.string(),
  principals: z.array(z.string()),
});

export type ImageChangeEvent = z.infer<typeof changeSchema>;

/** Changes that a slow subscriber may lag behind; the oldest are dropped beyond it. */
const BACKLOG = 1000;

export interface ImageChanges {
  /** Changes from now on, those that `wants` accepts. */
  watch(wants: (change: ImageChangeEvent) => boolean): AsyncIterableIterator<ImageChangeEvent>;
  close(): void;
}

export function encodeImageChange(change: ImageChangeEvent): string {
  return JSON.stringify(change);
}

export function createImageChanges(subscriber: Redis, names: RedisNames, onError: (error: unknown) => void): ImageChanges {
  const streams = new Set<ChangeStream>();
  subscriber.subscribe(names.imageChannel).catch(onError);
  subscriber.on('message', (_channel: string, message: string) => {
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return;
    }
    const parsed = changeSchema.safeParse(value);
    if (parsed.success) for (const stream of [...streams]) stream.offer(parsed.data);
  });
  return {
    watch(wants) {
      const stream: ChangeStream = new ChangeStream(wants, () => streams.delete(stream));
      streams.add(stream);
      return stream;
    },
    close() {
      for (const stream of [...streams]) void stream.return();
    },
  };
}

/** A class, not a generator, for the reason that NewestStream gives. */
class ChangeStream implements AsyncIterableIterator<ImageChangeEvent> {
  readonly #wants: (change: ImageChangeEvent) => boolean;
  readonly #onReturn: () => void;
  readonly #held: ImageChangeEvent[] = [];
  #waiting: ((result: IteratorResult<ImageChangeEvent>) => void) | undefined;
  #ended = false;

  constructor(wants: (change: ImageChangeEvent) => boolean, onReturn: () => void) {
    this.#wants = wants;
    this.#onReturn = onReturn;
  }

  offer(change: ImageChangeEvent): void {
    if (!this.#wants(change)) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) return waiting({ done: false, value: change });
    this.#held.push(change);
    if (this.#held.length > BACKLOG) this.#held.shift();
  }

  next(): Promise<IteratorResult<ImageChangeEvent>> {
    const value = this.#held.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<ImageChangeEvent>> {
    if (!this.#ended) this.#onReturn();
    this.#ended = true;
    this.#held.length = 0;
    this.#waiting?.({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
