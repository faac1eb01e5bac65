/**
 * How what is damaged on a system is brought back. Neither is done here: a pull publishes an image again, and a task writes what
 * lies beside it, so that nothing else is being done with the image meanwhile.
 */
import { GatewayError } from '../../lib/errors.js';
import type { ImageRecord } from '../../models/image-records.js';
import type { ImageStore } from '../../models/image-store.js';
import type { TaskStore } from '../../models/task-store.js';
import type { PullService } from '../pull-service.js';
import { imageTaskId, type ImageTasks } from '../tasks/image-tasks.js';
import { settledTask } from '../tasks/settled.js';

export interface Repairs {
  /** Begins to publish an image again; the pull's id. @throws GatewayError when it can't be had again. */
  readonly republish: (image: ImageRecord) => Promise<string>;
  /** Has what lies beside an image written again. @throws GatewayError when that could not be done; it is tried again. */
  readonly describe: (image: ImageRecord, signal: AbortSignal) => Promise<void>;
}

export interface RepairsOptions {
  readonly images: ImageStore;
  readonly tasks: TaskStore;
  readonly imageTasks: ImageTasks;
  readonly pullService: Pick<PullService, 'repair'>;
  /** How long a task is waited for (ms). */
  readonly answerMs: number;
}

export function createRepairs({ images, tasks, imageTasks, pullService, answerMs }: RepairsOptions): Repairs {
  return {
    republish: async (image) => (await pullService.repair(image, await images.tagsOf(image.system, image.imageId))).id,
    async describe({ system, imageId }, signal) {
      await imageTasks.description(system, imageId, 'now');
      const task = await settledTask(tasks, imageTaskId(system, imageId), answerMs, signal);
      if (task === undefined) return;
      const { code, message } = task.problem ?? { code: 'NO_WORKER', message: `No worker has written it again within ${String(answerMs / 1000)} s.` };
      throw new GatewayError(code, `${message} It is tried again until it can be done.`);
    },
  };
}
