/**
 * How a pull ends, whoever ends it: the index first (it is the record), then the last word to subscribers, then the
 * key is free for the next pull. Each step can be done again; the reconciler does so for a process that died between.
 */
import type { Logger } from '../lib/log.js';
import { persistently } from '../models/database.js';
import type { PullStore } from '../models/pull-store.js';
import { snapshotOf, type PullFailure, type PullRecord, type PullSnapshot } from '../models/pull-records.js';
import type { ProgressStore } from './progress/progress-store.js';

export type PullOutcome =
  | { readonly state: 'READY'; readonly imageId: string; readonly isStale: boolean }
  | { readonly state: 'FAILED' | 'CANCELLED'; readonly error: PullFailure };

export interface EndingServices {
  readonly pulls: PullStore;
  readonly progress: ProgressStore;
  readonly log: Logger;
  /** How long (ms) the end of a pull waits for the index to come back. */
  readonly indexRetryMs: number;
}

/** The terminal snapshot that follows from `last`. */
export function endedSnapshot(last: PullSnapshot, outcome: PullOutcome, now = new Date()): PullSnapshot {
  const ready = outcome.state === 'READY';
  return {
    ...last,
    state: outcome.state,
    stage: null,
    message: null,
    imageId: ready ? outcome.imageId : null,
    isStale: ready && outcome.isStale,
    error: ready ? null : outcome.error,
    // Every byte of a READY image is here, whichever way it came.
    bytesDone: ready ? (last.bytesTotal ?? last.bytesDone) : last.bytesDone,
    layers: ready ? last.layers.map((layer) => ({ ...layer, state: 'DONE', bytesDone: layer.size, waitingFor: null })) : last.layers,
    finishedAt: now,
  };
}

/**
 * Ends a pull that no worker speaks for: queued, lost, or left over.
 * False when somebody else has ended it or speaks for it now.
 */
export async function endPull(services: EndingServices, record: PullRecord, outcome: PullOutcome): Promise<boolean> {
  const live = await services.progress.read(record._id).catch(() => undefined);
  const last: PullSnapshot = { ...(live ?? snapshotOf(record)), attempt: record.attempt };
  const final = endedSnapshot({ ...last, sequence: last.sequence + 1 }, outcome);
  const ended = await persistently(() => services.pulls.finish(final), services.indexRetryMs);
  if (ended) {
    await services.progress.publish({ ...final, sequence: last.sequence }).catch((error: unknown) => {
      services.log.warn({ pull: record._id, err: error }, 'the end of a pull could not be published; subscribers find it in the index');
    });
  }
  await persistently(() => services.pulls.release(record.key, record._id), services.indexRetryMs);
  return ended;
}
