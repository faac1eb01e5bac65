/**
 * Systems that the API has declared, in the index. Every change is conditional on the revision that it was made from.
 */
import { indexed, isDuplicateKey, type Database } from './database.js';
import type { SystemRecord } from './system-records.js';

export type SystemStore = ReturnType<typeof createSystemStore>;

export function createSystemStore({ systems }: Pick<Database, 'systems'>) {
  /** By name. @throws GatewayError INDEX_UNAVAILABLE */
  async function list(): Promise<SystemRecord[]> {
    return indexed(() => systems.find().sort({ _id: 1 }).lean<SystemRecord[]>().exec());
  }

  async function get(name: string): Promise<SystemRecord | undefined> {
    return (await indexed(() => systems.findById(name).lean<SystemRecord>().exec())) ?? undefined;
  }

  /** False when there is one of that name. */
  async function add(name: string, entry: SystemRecord['entry'], changedBy: string): Promise<boolean> {
    return indexed(async () => {
      try {
        await systems.create({ _id: name, entry, state: 'READY', revision: 1, changedBy, changedAt: new Date() });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    });
  }

  /** Changes a record that is still as it was read. False when it is not. */
  async function change({ _id, revision }: SystemRecord, fields: Partial<Pick<SystemRecord, 'entry' | 'state'>>, changedBy: string): Promise<boolean> {
    const result = await indexed(() =>
      systems.updateOne({ _id, revision }, { $set: { ...fields, changedBy, changedAt: new Date(), revision: revision + 1 } }).exec(),
    );
    return result.matchedCount === 1;
  }

  /** Forgets a system that is being removed. */
  async function remove(name: string): Promise<void> {
    await indexed(() => systems.deleteOne({ _id: name, state: 'REMOVING' }).exec());
  }

  return { list, get, add, change, remove };
}
