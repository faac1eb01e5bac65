/**
 * The way of a pull, stage by stage. See ARCHITECTURE.md for the walk along it.
 */
import { persistently } from '../../models/database.js';
import type { TagChange } from '../../models/image-store.js';
import type { ResolvedImage } from '../../registry/index.js';
import { admit } from './admit.js';
import type { PullContext } from './context.js';
import { convert } from './convert.js';
import { fetchLayers } from './fetch-layers.js';
import { moveTag, recordImage } from './record.js';
import { imageIdOf, recentlyChecked, resolveImage, wholeImage } from './resolve.js';
import { transfer } from './transfer.js';

export interface PullResult {
  readonly imageId: string;
  readonly isStale: boolean;
  /** What became of the tag; undefined when nobody was asked. */
  readonly tagChange: TagChange | undefined;
}

/**
 * @throws GatewayError of the stage that failed (`context.progress.snapshot.stage`), or the reason of the signal.
 */
export async function runPull(context: PullContext): Promise<PullResult> {
  const { services, record, system, progress, signal } = context;
  progress.enter('RESOLVING', 'RESOLVE');
  const recent = await recentlyChecked(context);
  if (recent !== undefined) return { imageId: recent.image.imageId, isStale: false, tagChange: undefined };
  const image = await resolveImage(context);
  const imageId = imageIdOf(image);
  progress.setLayers(image.layers);

  try {
    const present = record.request.force ? undefined : await wholeImage(context, imageId);
    const held =
      present !== undefined && (await persistently(() => services.images.hold(system.name, imageId, record._id), services.indexRetryMs, signal));
    if (held) {
      for (const layer of image.layers) progress.layer(layer.digest, { state: 'DONE', bytesDone: layer.size, fromCache: true });
    } else {
      await make(context, image);
    }
    progress.enter(held ? 'RESOLVING' : 'TRANSFERRING', 'RECORD');
    return { imageId, isStale: false, tagChange: await moveTag(context, image, imageId) };
  } finally {
    // The tag holds the image now; after a failure nothing needs to.
    await persistently(() => services.images.unhold(system.name, imageId, record._id), services.indexRetryMs).catch((error: unknown) => {
      context.log.warn({ err: error }, 'the hold on an image could not be given up');
    });
  }
}

/** Fetches, converts, delivers and records an image that is not there. */
async function make(context: PullContext, image: ResolvedImage): Promise<void> {
  const { progress } = context;
  progress.enter('PULLING', 'ADMIT');
  await admit(context, image);
  progress.enter('PULLING', 'FETCH');
  const layers = await fetchLayers(context, image);
  try {
    const conversion = await convert(context, image, layers.indexes);
    const delivered = await transfer(context, image, conversion);
    progress.enter('TRANSFERRING', 'RECORD');
    await recordImage(context, image, conversion, delivered);
  } finally {
    await layers.release();
  }
}
