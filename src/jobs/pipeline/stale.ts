/**
 * When the registry is down or limits us: what is published already, where the Location allows it, for callers who
 * hold access to the tag anyway. Nothing new is proved then, so nobody gains anything.
 */
import { holdsAccess, viewerNamed } from '../../access/viewer.js';
import { persistently } from '../../models/database.js';
import type { PullStore } from '../../models/pull-store.js';
import type { LayerSnapshot } from '../../models/pull-records.js';
import type { ProgressTracker } from '../progress/progress-tracker.js';
import type { PullContext } from './context.js';
import { publishedTag, referenceOf } from './resolve.js';
import type { PullResult } from './results.js';

/**
 * The published image instead of the failure of a pull; undefined when that is not allowed. A forced pull asks for a new
 * publication, and so is never answered with the old one.
 */
export async function staleResult(context: PullContext, failure: unknown, pulls: Pick<PullStore, 'get'>): Promise<PullResult | undefined> {
  const { services, record, progress, signal, log } = context;
  if (signal.aborted || record.request.force || record.request.source != null || !services.registry.allowsStale(referenceOf(context).registry, failure)) return undefined;
  const published = await publishedTag(context);
  if (published === undefined) return undefined;
  // Read again: others may have joined since the work began.
  const requesters = (await persistently(() => pulls.get(record._id), services.indexRetryMs, signal))?.requesters ?? record.requesters;
  if (!requesters.every((requester) => holdsAccess(viewerNamed(requester), published.tag.principals))) return undefined;
  log.warn({ err: failure }, 'the registry could not be asked: what is published is given, marked stale');
  sayPresent(progress, published.image.layers);
  return { imageId: published.image.imageId, isStale: true, tagChange: undefined };
}

/** Says that all layers of an image are on the system in its squashfs, and none had to be fetched. */
export function sayPresent(progress: ProgressTracker, layers: readonly Pick<LayerSnapshot, 'digest' | 'size'>[]): void {
  progress.setLayers(layers);
  for (const { digest, size } of layers) progress.layer(digest, { state: 'DONE', bytesDone: size, fromCache: true });
}
