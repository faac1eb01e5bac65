/**
 * RECORD: the image in the index, and the tag pointing at it.
 */
import { gatewayViewer, principalOf, PUBLIC } from '../../access/viewer.js';
import { publishedNames } from '../../delivery/index.js';
import { persistently } from '../../models/database.js';
import type { TagChange, TagTarget } from '../../models/image-store.js';
import type { ImageConfigRecord } from '../../models/records.js';
import { formatPlatform, type ResolvedImage } from '../../registry/index.js';
import { metaOf, type ImageFacts } from '../describe-image.js';
import type { Conversion } from './convert.js';
import type { PullContext } from './context.js';
import { imageIdOf } from './resolve.js';

/** What there is to say of an image that is about to be delivered. */
export function factsOf({ services, system, record }: PullContext, image: ResolvedImage, { product, changes }: Conversion, isOpen: boolean): ImageFacts {
  const imageId = imageIdOf(image);
  const config = configRecord(image);
  const provenance = {
    reference: record.request.reference,
    topDigest: image.topDigest,
    manifestMediaType: image.manifestMediaType,
    layerMediaTypes: image.layers.map(({ mediaType }) => mediaType),
    configText: image.configBytes.toString('utf8'),
    ownerUid: record.request.source?.user.uid ?? process.getuid?.() ?? 0,
    isOpen,
  };
  return {
    system: system.name,
    imageId,
    manifestDigest: image.manifestDigest,
    configDigest: image.configDigest,
    platform: formatPlatform(image.platform),
    layers: image.layers.map(({ digest, diffId, size }) => ({ digest, diffId, size })),
    config,
    product: {
      path: services.target(system).pathOf(publishedNames(imageId).image),
      size: product.size,
      sha256: product.sha256,
      format: 'squashfs',
      packer: product.packer,
      entryCount: product.entryCount,
      // What the metadata file could not carry is told, too.
      changes: [...changes, ...metaOf({ config, provenance }).losses],
    },
    provenance,
  };
}

/** Records a delivered image, held for this pull until its tag points at it. */
export async function recordImage({ services, record, signal }: PullContext, facts: ImageFacts): Promise<void> {
  const expiration = services.config.imageExpirationMs;
  const expiresAt = expiration === undefined ? null : new Date(Date.now() + expiration);
  await persistently(() => services.images.putImage({ ...facts, expiresAt }, record._id), services.indexRetryMs, signal);
}

/** The name that this pull gives, without what it points at. */
export function ownTag({ record, system }: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>): Omit<TagTarget, 'imageId'> {
  const { request } = record;
  return {
    system: system.name,
    reference: request.reference,
    platform: request.namesPlatform ? request.platform : null,
    topDigest: image.topDigest,
    // In this version every caller is the gateway's own user.
    principals: image.access === 'public' ? [PUBLIC] : [request.source?.user.principal ?? principalOf(gatewayViewer())],
  };
}

/** Points the tag at the image. What lies beside the images that win or lose a name by that is written again by a task. */
export async function moveTag(context: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>, imageId: string): Promise<TagChange> {
  const { services, system, signal } = context;
  const target = { ...ownTag(context, image), imageId };
  const indexed = <T>(step: () => Promise<T>): Promise<T> => persistently(step, services.indexRetryMs, signal);
  const present = await indexed(() => services.images.getTag(system.name, target.reference, target.platform));
  const former = present === undefined ? [] : [present.imageId];
  const touched = present?.imageId === imageId ? [] : [imageId, ...former];
  // Asked for first: should this worker die behind the change, the files are written all the same.
  for (const id of touched) await indexed(() => services.imageTasks.description(system.name, id, 'behind'));
  const change = await indexed(() => services.images.pointTag(target));
  for (const id of touched) await indexed(() => services.imageTasks.description(system.name, id, 'now'));
  return change;
}

function configRecord({ config }: ResolvedImage): ImageConfigRecord {
  return {
    environment: config.env,
    entrypoint: config.entrypoint,
    command: config.cmd,
    workingDirectory: config.workingDir === '' ? null : config.workingDir,
    user: config.user === '' ? null : config.user,
    labels: Object.entries(config.labels)
      .map(([name, value]) => ({ name, value }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
