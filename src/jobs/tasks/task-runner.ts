/**
 * A worker's part in work on systems that is not a pull: checks, and what is done with images whose names have changed. Systems do not wait for each
 * other; on one system one thing is done after the other.
 */
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { SystemConfig } from '../../config/index.js';
import { removeImage, sweepTemporary, type Target } from '../../delivery/index.js';
import { GatewayError } from '../../lib/errors.js';
import type { Logger } from '../../lib/log.js';
import type { ImageStore } from '../../models/image-store.js';
import { describeImage, forgetDeadDescribers, isDescriber } from '../describe-image.js';
import type { TaskAnswer, TaskRecord } from '../../models/system-records.js';
import type { TaskStore } from '../../models/task-store.js';
import { isAborted, startWorkLoop } from '../work-loop.js';

export interface TaskRunnerOptions {
  readonly store: TaskStore;
  readonly images: ImageStore;
  readonly systems: () => readonly SystemConfig[];
  /** A target that gives up soon. */
  readonly target: (system: SystemConfig) => Target;
  readonly check: (target: Target, claim: string, signal: AbortSignal) => Promise<TaskAnswer>;
  /** A worker that is silent for so long (ms) has lost the task; what failed is tried again after it. */
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly subscriber: Redis;
  readonly channel: string;
  readonly log: Logger;
}

/** When (ms) an image that is held is looked at again. */
const HELD_MS = 100;

/** Works until it is stopped; what it has in hand then is left to others. */
export function startTaskRunner(options: TaskRunnerOptions): { stop(): Promise<void> } {
  const { store, images, log } = options;
  const { pollMs, subscriber, channel } = options;
  const busy = new Map<string, Promise<void>>();
  /** Systems that may have something to do. */
  const asked = new Set<string>();
  const loop = startWorkLoop({ systems: () => options.systems().map(({ name }) => name), serve, pollMs, subscriber, channel, log });

  function serve(name: string, stopping: AbortSignal): Promise<void> {
    asked.add(name);
    if (!busy.has(name)) busy.set(name, workOff(name, stopping));
    return Promise.resolve();
  }

  async function workOff(name: string, stopping: AbortSignal): Promise<void> {
    while (asked.delete(name) && !stopping.aborted) {
      const system = options.systems().find((candidate) => candidate.name === name);
      if (system === undefined) break;
      const due = await store.due(name).catch((error: unknown) => {
        log.warn({ err: error, system: name }, 'what there is to do on a system could not be read');
        return [];
      });
      for (const task of due) {
        if (isAborted(stopping)) break;
        await work(task, system, stopping).catch((error: unknown) => log.warn({ err: error, task: task._id }, 'a task could not be ended; it is tried again'));
      }
    }
    // Nothing is awaited in between, so that what is asked for now begins anew.
    busy.delete(name);
  }

  async function work(task: TaskRecord, system: SystemConfig, stopping: AbortSignal): Promise<void> {
    if (task.expiresAt !== null && task.expiresAt <= new Date()) return store.drop(task._id, task.claim);
    const claim = randomUUID();
    if (!(await store.take(task, claim, leaseEnd()))) return;
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping, lost.signal]);
    const timer = setInterval(() => {
      store.renew(task._id, claim, leaseEnd()).then(
        (ours) => (ours ? undefined : lost.abort(new GatewayError('CONFLICT', 'Another worker does this now.'))),
        () => {},
      );
    }, options.leaseMs / 3);
    try {
      // What a dead worker has left beside the image it had in hand.
      if (task.claim !== null) await sweepTemporary(options.target(system), (id) => id !== task.claim);
      await (task.kind === 'CHECK' ? check(task, claim, system, signal) : tend(task, claim, system, signal));
    } catch (error) {
      // At once by another worker, when this one stops.
      const dueAt = stopping.aborted ? new Date() : leaseEnd();
      if (!signal.aborted) log.warn({ err: error, task: task._id }, 'a task on a system failed');
      await store.release(task._id, claim, { dueAt, ...(signal.aborted ? {} : { problem: problemOf(error) }) });
    } finally {
      clearInterval(timer);
    }
  }

  async function check({ _id, expiresAt }: TaskRecord, claim: string, system: SystemConfig, signal: AbortSignal): Promise<void> {
    const answer = await options.check(options.target(system), claim, signal);
    await store.release(_id, claim, { answer, dueAt: expiresAt ?? new Date() });
  }

  /** Describes an image anew, or removes it. Marked first: from then on nobody can name it, so that what is removed is what nobody has. */
  async function tend({ _id, kind, imageId }: TaskRecord, claim: string, system: SystemConfig, signal: AbortSignal): Promise<void> {
    // Whoever changed its names may have died before the image itself said so.
    if (imageId !== null) await images.rebuild(system.name, imageId);
    for (;;) {
      const image = imageId === null ? undefined : await images.getImage(system.name, imageId);
      if (image === undefined) return store.drop(_id, claim);
      await forgetDeadDescribers(images, image, options.leaseMs);
      if (kind === 'DESCRIBE' || image.tags.length > 0) {
        await describeImage(images, options.target(system), image, claim, signal);
        return store.drop(_id, claim);
      }
      // A pull is about to name it: it is looked at again when that has been decided.
      if (image.holders.some((holder) => !isDescriber(holder))) return store.release(_id, claim, { dueAt: leaseEnd() });
      if (await images.beginRemoval(system.name, image.imageId)) return remove(_id, claim, system, image.imageId, signal);
      // Another worker writes beside it, for a moment.
      await setTimeout(HELD_MS, undefined, { signal });
    }
  }

  async function remove(task: string, claim: string, system: SystemConfig, imageId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await removeImage(options.target(system).until(signal), imageId);
    await images.endRemoval(system.name, imageId);
    await store.drop(task, claim);
  }

  function leaseEnd(): Date {
    return new Date(Date.now() + options.leaseMs);
  }

  return {
    async stop() {
      await loop.stop();
      await Promise.all(busy.values());
    },
  };
}

function problemOf(error: unknown): NonNullable<TaskRecord['problem']> {
  if (error instanceof GatewayError && error.code !== 'INTERNAL') return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'A fault of the worker; its log has the details.' };
}
