/**
 * Sealed logins in the index: what is not for a reader's key is nothing but noise to it.
 */
import { indexed, type Database } from './database.js';
import type { CredentialRecord } from './system-records.js';

export type CredentialStore = ReturnType<typeof createCredentialStore>;

export function createCredentialStore({ credentials }: Pick<Database, 'credentials'>) {
  /** Makes these the only ones. New ones come before old ones go. @throws GatewayError INDEX_UNAVAILABLE */
  async function replaceAll(records: readonly Omit<CredentialRecord, '_id'>[]): Promise<void> {
    const kept: string[] = [];
    await indexed(async () => {
      for (const record of records) {
        const _id = `${record.workerKey} ${record.url}`;
        await credentials.updateOne({ _id }, { $set: record }, { upsert: true }).exec();
        kept.push(_id);
      }
      await credentials.deleteMany({ _id: { $nin: kept } }).exec();
    });
  }

  /** Those for one worker key. */
  async function listFor(workerKey: string): Promise<CredentialRecord[]> {
    return indexed(() => credentials.find({ workerKey }).lean<CredentialRecord[]>().exec());
  }

  return { replaceAll, listFor };
}
