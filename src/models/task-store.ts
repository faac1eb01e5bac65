/**
 * Work on a system that is not a pull, in the index: `dueAt` says from when on a worker may take it, and while one works
 * on it, when its claim runs out. So what a dead worker had in hand is taken by another.
 */
import { indexed, type Database } from './database.js';
import type { TaskAnswer, TaskRecord } from './system-records.js';

export type TaskStore = ReturnType<typeof createTaskStore>;

export function createTaskStore({ tasks }: Pick<Database, 'tasks'>) {
  /** Asks for it, or asks anew: a claim on it counts no more. @throws GatewayError INDEX_UNAVAILABLE */
  async function put({ _id, ...fields }: Pick<TaskRecord, '_id' | 'system' | 'kind' | 'imageId' | 'dueAt' | 'expiresAt'>): Promise<void> {
    const fresh = { ...fields, claim: null, answer: null, problem: null };
    await indexed(() => tasks.updateOne({ _id }, { $set: fresh }, { upsert: true }).exec());
  }

  /** Asks for it, too, but leaves a task of another kind that has this `_id` what it is. @throws GatewayError INDEX_UNAVAILABLE */
  async function putUnlessKnown({ _id, system, kind, imageId, dueAt, expiresAt }: Pick<TaskRecord, '_id' | 'system' | 'kind' | 'imageId' | 'dueAt' | 'expiresAt'>): Promise<void> {
    const anew = { dueAt, claim: null, answer: null, problem: null };
    await indexed(() => tasks.updateOne({ _id }, { $set: anew, $setOnInsert: { system, kind, imageId, expiresAt } }, { upsert: true }).exec());
  }

  async function get(id: string): Promise<TaskRecord | undefined> {
    return (await indexed(() => tasks.findById(id).lean<TaskRecord>().exec())) ?? undefined;
  }

  /** What can be taken on a system now. */
  async function due(system: string, now = new Date()): Promise<TaskRecord[]> {
    return indexed(() => tasks.find({ system, dueAt: { $lte: now } }).lean<TaskRecord[]>().exec());
  }

  /** Takes one that is still as it was read. `claim` is unlike any other. False when somebody else was faster. */
  async function take({ _id, claim: before, dueAt }: TaskRecord, claim: string, until: Date): Promise<boolean> {
    return matched({ _id, claim: before, dueAt }, { claim, dueAt: until });
  }

  /** Whether a worker has a task under this claim. One that has died has it until another takes the task. */
  async function isClaimed(claim: string): Promise<boolean> {
    return (await indexed(() => tasks.findOne({ claim }).lean<TaskRecord>().exec())) !== null;
  }

  /** False when the claim counts no more. */
  async function renew(id: string, claim: string, until: Date): Promise<boolean> {
    return matched({ _id: id, claim }, { dueAt: until });
  }

  /** Ends a claim: with an answer, which is kept until nobody waits for it, or with a problem, and then it is tried again at `dueAt`. */
  async function release(id: string, claim: string, fields: { readonly answer?: TaskAnswer; readonly problem?: TaskRecord['problem']; readonly dueAt: Date }): Promise<void> {
    await matched({ _id: id, claim }, { ...fields, claim: null });
  }

  /** Forgets a task that is done. */
  async function drop(id: string, claim: string | null): Promise<void> {
    await indexed(() => tasks.deleteOne({ _id: id, claim }).exec());
  }

  /** Forgets the tasks of a system that is no more. */
  async function forgetSystem(system: string): Promise<void> {
    await indexed(() => tasks.deleteMany({ system }).exec());
  }

  async function matched(filter: Partial<TaskRecord>, fields: Partial<TaskRecord>): Promise<boolean> {
    return (await indexed(() => tasks.updateOne(filter, { $set: fields }).exec())).matchedCount === 1;
  }

  return { put, putUnlessKnown, get, due, take, isClaimed, renew, release, drop, forgetSystem };
}
