/**
 * Verifications in the index: one document a system, which says what is to be done, who does it, and what was found. A
 * worker holds it by a lease that it renews; when the worker dies, the lease runs out and another begins again.
 */
import { indexed, isDuplicateKey, type Database } from './database.js';
import { NOTHING_VERIFIED, type VerificationProgress, type VerificationRecord } from './system-records.js';

export type VerificationStore = ReturnType<typeof createVerificationStore>;

export function createVerificationStore({ verifications }: Pick<Database, 'verifications'>) {
  const ended = { $in: ['DONE', 'FAILED'] as const };

  async function get(system: string): Promise<VerificationRecord | undefined> {
    return (await indexed(() => verifications.findById(system).lean<VerificationRecord>().exec())) ?? undefined;
  }

  /**
   * Asks for a verification. One that waits or runs already is joined as it is.
   * @param before only when the last one was asked for before that moment; without it, always.
   */
  async function request(system: string, repairs: boolean, before?: Date, now = new Date()): Promise<VerificationRecord> {
    return indexed(async () => {
      const fresh = freshRecord(system, repairs, now);
      const { _id, ...fields } = fresh;
      const due = before === undefined ? {} : { requestedAt: { $lt: before } };
      await verifications.updateOne({ _id, state: ended, ...due }, { $set: fields }).exec();
      const existing = await get(system);
      if (existing !== undefined) return existing;
      try {
        await verifications.create(fresh);
        return fresh;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return (await get(system)) ?? fresh;
      }
    });
  }

  /** Takes one that waits, or whose worker has died. Undefined when there is none. `lease` is unlike any other. */
  async function claim(system: string, worker: string, lease: string, leaseUntil: Date, now = new Date()): Promise<VerificationRecord | undefined> {
    return indexed(async () => {
      const known = await get(system);
      const isFree = known?.state === 'WAITING' || (known?.state === 'RUNNING' && known.leaseUntil !== null && known.leaseUntil < now);
      if (known === undefined || !isFree) return undefined;
      const taken = await verifications
        .findOneAndUpdate(
          { _id: system, state: known.state, lease: known.lease, ...(known.leaseUntil === null ? {} : { leaseUntil: known.leaseUntil }) },
          { $set: { ...NOTHING_VERIFIED, state: 'RUNNING', worker, lease, leaseUntil, startedAt: now } },
          { returnDocument: 'after' },
        )
        .lean<VerificationRecord>()
        .exec();
      return taken ?? undefined;
    });
  }

  /** Tells how far it is, and keeps the lease. False when another worker has it now. */
  async function save(system: string, lease: string, leaseUntil: Date, progress: VerificationProgress): Promise<boolean> {
    const result = await indexed(() => verifications.updateOne({ _id: system, lease, state: 'RUNNING' }, { $set: { ...progress, leaseUntil } }).exec());
    return result.matchedCount === 1;
  }

  /** Ends it: whole or not, or failed for a reason. */
  async function finish(system: string, lease: string, progress: VerificationProgress, error: VerificationRecord['error']): Promise<void> {
    const state = error === null ? 'DONE' : 'FAILED';
    await indexed(() =>
      verifications
        .updateOne({ _id: system, lease, state: 'RUNNING' }, { $set: { ...progress, state, error, leaseUntil: null, finishedAt: new Date() } })
        .exec(),
    );
  }

  /** A worker that stops gives it back; another begins again. */
  async function handBack(system: string, lease: string): Promise<void> {
    await indexed(() => verifications.updateOne({ _id: system, lease, state: 'RUNNING' }, { $set: { state: 'WAITING', lease: null, leaseUntil: null } }).exec());
  }

  /** Forgets what was found on a system that is no more. */
  async function forget(system: string): Promise<void> {
    await indexed(() => verifications.deleteOne({ _id: system }).exec());
  }

  return { get, request, claim, save, finish, handBack, forget };
}

function freshRecord(system: string, repairs: boolean, now: Date): VerificationRecord {
  return {
    ...NOTHING_VERIFIED,
    _id: system,
    state: 'WAITING',
    repairs,
    worker: null,
    lease: null,
    leaseUntil: null,
    error: null,
    requestedAt: now,
    startedAt: null,
    finishedAt: null,
  };
}
