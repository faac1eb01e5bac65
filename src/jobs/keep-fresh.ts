/**
 * What a process holds of the index and others change: read again when somebody says that it has changed, when Redis has
 * come back, and now and then, because messages can be lost.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../lib/log.js';

export interface KeepFreshOptions {
  /** What it is, for the log. */
  readonly what: string;
  /** Reads it; never called twice at once. What it throws leaves what was read before. */
  readonly read: () => Promise<void>;
  /** Says that it has changed. */
  readonly subscriber: Redis;
  readonly channel: string;
  /** How often it is read although nobody said that it has changed (ms). */
  readonly rereadMs: number;
  readonly log: Logger;
}

export interface KeptFresh {
  /** Reads it now. @throws what `read` throws */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Listens, then reads, so that no change falls in between. @throws what `read` throws */
export async function keepFresh({ what, read, subscriber, channel, rereadMs, log }: KeepFreshOptions): Promise<KeptFresh> {
  let reading: Promise<void> = Promise.resolve();

  function refresh(): Promise<void> {
    const next = reading.catch(() => {}).then(read);
    reading = next;
    return next;
  }
  const reread = (): void => void refresh().catch((error: unknown) => log.warn({ err: error, what }, 'could not be read; what is known so far is used'));

  subscriber.on('message', reread);
  subscriber.on('ready', reread);
  await subscriber.subscribe(channel).catch((error: unknown) => log.warn({ err: error, what }, 'changes are not heard; they are looked for'));
  const timer = setInterval(reread, rereadMs);
  async function close(): Promise<void> {
    clearInterval(timer);
    subscriber.off('message', reread);
    subscriber.off('ready', reread);
    await reading.catch(() => {});
  }
  try {
    await refresh();
  } catch (error) {
    await close();
    throw error;
  }
  return { refresh, close };
}
