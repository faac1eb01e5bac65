/** Reading and writing files in chunks: memory stays flat, the event loop free, and an abort is seen soon. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { finishDigest, type Digest } from '../lib/digest.js';
import { errnoOf } from '../lib/errors.js';
import { HandedOn } from '../lib/handed-on.js';
import type { Pace } from '../lib/pace.js';
import { stopIfAborted } from './abort.js';
import { deliveryFailed } from './failures.js';

/** Hashing one chunk holds the event loop for about a millisecond. */
const CHUNK_BYTES = 1 << 20;

export interface CopyRange {
  readonly from: FileHandle;
  readonly to: FileHandle;
  /** First byte, and the one after the last. */
  readonly start: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  /** Told after each chunk how many bytes of the file are written. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Copies a range of bytes to the same place in another file.
 * @throws GatewayError DELIVERY_FAILED when `from` ends too soon or somebody else writes to `to`; system errors of reading and writing as they are.
 */
export async function copyRange({ from, to, start, end, signal, onBytes }: CopyRange): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, end - start)));
  let position = start;
  while (position < end) {
    stopIfAborted(signal);
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) {
      throw deliveryFailed(
        `The product ended after ${position} of ${end} bytes while it was read. Pull the image again.`,
      );
    }
    await requireSize(to, position);
    await writeFully(to, buffer.subarray(0, bytesRead), position);
    position += bytesRead;
    onBytes?.(position);
  }
  stopIfAborted(signal);
}

/**
 * The file must grow by our bytes alone. A worker that was thought dead, and wakes up while its successor continues
 * the same file, stops here instead of writing into what may be published by then.
 */
async function requireSize(file: FileHandle, size: number): Promise<void> {
  const found = await file.stat();
  if (found.size === size) return;
  throw new HandedOn('DELIVERY_FAILED', 'Another worker with the same pull writes the same file. Try again.');
}

/** write(2) may take less than it is given, for one when the disk is nearly full. */
export async function writeFully(to: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await to.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The sha256 of an open file from its first to its last byte. */
export async function digestOfFile(file: FileHandle, signal?: AbortSignal, pace?: Pace): Promise<Digest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; ;) {
    stopIfAborted(signal);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return finishDigest(hash, 'sha256');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
    await pace?.(bytesRead, signal);
  }
}

/** Undefined when the path is not there. */
export async function orAbsent<T>(looked: Promise<T>): Promise<T | undefined> {
  try {
    return await looked;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Closes on success and on failure. A failing close counts: network file systems report lost writes there. */
export async function closeAfter<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await use();
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  await file.close();
  return result;
}
