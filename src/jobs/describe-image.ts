/**
 * What lies beside an image on its system and says what it is: the metadata file that the container runtime reads, and the
 * sidecar, from which the index can be rebuilt. Both follow from what the index holds, and are written again when that changes.
 */
import { isOpenBy } from '../access/viewer.js';
import { GatewayError } from '../lib/errors.js';
import { publishedNames, publishMetadata, type Target } from '../delivery/index.js';
import type { ImageStore } from '../models/image-store.js';
import type { AccessIds, ImageRecord, ProvenanceRecord, TagRecord } from '../models/image-records.js';
import { MAX_ACCESS_IDS, renderMeta, type Meta } from '../rootfs/index.js';

/** What is known of an image whatever its names are. */
export type ImageFacts = Pick<ImageRecord, 'system' | 'imageId' | 'manifestDigest' | 'configDigest' | 'platform' | 'layers' | 'config' | 'product'> &
  Required<Pick<ImageRecord, 'provenance'>>;

/** A name, as the sidecar tells it. */
export type ImageName = Pick<TagRecord, 'reference' | 'platform' | 'topDigest' | 'owner' | 'principals' | 'ids'>;

/** What the metadata file says of who may use the image. */
export type FileAccess = Required<Pick<ProvenanceRecord, 'isOpen' | 'ids'>>;

/** The gateway's own user alone. */
export function ownIds(): AccessIds {
  return { users: [process.getuid?.() ?? 0], groups: [] };
}

/** What the metadata file says, as far as that is recorded: it was the gateway's own user when nothing else was. */
export function accessOf({ isOpen, ids = ownIds() }: Pick<ProvenanceRecord, 'isOpen' | 'ids'>): FileAccess {
  return { isOpen, ids };
}

/**
 * Who may use an image that has these names: whoever may use one of them.
 *
 * @throws GatewayError TOO_LARGE when these are more than the container runtime takes.
 */
export function accessBy(names: readonly Pick<ImageName, 'principals' | 'ids'>[]): FileAccess {
  if (isOpenBy(names)) return { isOpen: true, ids: { users: [], groups: [] } };
  const union = (kind: keyof AccessIds): number[] => [...new Set(names.flatMap(({ ids = ownIds() }) => ids[kind]))].sort((a, b) => a - b);
  const ids = { users: union('users'), groups: union('groups') };
  const largest = Math.max(ids.users.length, ids.groups.length);
  if (largest > MAX_ACCESS_IDS) {
    throw new GatewayError('TOO_LARGE', `By all its names the image would be open to ${String(largest)} users or groups, and the container runtime takes ${String(MAX_ACCESS_IDS)}: name groups in place of users, or expire other names.`);
  }
  return { isOpen: false, ids };
}

export function isSameAccess(a: FileAccess, b: FileAccess): boolean {
  return JSON.stringify([a.isOpen, a.ids.users, a.ids.groups]) === JSON.stringify([b.isOpen, b.ids.users, b.ids.groups]);
}

/** The metadata file. Two empty lists would open a private image to the whole system, so there is always an owner in them. */
export function metaOf({ config, provenance }: Pick<ImageFacts, 'config' | 'provenance'>): Meta {
  return renderMeta({
    entrypoint: config.entrypoint,
    command: config.command,
    workingDirectory: config.workingDirectory ?? undefined,
    environment: config.environment,
    access: provenance.isOpen ? undefined : accessOf(provenance).ids,
  });
}

/** What is told of a name; two names of which the same is told are one. */
function toldOf({ reference, platform, topDigest, owner, principals, ids }: ImageName): ImageName {
  return { reference, platform, topDigest, owner, principals, ...(ids === undefined ? {} : { ids }) };
}

export function isSameName(a: ImageName, b: ImageName): boolean {
  return JSON.stringify(toldOf(a)) === JSON.stringify(toldOf(b));
}

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
    layers: layers.map(({ digest, size, diffId, servedBy }, at) => ({
      digest,
      size,
      mediaType: provenance.layerMediaTypes[at],
      diffId,
      ...(servedBy == null ? {} : { servedBy }),
    })),
    tags: names.map(toldOf).sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
    access: provenance.isOpen ? 'public' : 'private',
    ids: accessOf(provenance).ids,
    product: { size: product.size, sha256: product.sha256, packer: product.packer, entryCount: product.entryCount },
    // Absent for what was recorded without them: what lies there stays as it is.
    ...(product.rules === undefined ? {} : { rules: product.rules }),
    changes: product.changes,
    ...(provenance.attestations === undefined ? {} : { attestations: provenance.attestations }),
    config: JSON.parse(provenance.configText) as unknown,
  };
  return `${JSON.stringify(sidecar, undefined, 2)}\n`;
}

function orderOf({ reference, platform }: ImageName): string {
  return `${reference} ${platform ?? ''}`;
}

/** What lies beside an image, and whom it lets use it. */
export interface Description {
  readonly access: FileAccess;
  readonly meta: string;
  readonly sidecar: string;
}

/**
 * What is to lie beside an image that has these names. One that has lost its last name stays as open as it was: there may be jobs that use it.
 *
 * @throws GatewayError as `accessBy`
 */
export function descriptionOf(image: ImageFacts, names: readonly ImageName[]): Description {
  const access = names.length > 0 ? accessBy(names) : accessOf(image.provenance);
  const told = { ...image, provenance: { ...image.provenance, isOpen: access.isOpen, ids: access.ids } };
  return { access, meta: metaOf(told).text, sidecar: sidecarOf(told, names) };
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
    // What it says of an image that is not there helps nobody; it comes back with the image.
    if ((await target.stat(publishedNames(imageId).image))?.kind !== 'file') return;
    let facts: ImageFacts = { ...image, provenance };
    // Once more when the names have changed meanwhile: of two who write, the last one must have seen the last names.
    for (let written = ''; ;) {
      const { access, meta, sidecar } = descriptionOf(facts, await images.tagsOf(system, imageId));
      if (meta + sidecar === written) return;
      await publishMetadata(target, { imageId, pullId: claim, meta, sidecar, signal });
      if (!isSameAccess(access, accessOf(facts.provenance))) await images.setAccess(system, imageId, access);
      facts = { ...facts, provenance: { ...facts.provenance, ...access } };
      written = meta + sidecar;
    }
  } finally {
    await images.unhold(system, imageId, holder);
  }
}
