/** Tells whether a name still stands for the very bytes that were looked at before. */
import type { BigIntStats } from 'node:fs';

/**
 * The same for every name of one file as long as nobody writes into it: another file, another size or a later write gives
 * another version. A new name, mode or owner does not.
 */
export function fileVersion({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}
