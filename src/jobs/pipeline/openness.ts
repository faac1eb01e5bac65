/**
 * Whether an image is open to everybody: when one of its names is. The metadata file on the system says so too, and has
 * to be written again when the registry makes an image public or takes it back.
 */
import { isOpenBy } from '../../access/viewer.js';
import { persistently } from '../../models/database.js';
import { tagKey } from '../../models/records.js';
import type { ResolvedImage } from '../../registry/index.js';
import type { PullContext } from './context.js';

export interface Openness {
  /** By the names that it has now; undefined when it has none yet. */
  readonly now: boolean | undefined;
  /** Once this pull has named it. */
  readonly then: boolean;
}

/** @param access what the registry has shown for the name of this pull. */
export async function opennessOf(context: PullContext, imageId: string, access: ResolvedImage['access']): Promise<Openness> {
  const { services, record, system, signal } = context;
  const { reference, platform, namesPlatform, repair } = record.request;
  const tags = await persistently(() => services.images.tagsOf(system.name, imageId), services.indexRetryMs, signal);
  const now = tags.length === 0 ? undefined : isOpenBy(tags);
  // A repair leaves all names as they are.
  if (repair != null) return { now, then: now ?? false };
  const own = tagKey(system.name, reference, namesPlatform ? platform : null);
  return { now, then: access === 'public' || isOpenBy(tags.filter(({ _id }) => _id !== own)) };
}
