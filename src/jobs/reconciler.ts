/**
 * Mends what processes that died have left half done: an active key without its record or its job, a record that has
 * ended and still holds its key, ended pulls that nobody needs any more.
 */
import type { Logger } from '../lib/log.js';
import type { PullStore } from '../models/pull-store.js';
import { isTerminal } from '../models/pull-records.js';
import type { PullQueues } from './pull-queues.js';

/** A caller is given so long (ms) to finish what it has begun. */
const SETTLE_MS = 2000;

export interface ReconcilerOptions {
  readonly pulls: PullStore;
  readonly queues: PullQueues;
  readonly intervalMs: number;
  readonly retentionMs: number;
  readonly log: Logger;
}

export interface Reconciler {
  /** One round. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { pulls, queues, log } = options;
  let current: Promise<void> | undefined;

  async function round(): Promise<void> {
    for (const active of await pulls.activesBefore(new Date(Date.now() - SETTLE_MS))) {
      const known = await pulls.get(active.pullId);
      if (known !== undefined && isTerminal(known.state)) {
        await pulls.release(active._id, active.pullId);
        continue;
      }
      if (known === undefined) await pulls.enter(active, undefined);
      // Adding a job that is there already changes nothing.
      if (!(await queues.has(active.request.system, active.pullId))) await queues.add(active.request.system, active.pullId);
    }
    await pulls.prune(new Date(Date.now() - options.retentionMs));
  }

  // One at a time, and none behind it: while Redis is away a round takes longer than the interval.
  const run = (): Promise<void> =>
    (current ??= round()
      .catch((error: unknown) => log.warn({ err: error }, 'a round of the reconciler failed'))
      .finally(() => (current = undefined)));
  const timer = setInterval(() => void run(), options.intervalMs);
  return {
    run,
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}
