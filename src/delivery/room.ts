import { noSpace } from './failures.js';
import type { Target } from './target.js';

/**
 * Makes sure that files of these sizes fit, before the first byte of them is written.
 *
 * @param path the file that the message names.
 * @param sizes bytes still to be written, file by file: each takes up whole blocks.
 * @param reserveBytes what must stay free beside them.
 * @throws GatewayError NO_SPACE with path, need and have.
 */
export async function requireRoom(
  target: Target,
  path: string,
  sizes: readonly number[],
  reserveBytes: number,
): Promise<void> {
  const { freeBytes, blockBytes } = await target.room();
  const need = sizes.reduce((sum, size) => sum + Math.ceil(size / blockBytes) * blockBytes, reserveBytes);
  if (freeBytes < need) throw noSpace(path, need, freeBytes);
}
