/**
 * RECORD: the image in the index, and the tag pointing at it.
 */
import { PUBLIC } from '../../access/viewer.js';
import { publishedNames } from '../../delivery/index.js';
import { persistently } from '../../models/database.js';
import type { TagChange, TagTarget } from '../../models/image-store.js';
import { tagKey, type ImageConfigRecord } from '../../models/image-records.js';
import { holderOf } from '../../models/pull-records.js';
import { formatPlatform, type ResolvedImage } from '../../registry/index.js';
import { accessBy, accessOf, describeImage, isSameAccess, isSameName, metaOf, type FileAccess, type ImageFacts, type ImageName } from '../describe-image.js';
import type { Conversion } from './results.js';
import type { PullContext } from './context.js';
import { imageIdOf } from './resolve.js';

/** What there is to say of an image that is about to be delivered. */
export function factsOf({ services, system, record, progress }: PullContext, image: ResolvedImage, { product, changes, rules }: Conversion, { isOpen, ids }: FileAccess): ImageFacts {
  const imageId = imageIdOf(image);
  const config = configRecord(image);
  const provenance = {
    reference: record.request.reference,
    topDigest: image.topDigest,
    manifestMediaType: image.manifestMediaType,
    layerMediaTypes: image.layers.map(({ mediaType }) => mediaType),
    configText: image.configBytes.toString('utf8'),
    isOpen,
    ids,
    attestations: image.attestations ?? [],
  };
  const served = new Map(progress.snapshot.layers.map(({ digest, servedBy }) => [digest, servedBy ?? null]));
  return {
    system: system.name,
    imageId,
    manifestDigest: image.manifestDigest,
    configDigest: image.configDigest,
    platform: formatPlatform(image.platform),
    layers: image.layers.map(({ digest, diffId, size }) => ({ digest, diffId, size, servedBy: served.get(digest) ?? null })),
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
      ...(rules === undefined ? {} : { rules }),
    },
    provenance,
  };
}

/** Records a delivered image, held for this pull until its tag points at it. */
export async function recordImage({ services, record, signal }: PullContext, facts: ImageFacts): Promise<void> {
  const expiration = services.config.imageExpirationMs;
  const expiresAt = expiration === undefined ? null : new Date(Date.now() + expiration);
  await persistently(() => services.images.putImage({ ...facts, expiresAt }, holderOf(record._id, record.attempt)), services.indexRetryMs, signal);
}

/** The name that this pull gives, without what it points at. */
export function ownTag({ record, system, grants }: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>): Omit<TagTarget, 'imageId'> {
  const { request } = record;
  return {
    system: system.name,
    reference: request.reference,
    platform: request.namesPlatform ? request.platform : null,
    topDigest: image.topDigest,
    ...grants,
    ...(image.access === 'public' ? { principals: [PUBLIC], ids: { users: [], groups: [] } } : {}),
  };
}

/** The names that the image has once this pull is over, as far as is known now. */
export async function namesThen(context: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>, imageId: string): Promise<readonly ImageName[]> {
  const { services, record, system, signal } = context;
  const tags = await persistently(() => services.images.tagsOf(system.name, imageId), services.indexRetryMs, signal);
  // A repair leaves all names as they are.
  if (record.request.repair != null) return tags;
  const own = ownTag(context, image);
  const others = tags.filter(({ _id }) => _id !== tagKey(own.system, own.reference, own.platform));
  return [...others, own];
}

/** Points the tag at the image. What lies beside the images that win or lose a name by that is written again by a task. */
export async function moveTag(context: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>, imageId: string): Promise<TagChange> {
  const { services, system, signal } = context;
  const target = { ...ownTag(context, image), imageId };
  const indexed = <T>(step: () => Promise<T>): Promise<T> => persistently(step, services.indexRetryMs, signal);
  const present = await indexed(() => services.images.getTag(system.name, target.reference, target.platform));
  const former = present === undefined ? [] : [present.imageId];
  const isAsBefore = present?.imageId === imageId && isSameName(present, target);
  const touched = isAsBefore ? [] : [...new Set([imageId, ...former])];
  // Asked for first: should this worker die behind the change, the files are written all the same.
  for (const id of touched) await indexed(() => services.imageTasks.description(system.name, id, 'behind'));
  const change = await indexed(() => services.images.pointTag(target));
  for (const id of touched) await indexed(() => services.imageTasks.description(system.name, id, 'now'));
  await grantOnSystem(context, imageId);
  return change;
}

/** Makes the metadata file say who may use the image now: whoever has been let in finds it open when the pull is over. */
async function grantOnSystem({ services, record, system, signal }: PullContext, imageId: string): Promise<void> {
  const [image, tags] = await persistently(
    () => Promise.all([services.images.getImage(system.name, imageId), services.images.tagsOf(system.name, imageId)]),
    services.indexRetryMs,
    signal,
  );
  if (image?.provenance === undefined || isSameAccess(accessOf(image.provenance), accessBy(tags))) return;
  await describeImage(services.images, services.target(system), image, record._id, signal);
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
