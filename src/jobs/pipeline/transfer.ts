/**
 * TRANSFER: the image and what is said of it, written to the system.
 */
import { publishWithRetries } from '../../delivery/index.js';
import type { ResolvedImage } from '../../registry/index.js';
import { accessBy, metaOf, ownIds, sidecarOf, type ImageFacts } from '../describe-image.js';
import type { Conversion } from './results.js';
import type { PullContext } from './context.js';
import { factsOf, namesThen } from './record.js';
import { imageIdOf } from './resolve.js';

/**
 * @returns what is to be recorded of it.
 * @throws GatewayError DELIVERY_FAILED, NO_SPACE, or the reason of the signal.
 */
export async function transfer(context: PullContext, image: ResolvedImage, conversion: Conversion): Promise<ImageFacts> {
  const { record, system, progress, signal, services, log } = context;
  const { product } = conversion;
  progress.enter('TRANSFERRING', 'TRANSFER');
  const names = await namesThen(context, image, imageIdOf(image));
  const facts = factsOf(context, image, conversion, names.length === 0 ? { isOpen: false, ids: ownIds() } : accessBy(names));
  const request = {
    imageId: facts.imageId,
    pullId: record._id,
    product: { path: product.path, size: product.size, sha256: product.sha256, version: product.version },
    meta: metaOf(facts).text,
    sidecar: sidecarOf(facts, names),
    signal,
    onBytes: (bytes: number) => progress.delivered(bytes),
  };
  await publishWithRetries(services.target(system), request, {
    retries: system.delivery.retries,
    retryDelayMs: system.delivery.retryDelayMs,
    onRetry(error) {
      log.warn({ err: error }, 'a delivery failed, and is tried again');
      progress.say(`trying again: ${error.message}`);
    },
  });
  return facts;
}
