/**
 * ADMIT: whether there is room on the worker, before anything is written. The room on the system is looked at by
 * `publish`, when the size of the product is known.
 */
import { admission, requireRoom, type ResolvedImage } from '../../registry/index.js';
import type { PullContext } from './context.js';

/**
 * @throws GatewayError NO_SPACE with paths, need and have.
 */
export async function admit(context: PullContext, image: ResolvedImage): Promise<void> {
  const { services, workDirectory } = context;
  const { bytesToFetch, productBytes } = await admission(image, services.blobs);
  await requireRoom({ path: services.config.cacheDirectory, bytes: bytesToFetch }, { path: workDirectory, bytes: productBytes });
}
