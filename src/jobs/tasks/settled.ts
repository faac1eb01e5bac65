import { setTimeout } from 'node:timers/promises';
import type { TaskRecord } from '../../models/system-records.js';
import type { TaskStore } from '../../models/task-store.js';

/** The index is asked again after so long (ms), a little longer each time. */
const FIRST_POLL_MS = 20;
const LONGEST_POLL_MS = 500;

/**
 * The task when it has been dealt with, or as it is after `waitMs`; undefined when it is done and gone.
 * @throws GatewayError INDEX_UNAVAILABLE; what an abort of the signal throws.
 */
export async function settledTask(store: Pick<TaskStore, 'get'>, id: string, waitMs: number, signal?: AbortSignal): Promise<TaskRecord | undefined> {
  const end = Date.now() + waitMs;
  for (let delay = FIRST_POLL_MS; ; delay = Math.min(delay * 1.5, LONGEST_POLL_MS)) {
    const task = await store.get(id);
    const isSettled = task === undefined || task.answer !== null || task.problem !== null;
    if (isSettled || Date.now() >= end) return task;
    await setTimeout(delay, undefined, { signal });
  }
}
