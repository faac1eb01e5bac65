/**
 * TRANSFER: the image and what is said of it, written to the system.
 */
import { publish, type PublishedFiles } from '../../delivery/index.js';
import type { ResolvedImage } from '../../registry/index.js';
import { renderMeta } from '../../rootfs/index.js';
import type { Conversion } from './convert.js';
import type { PullContext } from './context.js';
import { opennessOf } from './openness.js';
import { imageIdOf } from './resolve.js';

export interface Delivered {
  readonly files: PublishedFiles;
  /** What the metadata file could not carry, one sentence each. */
  readonly losses: readonly string[];
}

/**
 * @throws GatewayError DELIVERY_FAILED, NO_SPACE, or the reason of the signal.
 */
export async function transfer(context: PullContext, image: ResolvedImage, conversion: Conversion): Promise<Delivered> {
  const { record, system, progress, signal, services } = context;
  const { product } = conversion;
  const imageId = imageIdOf(image);
  progress.enter('TRANSFERRING', 'TRANSFER');
  const { then: isOpen } = await opennessOf(context, imageId, image.access);
  const meta = renderMeta({
    entrypoint: image.config.entrypoint,
    command: image.config.cmd,
    workingDirectory: image.config.workingDir,
    environment: image.config.env,
    // A private image without lists is its owner's alone; two empty lists would open it to the whole system.
    access: isOpen ? undefined : { users: [record.request.source?.user.uid ?? process.getuid?.() ?? 0], groups: [] },
  });
  const files = await publish(services.target(system), {
    imageId,
    pullId: record._id,
    product: { path: product.path, size: product.size, sha256: product.sha256 },
    meta: meta.text,
    sidecar: sidecarOf(context, image, conversion, isOpen),
    signal,
    onBytes: (bytes) => progress.delivered(bytes),
  });
  return { files, losses: meta.losses };
}

/** Everything that is known of the image, so that an index can be rebuilt from the system alone. */
function sidecarOf(context: PullContext, image: ResolvedImage, { product, changes }: Conversion, isOpen: boolean): string {
  const { record, system } = context;
  const sidecar = {
    version: 1,
    imageId: imageIdOf(image),
    system: system.name,
    reference: record.request.reference,
    platform: record.request.platform,
    topDigest: image.topDigest,
    manifestDigest: image.manifestDigest,
    manifestMediaType: image.manifestMediaType,
    configDigest: image.configDigest,
    layers: image.layers.map(({ digest, size, mediaType, diffId }) => ({ digest, size, mediaType, diffId })),
    access: isOpen ? 'public' : 'private',
    product: { size: product.size, sha256: product.sha256, packer: product.packer, entryCount: product.entryCount },
    changes,
    config: JSON.parse(image.configBytes.toString('utf8')) as unknown,
  };
  return `${JSON.stringify(sidecar, undefined, 2)}\n`;
}
