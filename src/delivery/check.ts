import type { Digest } from '../lib/digest.js';
import type { Pace } from '../lib/pace.js';
import { publishedNames, type TargetName } from './names.js';
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
  /** Bounds the rate of that reading. */
  readonly pace?: Pace;
}

/** What keeps an image from being what the index says. */
export interface PublishedFault {
  readonly state: Exclude<PublishedState, 'whole'>;
  /** Full path of the file that is wrong. */
  readonly path: string;
  /** What is wrong with it, to follow its path in a sentence. */
  readonly problem: string;
}

/**
 * Whether an image is published and as the index describes it.
 * @throws GatewayError DELIVERY_FAILED when the image directory can't be read or is missing altogether.
 */
export async function checkPublished(target: Target, request: CheckRequest): Promise<PublishedState> {
  return (await faultOfPublished(target, request))?.state ?? 'whole';
}

/**
 * The first thing that is wrong with a published image; undefined when it is whole.
 * @throws GatewayError DELIVERY_FAILED when something can't be read or the image directory is missing altogether; the
 *   reason of the signal.
 */
export async function faultOfPublished(target: Target, request: CheckRequest): Promise<PublishedFault | undefined> {
  const names = publishedNames(request.imageId);
  const fault = (state: PublishedFault['state'], name: TargetName, problem: string): PublishedFault => ({ state, path: target.pathOf(name), problem });
  const image = await target.stat(names.image);
  const meta = await target.stat(names.meta);
  if (image === undefined) return fault('missing', names.image, 'is not there');
  if (meta === undefined) return fault('missing', names.meta, 'is not there');
  if (image.kind !== 'file') return fault('damaged', names.image, 'is not a regular file');
  if (image.size !== request.size) return fault('damaged', names.image, `has ${image.size} bytes instead of ${request.size}`);
  if (meta.kind !== 'file') return fault('damaged', names.meta, 'is not a regular file');
  if (meta.size === 0) return fault('damaged', names.meta, 'is empty');
  if (request.sha256 === undefined) return undefined;
  const found = await target.digest(names.image, request.signal, request.pace);
  return found === request.sha256 ? undefined : fault('damaged', names.image, `has other content: it is ${found} and should be ${request.sha256}`);
}
