/**
 * What is to be done with an image when its names change. There is one task an image at a time, so that what is written and
 * what is removed can't meet.
 */
import type { TaskStore } from '../../models/task-store.js';

export interface ImageTasks {
  /**
   * Asks a worker to remove the image if it has no name. `behind`: only when the caller has died before it has asked for it
   * `now`: to be asked for before the names change.
   */
  removal(system: string, imageId: string, when: 'now' | 'behind'): Promise<void>;
  /** Asks a worker to write the files beside the image again. */
  description(system: string, imageId: string, when: 'now' | 'behind'): Promise<void>;
}

export interface ImageTasksOptions {
  readonly store: Pick<TaskStore, 'put' | 'putUnlessKnown'>;
  /** Tells the workers that there is work; must not fail. */
  readonly announce: (system: string) => Promise<unknown>;
  /** How long (ms) after a caller's death what it had planned is looked at. */
  readonly leaseMs: number;
}

/** The methods throw GatewayError INDEX_UNAVAILABLE. */
export function createImageTasks({ store, announce, leaseMs }: ImageTasksOptions): ImageTasks {
  const plan = (system: string, imageId: string, when: 'now' | 'behind') => ({
    _id: imageTaskId(system, imageId),
    system,
    imageId,
    dueAt: new Date(Date.now() + (when === 'now' ? 0 : leaseMs)),
    expiresAt: null,
  });
  return {
    async removal(system, imageId, when) {
      await store.put({ ...plan(system, imageId, when), kind: 'REMOVE' });
      if (when === 'now') await announce(system);
    },
    async description(system, imageId, when) {
      await store.putUnlessKnown({ ...plan(system, imageId, when), kind: 'DESCRIBE' });
      if (when === 'now') await announce(system);
    },
  };
}

export function imageTaskId(system: string, imageId: string): string {
  return `image/${system}/${imageId}`;
}
