/** Writes a stream of small pieces in large batches: while one batch is being written, the next one gathers. */
import type { HashedFile } from '../lib/file-hash.js';
import type { ReceiveMemory } from './receive-memory.js';

/** What a batch has at least (bytes), but for the last one: each costs a change of threads, and pieces are small. */
const MIN_BYTES = 512 * 1024;
/** What may wait for the disk (bytes, pieces) before the sender has to wait too. */
const MAX_BYTES = 1024 * 1024;
const MAX_PIECES = 256;

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
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  const isEnough = (): boolean => pendingBytes >= MIN_BYTES || pending.length >= MAX_PIECES;

  function start(): void {
    writing = writeBatch()
      .catch((error: unknown) => {
        failure = { error };
        options.onFailure(error);
      })
      .then(() => {
        writing = undefined;
        if (failure !== undefined) return;
        if (isEnough()) start();
        if (isFull) options.onRoom();
        isFull = false;
      });
  }

  async function writeBatch(): Promise<void> {
    const batch = pending;
    const bytes = pendingBytes;
    pending = [];
    pendingBytes = 0;
    await file.write(batch, at);
    for (const piece of batch) memory?.giveBack(piece);
    at += bytes;
    options.onWritten(bytes);
  }

  return {
    push(piece) {
      const joined = joinedWith(pending.at(-1), piece);
      if (joined === undefined) pending.push(piece);
      else pending[pending.length - 1] = joined;
      pendingBytes += piece.length;
      if (writing === undefined && isEnough() && failure === undefined) start();
      isFull = pendingBytes >= MAX_BYTES || pending.length >= MAX_PIECES;
      return !isFull;
    },
    async flush() {
      while (writing !== undefined || (pending.length > 0 && failure === undefined)) {
        if (writing === undefined) start();
        await writing;
      }
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Both as one when the second lies behind the first in the same memory, as what a socket has received does. */
function joinedWith(first: Uint8Array | undefined, second: Uint8Array): Uint8Array | undefined {
  if (first?.buffer !== second.buffer || first.byteOffset + first.length !== second.byteOffset) return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
