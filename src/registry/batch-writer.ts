/** Writes a stream of small pieces in large batches: while some are being written, the next one gathers. */
import type { HashedFile } from '../lib/file-hash.js';
import type { ReceiveMemory } from './receive-memory.js';

/** What a batch has at least (bytes), but for the last one: each costs a change of threads, and pieces are small. */
const MIN_BYTES = 512 * 1024;
/** What may wait for the disk (bytes, pieces) before the sender has to wait too. */
const MAX_BYTES = 1024 * 1024;
const MAX_PIECES = 256;
/** So that the thread that writes finds the next batch when it is done with one. */
const MAX_WRITES = 2;

export interface BatchWriter {
  /** Takes a piece. False when enough waits for the disk: nothing more is to be sent before `onRoom`. */
  push(piece: Buffer): boolean;
  /** Waits until everything is written. @throws what the disk says. */
  flush(): Promise<void>;
}

export interface BatchWriterOptions {
  /** Where the first piece goes. */
  readonly position: number;
  /** Where pieces were received, if that memory can be used again. */
  readonly memory?: ReceiveMemory;
  /** So many more bytes lie in the file. */
  readonly onWritten: (bytes: number) => void;
  /** More may be sent. */
  readonly onRoom: () => void;
  /** Told as soon as it is known; nothing is written any more. */
  readonly onFailure: (error: unknown) => void;
}

export function createBatchWriter(file: Pick<HashedFile, 'write'>, options: BatchWriterOptions): BatchWriter {
  const { memory } = options;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let at = options.position;
  let isFull = false;
  let isEnding = false;
  const writes = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  function startWhatIsDue(): void {
    const isEnough = (): boolean => pendingBytes >= MIN_BYTES || pending.length >= MAX_PIECES || (isEnding && pending.length > 0);
    while (failure === undefined && writes.size < MAX_WRITES && isEnough()) {
      const write = writeBatch().then(() => {
        writes.delete(write);
        startWhatIsDue();
        if (isFull && failure === undefined) {
          isFull = false;
          options.onRoom();
        }
      });
      writes.add(write);
    }
  }

  async function writeBatch(): Promise<void> {
    const batch = pending;
    const bytes = pendingBytes;
    const position = at;
    pending = [];
    pendingBytes = 0;
    at += bytes;
    try {
      await file.write(batch, position);
    } catch (error) {
      if (failure === undefined) options.onFailure(error);
      failure ??= { error };
    }
    for (const piece of batch) memory?.giveBack(piece);
    // They end in their order: behind one that failed nothing counts.
    if (failure === undefined) options.onWritten(bytes);
  }

  return {
    push(piece) {
      const joined = joinedWith(pending.at(-1), piece);
      if (joined === undefined) pending.push(piece);
      else pending[pending.length - 1] = joined;
      pendingBytes += piece.length;
      startWhatIsDue();
      isFull = pendingBytes >= MAX_BYTES || pending.length >= MAX_PIECES;
      return !isFull;
    },
    async flush() {
      isEnding = true;
      startWhatIsDue();
      while (writes.size > 0) await Promise.race(writes);
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Both as one when the second lies behind the first in the same memory, as what a socket has received does. */
function joinedWith(first: Uint8Array | undefined, second: Uint8Array): Uint8Array | undefined {
  if (first?.buffer !== second.buffer || first.byteOffset + first.length !== second.byteOffset) return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
