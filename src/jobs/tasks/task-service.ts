/**
 * What callers can have done on systems by their workers, with the answer: API nodes need not reach a system themselves.
 */
import { isAdminOf, type Viewer } from '../../access/viewer.js';
import { GatewayError } from '../../lib/errors.js';
import type { ImageStore } from '../../models/image-store.js';
import { newCheckId } from '../../models/ids.js';
import type { TagRecord } from '../../models/image-records.js';
import type { TaskAnswer, TaskRecord } from '../../models/system-records.js';
import type { TaskStore } from '../../models/task-store.js';
import { isDescriber } from '../describe-image.js';
import { queued } from '../pull-queues.js';
import type { PullService } from '../pull-service.js';
import type { WorkerRegistry } from '../worker-registry.js';
import { imageTaskId, type ImageTasks } from './image-tasks.js';
import { settledTask } from './settled.js';

export interface TaskServiceOptions {
  readonly store: TaskStore;
  readonly images: ImageStore;
  readonly imageTasks: ImageTasks;
  readonly pullService: Pick<PullService, 'systemNamed' | 'canonical' | 'platformOf'>;
  readonly workers: WorkerRegistry;
  /** Tells subscribers of a name that has gone; must not fail. */
  readonly onNameGone: (tag: TagRecord) => Promise<void>;
  /** Tells the workers that there is work; must not fail. */
  readonly announce: (system: string) => Promise<unknown>;
  /** How long a caller waits for a worker's answer (ms). */
  readonly answerMs: number;
}

export interface ExpireInput {
  readonly system: string;
  readonly reference: string;
  readonly platform?: string | null | undefined;
}

export interface Expired {
  readonly tag: TagRecord | undefined;
  readonly imageRemoved: boolean;
  /** Why the files are still there although nobody needs them; they are removed later. */
  readonly problem?: GatewayError;
}

export type TaskService = ReturnType<typeof createTaskService>;

export function createTaskService(options: TaskServiceOptions) {
  const { store, images, imageTasks, pullService } = options;

  /**
   * Has a worker try a system: connect, write, sync, rename and remove a file.
   *
   * @throws GatewayError UNKNOWN_SYSTEM, FORBIDDEN, NO_WORKER, INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE, or what kept the
   *   worker from trying
   */
  async function check(name: string, viewer: Viewer): Promise<TaskAnswer> {
    const system = pullService.systemNamed(name);
    if (!isAdminOf(viewer, system)) throw new GatewayError('FORBIDDEN', `Only an administrator of ${name} can have it checked.`);
    await requireWorker(name);
    const now = Date.now();
    const _id = newCheckId();
    await store.put({ _id, system: name, kind: 'CHECK', imageId: null, dueAt: new Date(now), expiresAt: new Date(now + options.answerMs) });
    const task = await settled(_id, name);
    await store.drop(_id, null);
    if (task?.answer != null) return task.answer;
    if (task?.problem != null) throw new GatewayError(task.problem.code, task.problem.message);
    throw silent(name, options.answerMs);
  }

  /**
   * Takes a name off an image; the files go with the last name, by a worker.
   *
   * @throws GatewayError UNKNOWN_SYSTEM, BAD_REFERENCE, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INDEX_UNAVAILABLE
   */
  async function expire(input: ExpireInput, viewer: Viewer): Promise<Expired> {
    const system = pullService.systemNamed(input.system);
    const reference = pullService.canonical(input.reference);
    const platform = pullService.platformOf(system, input.platform);
    const known = await images.getTag(system.name, reference, platform.own ? null : platform.text);
    if (known === undefined) throw new GatewayError('NOT_FOUND', `${reference} is not on ${system.name}.`);
    if (!isAdminOf(viewer, system)) throw new GatewayError('FORBIDDEN', `Only an administrator of ${system.name} can expire ${reference}.`);
    // Planned first: should this process die behind the name, the image is looked at all the same.
    await imageTasks.removal(system.name, known.imageId, 'behind');
    const tag = await images.removeTag(known._id);
    if (tag === undefined) return { tag, imageRemoved: false };
    await options.onNameGone(tag);
    await imageTasks.removal(system.name, tag.imageId, 'now');
    const left = await images.getImage(system.name, tag.imageId);
    const isNeeded = left !== undefined && (left.tags.length > 0 || left.holders.some((holder) => !isDescriber(holder)));
    return { tag, ...(isNeeded ? { imageRemoved: false } : await removal(system.name, tag.imageId)) };
  }

  /** Waits for the removal of an image that was planned. */
  async function removal(system: string, imageId: string): Promise<Omit<Expired, 'tag'>> {
    const problem = ({ code, message }: Pick<GatewayError, 'code' | 'message'>): GatewayError =>
      new GatewayError(code, `${message} The name is gone; the files are removed as soon as that can be done.`);
    try {
      await requireWorker(system);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { imageRemoved: false, problem: problem(error) };
    }
    const task = await settled(imageTaskId(system, imageId), system);
    const imageRemoved = (await images.getImage(system, imageId)) === undefined;
    if (imageRemoved || task === undefined) return { imageRemoved };
    return { imageRemoved, problem: problem(task.problem ?? silent(system, options.answerMs)) };
  }

  /** @throws GatewayError NO_WORKER, QUEUE_UNAVAILABLE */
  async function requireWorker(system: string): Promise<void> {
    if ((await queued(() => options.workers.workersOf(system))).length > 0) return;
    throw new GatewayError('NO_WORKER', `No worker serves ${system} at this moment: start one (imagegw worker --systems ${system}).`);
  }

  /** Wakes the workers, and waits for what becomes of the task. */
  async function settled(id: string, system: string): Promise<TaskRecord | undefined> {
    await options.announce(system);
    return settledTask(store, id, options.answerMs);
  }

  return { check, expire };
}

function silent(system: string, waitedMs: number): GatewayError {
  return new GatewayError('NO_WORKER', `A worker of ${system} is there, but has not answered within ${String(waitedMs / 1000)} s.`);
}
