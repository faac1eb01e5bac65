/**
 * Moving many bytes over SFTP: requests side by side, on several channels where the link is long. Each lane is a loop
 * with one buffer and one request under way, so that memory is bounded and a slow server slows the reading down.
 */
import type { FileHandle } from 'node:fs/promises';
import { stopIfAborted } from '../abort.js';
import { deliveryFailed } from '../failures.js';
import type { SftpChannel } from './channel.js';

/** A file that is open on one channel. */
export interface OpenFile {
  readonly channel: SftpChannel;
  readonly handle: Buffer;
}

export interface BulkOptions {
  /** The same file, open on each channel that is to be used. */
  readonly files: readonly [OpenFile, ...OpenFile[]];
  readonly chunkBytes: number;
  /** Requests at once on each channel. */
  readonly requests: number;
  /** First byte, and the one after the last. */
  readonly start: number;
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Bytes that may lie behind a gap: requests overtake each other, so a broken transfer leaves a file that is complete
 * only up to so many bytes before its end.
 */
export const GAP_BYTES = 32 << 20;

/**
 * Writes a range of a local file to the same place of a remote one.
 * @param onWritten told up to where the remote file is complete.
 * @throws GatewayError DELIVERY_FAILED when the local file ends too soon, ConnectionLost, the reason of the signal;
 *   the status errors of the server and system errors of reading as they are.
 */
export async function writeRange(from: FileHandle, options: BulkOptions, onWritten: (position: number) => void): Promise<void> {
  const { chunkBytes, start, end } = options;
  const written = new Set<number>();
  let complete = start;
  let next = start;
  let moved = newGate();
  await inLanes(options, async ({ channel, handle }, isStopped) => {
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, end - start)));
    while (next < end && !isStopped()) {
      if (next - complete >= GAP_BYTES) {
        await moved.opened;
        continue;
      }
      const position = next;
      const length = Math.min(chunkBytes, end - position);
      next += length;
      await readFully(from, buffer, length, position, end);
      stopIfAborted(options.signal);
      await channel.write(handle, buffer, length, position);
      written.add(position);
      while (written.delete(complete)) complete = Math.min(complete + chunkBytes, end);
      const before = moved;
      moved = newGate();
      before.open();
      onWritten(complete);
    }
  }, () => moved.open());
}

/**
 * Reads a range of a remote file and hands it on in order. Bytes that are handed on are valid until the next call.
 * @throws GatewayError DELIVERY_FAILED when the file ends too soon, ConnectionLost, the reason of the signal; the
 *   status errors of the server as they are.
 */
export async function readRange(options: BulkOptions, path: string, onBytes: (bytes: Buffer, position: number) => void | Promise<void>): Promise<void> {
  const { files, chunkBytes, requests, start, end, signal } = options;
  const ahead: { readonly buffer: Buffer; readonly length: number; readonly done: Promise<void> }[] = [];
  const free: Buffer[] = [];
  let next = start;
  let turn = 0;
  const ask = (): void => {
    const file = files[turn++ % files.length] ?? files[0];
    const position = next;
    const length = Math.min(chunkBytes, end - position);
    next += length;
    const buffer = free.pop() ?? Buffer.allocUnsafe(chunkBytes);
    const done = readRemote(file, buffer, length, position, path);
    // The first failure in order is the one that counts.
    done.catch(() => {});
    ahead.push({ buffer, length, done });
  };
  let position = start;
  while (position < end) {
    stopIfAborted(signal);
    while (next < end && ahead.length < requests * files.length) ask();
    const first = ahead.shift();
    if (first === undefined) return;
    await first.done;
    await onBytes(first.buffer.subarray(0, first.length), position);
    position += first.length;
    free.push(first.buffer);
  }
  stopIfAborted(signal);
}

/** A server may give less than it was asked for. */
async function readRemote({ channel, handle }: OpenFile, buffer: Buffer, length: number, position: number, path: string): Promise<void> {
  for (let done = 0; done < length; ) {
    const bytes = await channel.read(handle, buffer.subarray(done), length - done, position + done);
    if (bytes === 0) throw deliveryFailed(`${path} became shorter while it was read. Find out who changes it, and try again.`);
    done += bytes;
  }
}

async function readFully(from: FileHandle, buffer: Buffer, length: number, position: number, end: number): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await from.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw deliveryFailed(`The product ended after ${position + done} of ${end} bytes while it was read. Pull the image again.`);
    done += bytesRead;
  }
}

/** Runs `requests` lanes on each channel; the first failure stops all of them, and is thrown at once. */
async function inLanes(
  { files, requests, signal }: BulkOptions,
  lane: (file: OpenFile, isStopped: () => boolean) => Promise<void>,
  onStop: () => void,
): Promise<void> {
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    onStop();
  };
  const lanes = files.flatMap((file) => Array.from({ length: requests }, () => lane(file, () => stopped)));
  for (const running of lanes) running.catch(() => {});
  const { opened: aborted, open: onAbort } = newGate();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // An abort does not wait for a server that answers slowly.
    await Promise.race([Promise.all(lanes), aborted]);
    stopIfAborted(signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop();
  }
}

function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
