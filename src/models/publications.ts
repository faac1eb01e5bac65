/** When an image was last published on each system, in the index: it stays when that image is expired. */
import { indexed, isDuplicateKey, type Database } from './database.js';

export function createPublications({ publications }: Pick<Database, 'publications'>) {
  /** Never goes back, however many workers say so at once. @throws GatewayError INDEX_UNAVAILABLE */
  async function note(system: string, at: Date): Promise<void> {
    const later = (): Promise<unknown> => publications.updateOne({ _id: system }, { $max: { publishedAt: at } }, { upsert: true }).exec();
    await indexed(() =>
      later().catch((error: unknown) => {
        // Two that were the first ones.
        if (!isDuplicateKey(error)) throw error;
        return later();
      }),
    );
  }

  /** Null when none ever was. @throws GatewayError INDEX_UNAVAILABLE */
  async function last(system: string): Promise<Date | null> {
    return (await indexed(() => publications.findById(system).lean<{ readonly publishedAt: Date }>().exec()))?.publishedAt ?? null;
  }

  /** For a system that is no more. */
  async function forget(system: string): Promise<void> {
    await indexed(() => publications.deleteOne({ _id: system }).exec());
  }

  return { note, last, forget };
}
