import type { Digest } from '../lib/digest.js';
import type { Pace } from '../lib/pace.js';
import { publishedNames, type TargetName } from './names.js';
import type { Target } from './target.js';

/** `missing`: the runtime finds no image; `damaged`: it would find a wrong one. Publishing again mends both. */
export type PublishedState = 'whole' | 'missing' | 'damaged';

/** What a file should hold. */
export interface ExpectedFile {
  readonly name: TargetName;
  /** Unless given, anything but nothing will do. */
  readonly size?: number;
  /** When given, the whole file is read; otherwise its size decides. */
  readonly sha256?: Digest;
}

export interface Reading {
  readonly signal?: AbortSignal;
  /** Bounds the rate of reading. */
  readonly pace?: Pace;
}

/** What keeps a file from being what it should be. */
export interface FileFault {
  readonly state: Exclude<PublishedState, 'whole'>;
  /** Full path of the file. */
  readonly path: string;
  /** What is wrong with it, to follow its path in a sentence. */
  readonly problem: string;
}

/**
 * What is wrong with a published file; undefined when it is what it should be.
 * @throws GatewayError DELIVERY_FAILED when it can't be read or the image directory is missing altogether; the reason of
 *   the signal.
 */
export async function faultOfFile(target: Target, { name, size, sha256 }: ExpectedFile, { signal, pace }: Reading = {}): Promise<FileFault | undefined> {
  const fault = (state: FileFault['state'], problem: string): FileFault => ({ state, path: target.pathOf(name), problem });
  const found = await target.stat(name);
  if (found === undefined) return fault('missing', 'is not there');
  if (found.kind !== 'file') return fault('damaged', 'is not a regular file');
  if (size === undefined && found.size === 0) return fault('damaged', 'is empty');
  if (size !== undefined && found.size !== size) return fault('damaged', `has ${found.size} bytes instead of ${size}`);
  if (sha256 === undefined) return undefined;
  const content = await target.digest(name, signal, pace);
  return content === sha256 ? undefined : fault('damaged', `has other content: it is ${content} and should be ${sha256}`);
}

/**
 * Whether an image is published, by what the runtime looks at: the image as expected, and some metadata.
 * @throws GatewayError as `faultOfFile`
 */
export async function checkPublished(target: Target, { imageId, ...image }: { readonly imageId: string } & Omit<ExpectedFile, 'name'>, reading?: Reading): Promise<PublishedState> {
  const names = publishedNames(imageId);
  for (const file of [{ name: names.meta }, { name: names.image, ...image }]) {
    const fault = await faultOfFile(target, file, reading);
    if (fault !== undefined) return fault.state;
  }
  return 'whole';
}
