/**
 * Memory that sockets receive into, used again and again. Node takes new memory for each reading, and finding out when it
 * is free costs V8 more than a fast stream costs otherwise.
 *
 * Only the memory of layers comes back. What else has been received, and what shares its memory with the framing of HTTP,
 * is left to the collector, so that nobody has to give anything back for things to be right.
 */
import type { OnReadOpts, Socket } from 'node:net';

/** What a reading brings at most (bytes); as Node has it. */
const PIECE_BYTES = 64 * 1024;
/** So many pieces are kept for later. */
const MAX_FREE = 128;

export interface ReceiveMemory {
  /** For the options of a socket; `receiver` is that socket, once it is connected. */
  onread(receiver: () => Socket | undefined): OnReadOpts;
  /** True when nothing else lies in the memory of this piece, so that it may be handed on together with it. */
  isAlone(piece: Uint8Array): boolean;
  /** Takes memory that nobody looks at any more. */
  giveBack(memory: ArrayBufferLike): void;
}

export function createReceiveMemory(): ReceiveMemory {
  const free: ArrayBufferLike[] = [];
  /** How much was received into it. */
  const received = new WeakMap<ArrayBufferLike, number>();
  const take = (): Uint8Array => Buffer.from(free.pop() ?? new ArrayBuffer(PIECE_BYTES));

  return {
    onread: (receiver) => ({
      buffer: take,
      callback(length, into) {
        received.set(into.buffer, length);
        return receiver()?.push(into.subarray(0, length)) ?? false;
      },
    }),
    isAlone: (piece) => piece.byteOffset === 0 && received.get(piece.buffer) === piece.length,
    giveBack(memory) {
      if (memory.byteLength === PIECE_BYTES && free.length < MAX_FREE) free.push(memory);
    },
  };
}
