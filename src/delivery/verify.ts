/** Proving that a file on the target is what it should be: by its size, and by reading all of it unless the site trusts it. */
import type { Digest } from '../lib/digest.js';
import { deliveryFailed } from './failures.js';
import type { TargetName } from './names.js';
import type { Target } from './target.js';

export interface Content {
  readonly size: number;
  readonly sha256: Digest;
}

/** Whether this very content is published under `name` already, with the mode and owner of the policy. */
export async function isPublished(
  target: Target,
  name: TargetName,
  content: Content,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await target.stat(name);
  if (found?.kind !== 'file' || found.size !== content.size || !found.asConfigured) return false;
  return (await target.digest(name, signal)) === content.sha256;
}

/**
 * The version of the file whose content was checked; undefined when the content is another one, or changed while it
 * was read.
 */
export async function verifiedVersion(
  target: Target,
  name: TargetName,
  content: Content,
  signal: AbortSignal,
): Promise<string | undefined> {
  // The version is taken before the reading: bytes that change meanwhile then show as another version at the end.
  const before = await target.stat(name);
  if (before?.kind !== 'file' || before.size !== content.size) return undefined;
  if (target.verify === 'size') return before.version;
  return (await target.digest(name, signal)) === content.sha256 ? before.version : undefined;
}

/** As `verifiedVersion`, for files that were just written from memory and can't be wrong but by a fault of the disk. */
export async function requireVerified(
  target: Target,
  name: TargetName,
  content: Content,
  signal: AbortSignal,
): Promise<string> {
  const version = await verifiedVersion(target, name, content, signal);
  if (version !== undefined) return version;
  throw deliveryFailed(
    `${target.pathOf(name)} does not hold what was written to it. Check the file system for errors, and try again.`,
  );
}
