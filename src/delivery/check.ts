import type { Digest } from '../lib/digest.js';
import { publishedNames } from './names.js';
import type { Target } from './target.js';

/** `missing`: the runtime finds no image; `damaged`: it would find a wrong one. Publishing again mends both. */
export type PublishedState = 'whole' | 'missing' | 'damaged';

export interface CheckRequest {
  readonly imageId: string;
  /** Bytes of the image. */
  readonly size: number;
  /** When given, the whole image is read; otherwise the sizes decide. */
  readonly sha256?: Digest;
  readonly signal?: AbortSignal;
}

/**
 * Whether an image is published and as the index describes it.
 * @throws GatewayError DELIVERY_FAILED when the image directory can't be read or is missing altogether.
 */
export async function checkPublished(target: Target, request: CheckRequest): Promise<PublishedState> {
  const names = publishedNames(request.imageId);
  const image = await target.stat(names.image);
  const meta = await target.stat(names.meta);
  if (image === undefined || meta === undefined) return 'missing';
  if (image.kind !== 'file' || image.size !== request.size) return 'damaged';
  if (meta.kind !== 'file' || meta.size === 0) return 'damaged';
  if (request.sha256 === undefined) return 'whole';
  return (await target.digest(names.image, request.signal)) === request.sha256 ? 'whole' : 'damaged';
}
