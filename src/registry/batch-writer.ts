/** Writes a stream of small pieces in large batches: while one batch is being written, the next one gathers. */
import type { FileHandle } from 'node:fs/promises';

/** What a batch has at least (bytes), but for the last one: each costs a change of threads, and pieces are small. */
const MIN_BYTES = 256 * 1024;
/** What may wait for the disk (bytes, pieces) before the sender has to wait too. */
const MAX_BYTES = 1024 * 1024;
const MAX_PIECES = 256;

export interface BatchWriter {
  /** Takes a piece; the promise is there to slow the sender down. @throws what the disk says, as soon as it is known. */
  push(piece: Buffer): Promise<void>;
  /** Waits until everything is written. @throws what the disk says. */
  flush(): Promise<void>;
}

/**
 * @param position where the first piece goes.
 * @param onWritten so many more bytes lie in the file.
 */
export function createBatchWriter(file: FileHandle, position: number, onWritten: (bytes: number) => void): BatchWriter {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let at = position;
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  const isEnough = (): boolean => pendingBytes >= MIN_BYTES || pending.length >= MAX_PIECES;

  function start(): void {
    const batch = pending;
    pending = [];
    pendingBytes = 0;
    writing = writeAll(batch)
      .catch((error: unknown) => {
        failure = { error };
      })
      .then(() => {
        writing = undefined;
        if (isEnough() && failure === undefined) start();
      });
  }

  async function writeAll(batch: readonly Buffer[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0) {
      const { bytesWritten } = await file.writev(rest, at);
      at += bytesWritten;
      onWritten(bytesWritten);
      rest = without(rest, bytesWritten);
    }
  }

  return {
    async push(piece) {
      pending.push(piece);
      pendingBytes += piece.length;
      if (writing === undefined && isEnough()) start();
      else if (pendingBytes >= MAX_BYTES || pending.length >= MAX_PIECES) await writing;
      if (failure !== undefined) throw failure.error;
    },
    async flush() {
      await writing;
      if (pending.length > 0 && failure === undefined) start();
      await writing;
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** The pieces without their first `bytes`. */
function without(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  let first = 0;
  for (let piece = pieces[first]; piece !== undefined && left >= piece.length; piece = pieces[first]) {
    left -= piece.length;
    first += 1;
  }
  const [head, ...tail] = pieces.slice(first);
  return head === undefined ? [] : [head.subarray(left), ...tail];
}
