/** How failures of delivery read: what happened, to which path, and what to do. */
import { userInfo } from 'node:os';
import { errnoOf, GatewayError, messageOf } from '../lib/errors.js';

/** NO_SPACE before or in the middle of writing `path`; `need` and `have` in bytes. */
export function noSpace(path: string, need: number, have: number, cause?: unknown): GatewayError {
  // A full file system that reports room has run out of something else.
  const advice =
    have < need
      ? 'Free some, or expire images, and try again.'
      : 'So its file entries (inodes) or a quota must be used up: raise them, or expire images, and try again.';
  return new GatewayError(
    'NO_SPACE',
    `There is no room for ${path}: need ${need} bytes, have ${have} bytes. ${advice}`,
    cause === undefined ? {} : { cause },
  );
}

/** DELIVERY_FAILED with everything a reader needs in `text`. */
export function deliveryFailed(text: string, cause?: unknown): GatewayError {
  return new GatewayError('DELIVERY_FAILED', text, cause === undefined ? {} : { cause });
}

/** True for the errors of a file system or quota that is full. */
export function isFull(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}

/**
 * Explains a system error.
 * @param doing what failed, as in "write"; @param path to what; @param directory the image directory.
 */
export function explain(error: unknown, doing: string, path: string, directory: string): GatewayError {
  if (error instanceof GatewayError) return error;
  return deliveryFailed(`Can't ${doing} ${path}: ${reason(error, directory)}`, error);
}

/** Explains why the local product can't be read. */
export function explainProduct(error: unknown, path: string): GatewayError {
  if (error instanceof GatewayError) return error;
  return deliveryFailed(
    `Can't read the product ${path}: ${messageOf(error)}. Remove it and pull the image again.`,
    error,
  );
}

function reason(error: unknown, directory: string): string {
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return `permission denied. The gateway runs as ${gatewayUser()}: give that user the right to write in ${directory}.`;
    case 'EROFS':
      return `the file system is mounted read-only. Mount ${directory} writable for ${gatewayUser()}.`;
    case 'ELOOP':
      return 'it is a symbolic link, and links in an image directory are not followed. Find out who put it there, and remove it.';
    case 'EEXIST':
      return 'something else has that name, maybe another worker with the same pull. Try again.';
    case 'EISDIR':
      return 'a directory has that name. Find out who put it there, and remove it.';
    default:
      return `${messageOf(error)}. Look at the file system of ${directory}, and try again.`;
  }
}

/** For messages: name and uid of the user that this process runs as. */
export function gatewayUser(): string {
  try {
    const { username, uid } = userInfo();
    return `user "${username}" (uid ${uid})`;
  } catch {
    // In containers a uid often has no name.
    return `uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}
