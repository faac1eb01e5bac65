/**
 * TRANSFER: the image and what is said of it, written to the system.
 */
import { publish } from '../../delivery/index.js';
import { persistently } from '../../models/database.js';
import { tagKey } from '../../models/records.js';
import type { ResolvedImage } from '../../registry/index.js';
import { metaOf, sidecarOf, type ImageFacts, type ImageName } from '../describe-image.js';
import type { Conversion } from './convert.js';
import type { PullContext } from './context.js';
import { opennessOf } from './openness.js';
import { factsOf, ownTag } from './record.js';
import { imageIdOf } from './resolve.js';

/**
 * @returns what is to be recorded of it.
 * @throws GatewayError DELIVERY_FAILED, NO_SPACE, or the reason of the signal.
 */
export async function transfer(context: PullContext, image: ResolvedImage, conversion: Conversion): Promise<ImageFacts> {
  const { record, system, progress, signal, services } = context;
  const { product } = conversion;
  progress.enter('TRANSFERRING', 'TRANSFER');
  const { then: isOpen } = await opennessOf(context, imageIdOf(image), image.access);
  const facts = factsOf(context, image, conversion, isOpen);
  await publish(services.target(system), {
    imageId: facts.imageId,
    pullId: record._id,
    product: { path: product.path, size: product.size, sha256: product.sha256, version: product.version },
    meta: metaOf(facts).text,
    sidecar: sidecarOf(facts, await namesThen(context, image)),
    signal,
    onBytes: (bytes) => progress.delivered(bytes),
  });
  return facts;
}

/** The names that the image has once this pull is over, as far as is known now. */
async function namesThen(context: PullContext, image: ResolvedImage): Promise<readonly ImageName[]> {
  const { services, record, system, signal } = context;
  const tags = await persistently(() => services.images.tagsOf(system.name, imageIdOf(image)), services.indexRetryMs, signal);
  // A repair leaves all names as they are.
  if (record.request.repair != null) return tags;
  const own = ownTag(context, image);
  const others = tags.filter(({ _id }) => _id !== tagKey(own.system, own.reference, own.platform));
  return [...others, own].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}
