/**
 * ADMIT: whether there is room on the worker, before anything is written. The room on the system is looked at by
 * `publish`, when the size of the product is known.
 */
import { admission, requireRoom, type ResolvedImage } from '../../registry/index.js';
import { packerFor } from '../../rootfs/index.js';
import type { PullContext } from './context.js';

export interface Admitted {
  /** There is room to keep the layers as they will have been compressed. */
  readonly keepsSegments: boolean;
}

/**
 * @throws GatewayError NO_SPACE with paths, need and have.
 */
export async function admit(context: PullContext, image: ResolvedImage): Promise<Admitted> {
  const { services, system, workDirectory } = context;
  const { blobs, layers, tools, config } = services;
  const { squashfs } = system;
  if (config.cacheSegments && packerFor(tools, squashfs).kind === 'segments') {
    const keeping = await admission(image, async (layer) => await layers.has(layer.digest, squashfs));
    const fetching = await admission(image, async (layer) => (await layers.has(layer.digest, squashfs)) || (await blobs.has(layer)));
    // Both are there for a while: the blob that is fetched, and the segment that is made of it.
    const cached = { path: config.cacheDirectory, bytes: fetching.bytesToFetch + keeping.segmentBytes };
    const hasRoom = await requireRoom(cached, { path: workDirectory, bytes: keeping.productBytes }).then(
      () => true,
      () => false,
    );
    if (hasRoom) return { keepsSegments: true };
  }
  const { bytesToFetch, productBytes } = await admission(image, (layer) => blobs.has(layer));
  await requireRoom({ path: config.cacheDirectory, bytes: bytesToFetch }, { path: workDirectory, bytes: productBytes });
  return { keepsSegments: false };
}
