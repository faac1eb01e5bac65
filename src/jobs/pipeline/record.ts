/**
 * RECORD: the image in the index, and the tag pointing at it.
 */
import { persistently } from '../../models/database.js';
import type { TagChange } from '../../models/image-store.js';
import type { ImageConfigRecord } from '../../models/records.js';
import { formatPlatform, type ResolvedImage } from '../../registry/index.js';
import { principalOf, gatewayViewer, PUBLIC } from '../../access/viewer.js';
import type { Conversion } from './convert.js';
import type { PullContext } from './context.js';
import { imageIdOf } from './resolve.js';
import type { Delivered } from './transfer.js';

/** Records a delivered image, held for this pull until its tag points at it. */
export async function recordImage(context: PullContext, image: ResolvedImage, conversion: Conversion, delivered: Delivered): Promise<void> {
  const { services, record, system, signal } = context;
  const { product, changes } = conversion;
  const expiration = services.config.imageExpirationMs;
  await persistently(
    () =>
      services.images.putImage(
        {
          system: system.name,
          imageId: imageIdOf(image),
          manifestDigest: image.manifestDigest,
          configDigest: image.configDigest,
          platform: formatPlatform(image.platform),
          layers: image.layers.map(({ digest, diffId, size }) => ({ digest, diffId, size })),
          config: configRecord(image),
          product: {
            path: delivered.files.path,
            size: product.size,
            sha256: product.sha256,
            format: 'squashfs',
            packer: product.packer,
            entryCount: product.entryCount,
            changes: [...changes, ...delivered.losses],
          },
          expiresAt: expiration === undefined ? null : new Date(Date.now() + expiration),
        },
        record._id,
      ),
    services.indexRetryMs,
    signal,
  );
}

/** Points the tag at the image. */
export async function moveTag(context: PullContext, image: Pick<ResolvedImage, 'topDigest' | 'access'>, imageId: string): Promise<TagChange> {
  const { services, record, system, signal } = context;
  const { request } = record;
  return persistently(
    () =>
      services.images.pointTag({
        system: system.name,
        reference: request.reference,
        platform: request.namesPlatform ? request.platform : null,
        imageId,
        topDigest: image.topDigest,
        // In this version every caller is the gateway's own user.
        principals: image.access === 'public' ? [PUBLIC] : [request.source?.user.principal ?? principalOf(gatewayViewer())],
      }),
    services.indexRetryMs,
    signal,
  );
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
