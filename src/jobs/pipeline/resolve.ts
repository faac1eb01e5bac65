/**
 * RESOLVE: what the reference is now, and whether that is on the system already.
 */
import { PUBLIC } from '../../access/viewer.js';
import { checkPublished } from '../../delivery/index.js';
import { GatewayError } from '../../lib/errors.js';
import { persistently } from '../../models/database.js';
import type { ImageRecord, TagRecord } from '../../models/image-records.js';
import { digestHex } from '../../lib/digest.js';
import {
  describeWait,
  parsePlatform,
  parseReference,
  platformFit,
  referenceNames,
  type HeadResult,
  type Reference,
  type ResolvedImage,
} from '../../registry/index.js';
import { registrySettingsOf } from '../registry-settings.js';
import type { PullContext } from './context.js';

/** Reads the reference that the record holds; it was parsed once before, so this can't fail on what users type. */
export function referenceOf(context: PullContext): Reference {
  const { config } = context.services;
  const { reference, repair } = context.record.request;
  const parsed = parseReference(reference, referenceNames(config.defaultRegistry, registrySettingsOf(config)));
  return repair == null ? parsed : { ...parsed, digest: repair };
}

/** A tag, and the image that it points at. */
export interface PublishedTag {
  readonly tag: TagRecord;
  readonly image: ImageRecord;
}

/** What the tag of this pull points at on its system; undefined unless it is whole, and right for the platform. */
export async function publishedTag(context: PullContext): Promise<PublishedTag | undefined> {
  const { services, record, system, signal } = context;
  const { request } = record;
  const { images, indexRetryMs } = services;
  const tag = await persistently(() => images.getTag(system.name, request.reference, request.namesPlatform ? request.platform : null), indexRetryMs, signal);
  const image = tag === undefined ? undefined : await wholeImage(context, tag.imageId);
  if (tag === undefined || image === undefined) return undefined;
  // The system's own platform may be another than when the tag was made.
  return platformFit(parsePlatform(image.platform), parsePlatform(request.platform)) === undefined ? undefined : { tag, image };
}

/**
 * True when the registry was asked within `PullUpdateTimeout`. Only for public tags: the right to a private one is
 * proved at the registry each time.
 */
export function isRecent({ tag }: PublishedTag, pullUpdateMs: number): boolean {
  return tag.principals.includes(PUBLIC) && Date.now() - tag.checkedAt.getTime() < pullUpdateMs;
}

/**
 * Asks what the reference is now, which registries do not count as a pull, save those that tell it only to who reads the
 * manifest.
 *
 * @throws GatewayError as the registry client does.
 */
export async function headImage(context: PullContext): Promise<HeadResult> {
  const { services, progress, signal } = context;
  const head = await services.registry.head(referenceOf(context), { signal, onWait: (wait) => progress.say(describeWait(wait)) });
  progress.say(null);
  return head;
}

/**
 * @param head what `headImage` gave, which spares the registry a question.
 * @throws GatewayError as the registry client does.
 */
export async function resolveImage(context: PullContext, head?: HeadResult): Promise<ResolvedImage> {
  const { services, record, progress, signal } = context;
  const image = await services.registry.resolve(referenceOf(context), {
    platform: parsePlatform(record.request.platform),
    signal,
    onWait: (wait) => progress.say(describeWait(wait)),
    ...(head === undefined ? {} : { head }),
  });
  progress.say(null);
  progress.readAs(image.identity.kind);
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
