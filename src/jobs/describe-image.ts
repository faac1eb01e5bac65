/**
 * What lies beside an image on its system and says what it is: the metadata file that the container runtime reads, and the
 * sidecar, from which the index can be rebuilt. Both follow from what the index holds, and are written again when that changes.
 */
import { isOpenBy } from '../access/viewer.js';
import { checkPublished, publishMetadata, type Target } from '../delivery/index.js';
import type { ImageStore } from '../models/image-store.js';
import type { ImageRecord, TagRecord } from '../models/records.js';
import { renderMeta, type Meta } from '../rootfs/index.js';

/** What is known of an image whatever its names are. */
export type ImageFacts = Pick<ImageRecord, 'system' | 'imageId' | 'manifestDigest' | 'configDigest' | 'platform' | 'layers' | 'config' | 'product'> &
  Required<Pick<ImageRecord, 'provenance'>>;

/** A name, as the sidecar tells it. */
export type ImageName = Pick<TagRecord, 'reference' | 'platform' | 'topDigest' | 'principals'>;

/** The metadata file. A private image without lists is its owner's alone; two empty lists would open it to the whole system. */
export function metaOf({ config, provenance }: Pick<ImageFacts, 'config' | 'provenance'>): Meta {
  return renderMeta({
    entrypoint: config.entrypoint,
    command: config.command,
    workingDirectory: config.workingDirectory ?? undefined,
    environment: config.environment,
    access: provenance.isOpen ? undefined : { users: [provenance.ownerUid], groups: [] },
  });
}

/** @param names in the order of their references */
export function sidecarOf(image: ImageFacts, names: readonly ImageName[]): string {
  const { product, provenance, layers } = image;
  const sidecar = {
    version: 1,
    imageId: image.imageId,
    system: image.system,
    reference: provenance.reference,
    platform: image.platform,
    topDigest: provenance.topDigest,
    manifestDigest: image.manifestDigest,
    manifestMediaType: provenance.manifestMediaType,
    configDigest: image.configDigest,
    layers: layers.map(({ digest, size, diffId }, at) => ({ digest, size, mediaType: provenance.layerMediaTypes[at], diffId })),
    tags: names.map(({ reference, platform, topDigest, principals }) => ({ reference, platform, topDigest, principals })),
    access: provenance.isOpen ? 'public' : 'private',
    ownerUid: provenance.ownerUid,
    product: { size: product.size, sha256: product.sha256, packer: product.packer, entryCount: product.entryCount },
    changes: product.changes,
    config: JSON.parse(provenance.configText) as unknown,
  };
  return `${JSON.stringify(sidecar, undefined, 2)}\n`;
}

/** Who describes an image holds it under this name and the time (ms). */
const DESCRIBER = 'describe/';

/** True for those who hold an image for the moment only, and not because they are going to name it. */
export function isDescriber(holder: string): boolean {
  return holder.startsWith(DESCRIBER);
}

/** Gives up for those who were killed while they described an image: nobody holds it for that longer than `leaseMs`. */
export async function forgetDeadDescribers(images: ImageStore, { system, imageId, holders }: ImageRecord, leaseMs: number): Promise<void> {
  for (const holder of holders) {
    const isDead = isDescriber(holder) && Number(holder.slice(DESCRIBER.length)) + leaseMs < Date.now();
    if (isDead) await images.unhold(system, imageId, holder);
  }
}

/**
 * Writes both files of a published image again, as the index has it; nothing when the image is not there any more, or the index
 * does not know enough of it (a pull with `force` records all). It is held meanwhile, so that nobody removes it and leaves metadata without an image.
 *
 * @param claim unlike any other; names the temporary files
 * @throws GatewayError as `publishMetadata`, INDEX_UNAVAILABLE
 */
export async function describeImage(images: ImageStore, target: Target, image: ImageRecord, claim: string, signal: AbortSignal): Promise<void> {
  const { system, imageId, provenance } = image;
  if (provenance === undefined) return;
  const holder = `${DESCRIBER}${String(Date.now())}`;
  if (!(await images.hold(system, imageId, holder))) return;
  try {
    // Once more when the names have changed meanwhile: of two who write, the last one must have seen the last names.
    if ((await checkPublished(target, { imageId, size: image.product.size })) !== 'whole') return;
    let { isOpen } = provenance;
    for (let before = ''; ;) {
      const tags = await images.tagsOf(system, imageId);
      const names = JSON.stringify(tags.map(({ _id, topDigest, principals }) => [_id, topDigest, principals]));
      if (names === before) return;
      before = names;
      // One that has lost its last name stays as open as it was: there may be jobs that use it.
      const wasOpen = isOpen;
      if (tags.length > 0) isOpen = isOpenBy(tags);
      const told = { ...image, provenance: { ...provenance, isOpen } };
      await publishMetadata(target, { imageId, pullId: claim, meta: metaOf(told).text, sidecar: sidecarOf(told, tags), signal });
      if (isOpen !== wasOpen) await images.setOpen(system, imageId, isOpen);
    }
  } finally {
    await images.unhold(system, imageId, holder);
  }
}
