import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../lib/errors.js';

/** Whether a program's words, or those of an error of the system, mean that there was no room (in the locale C). */
export function saysFullDisk(words: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(words);
}

/** The error for a file that found no room. */
export async function fullDisk(path: string, cause: unknown): Promise<GatewayError> {
  const { bavail, bsize } = await statfs(dirname(path)).catch(() => ({ bavail: 0, bsize: 1 }));
  return new GatewayError(
    'NO_SPACE',
    `The disk of ${path} is full: ${String(bavail * bsize)} bytes are free there. Free some room and pull again.`,
    { cause },
  );
}
