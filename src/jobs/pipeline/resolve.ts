/**
 * RESOLVE: what the reference is now, and whether that is on the system already.
 */
import { checkPublished } from '../../delivery/index.js';
import { GatewayError } from '../../lib/errors.js';
import { persistently } from '../../models/database.js';
import type { ImageRecord, TagRecord } from '../../models/records.js';
import { digestHex } from '../../lib/digest.js';
import { describeWait, parsePlatform, parseReference, referenceNames, type Reference, type ResolvedImage } from '../../registry/index.js';
import { registrySettingsOf } from '../registry-settings.js';
import type { PullContext } from './context.js';

/** Reads the reference that the record holds; it was parsed once before, so this can't fail on what users type. */
export function referenceOf(context: PullContext): Reference {
  const { config } = context.services;
  return parseReference(context.record.request.reference, referenceNames(config.defaultRegistry, registrySettingsOf(config)));
}

/**
 * The image behind the tag, when the registry was asked within `PullUpdateTimeout` and the image is whole on the
 * system. Only for public images: the right to a private one is proved at the registry each time.
 */
export async function recentlyChecked(context: PullContext): Promise<{ tag: TagRecord; image: ImageRecord } | undefined> {
  const { services, record, system, signal } = context;
  const { request } = record;
  if (request.force) return undefined;
  const { images, config, indexRetryMs } = services;
  const tag = await persistently(() => images.getTag(system.name, request.reference, request.namesPlatform ? request.platform : null), indexRetryMs, signal);
  if (tag === undefined || Date.now() - tag.checkedAt.getTime() > config.pullUpdateMs) return undefined;
  const image = await wholeImage(context, tag.imageId);
  return image?.isPublic === true ? { tag, image } : undefined;
}

/**
 * @throws GatewayError as the registry client does.
 */
export async function resolveImage(context: PullContext): Promise<ResolvedImage> {
  const { services, record, progress, signal } = context;
  const image = await services.registry.resolve(referenceOf(context), {
    platform: parsePlatform(record.request.platform),
    signal,
    onWait: (wait) => progress.say(describeWait(wait)),
  });
  progress.say(null);
  if (image.layers.length === 0) throw new GatewayError('BAD_MANIFEST', `${record.request.reference} has no layers, so there is nothing to mount.`);
  return image;
}

/** The recorded image, if its files are whole on the system. */
export async function wholeImage(context: PullContext, imageId: string): Promise<ImageRecord | undefined> {
  const { services, system, signal } = context;
  const image = await persistently(() => services.images.getImage(system.name, imageId), services.indexRetryMs, signal);
  if (image?.state !== 'READY') return undefined;
  const state = await checkPublished(services.target(system), { imageId, size: image.product.size });
  return state === 'whole' ? image : undefined;
}

export function imageIdOf(image: ResolvedImage): string {
  return digestHex(image.manifestDigest);
}
