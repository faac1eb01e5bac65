/** Reading a file of the cache through, to see whether it still has the bytes that it is named after. */
import { open } from 'node:fs/promises';
import { digestAlgorithm, type Digest } from '../lib/digest.js';
import { abortReason } from '../lib/errors.js';
import { hashOfFile } from '../lib/file-hash.js';

/** After so many bytes it is told how far it is, and other files may have their turn. */
const STEP_BYTES = 64 * 2 ** 20;

export interface CheckOptions {
  readonly signal: AbortSignal;
  /** So much of it has been read. */
  readonly onBytes: (bytesDone: number) => void;
}

/**
 * True when the first `size` bytes of the file have that digest; one that can't be read has not.
 *
 * @throws the reason of the signal.
 */
export async function fileMatches(
  path: string,
  digest: Digest,
  size: number,
  { signal, onBytes }: CheckOptions,
): Promise<boolean> {
  const file = await open(path, 'r');
  const hash = hashOfFile(file, digestAlgorithm(digest));
  try {
    for (let end = 0; end < size; end += STEP_BYTES) {
      if (signal.aborted) throw abortReason(signal);
      onBytes(end);
      await hash.reach(Math.min(size, end + STEP_BYTES));
    }
    return (await hash.digest(size)) === digest;
  } catch {
    await hash.drop();
    if (signal.aborted) throw abortReason(signal);
    return false;
  } finally {
    await file.close();
  }
}
