/**
 * The lock of one job, for as long as a worker works on it.
 *
 * While Redis is away its locks run out, and another worker may be able to reach it: who can't renew a lock must take
 * it for lost when its time is over. The commands of a worker wait until Redis is back, so that no error says this.
 */
import type { Job } from 'bullmq';

export interface JobLockOptions {
  readonly job: Job;
  readonly token: string;
  readonly durationMs: number;
  /** Redis says that the lock is not ours any more. */
  readonly onLost: () => void;
  /** Redis has said nothing for as long as the lock lasts. */
  readonly onRunOut: () => void;
  /** Called each time when the lock is looked after. */
  readonly onLook: () => void;
}

/** Renews the lock well within its time until it is stopped. */
export function keepJobLock(options: JobLockOptions): { stop(): void } {
  const { job, token, durationMs } = options;
  let renewedAt = Date.now();
  let isRenewing = false;

  async function renew(): Promise<void> {
    isRenewing = true;
    const askedAt = Date.now();
    try {
      if ((await job.extendLock(token, durationMs)) === 1) renewedAt = askedAt;
      else options.onLost();
    } catch {
      // It is tried again until the lock has run out.
    } finally {
      isRenewing = false;
    }
  }

  const timer = setInterval(() => {
    // One at a time: while Redis is away, it waits until it is back.
    if (!isRenewing) void renew();
    // Behind answers that have come while this process was busy.
    setImmediate(() => {
      if (Date.now() - renewedAt >= durationMs) options.onRunOut();
    });
    options.onLook();
  }, durationMs / 3);
  return { stop: () => clearInterval(timer) };
}
