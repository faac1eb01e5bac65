import { folderOf, publishedNames } from './names.js';
import type { Target } from './target.js';

/**
 * Takes an image off a system: publishing in reverse. Without its `.meta` the runtime no longer finds the image;
 * each removal is made durable before the next, so that a crash can't bring back a `.meta` without its image.
 * Running again after a failure, or with nothing there, is fine. Nodes that have the image mounted keep it.
 *
 * @throws GatewayError DELIVERY_FAILED when something can't be removed.
 */
export async function removeImage(target: Target, imageId: string): Promise<void> {
  const { image, sidecar, meta } = publishedNames(imageId);
  for (const name of [meta, sidecar, image]) {
    if ((await target.stat(name)) === undefined) continue;
    await target.remove(name);
    await target.syncFolder(folderOf(name));
  }
}
