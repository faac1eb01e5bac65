/**
 * Memory that sockets receive into, used again and again, and shared with the threads that write and hash. Node takes new
 * memory for each reading, and finding out when that is free, or handing it to a thread, costs V8 more than a fast
 * stream costs otherwise.
 *
 * A socket fills a block one reading behind the other. The block is used again when all that was received into it has been
 * given back. Only layers are: a block that holds anything else, be it the framing of HTTP, is left to the
 * collector, so that nobody has to give anything back for things to be right.
 */
import type { OnReadOpts, Socket } from 'node:net';

const BLOCK_BYTES = 512 * 1024;
/** A reading finds room for at least so much (bytes). */
const LEAST_BYTES = 64 * 1024;
/** V8 copies shared memory byte by byte, seven times slower, unless it begins at a multiple of its word. */
const ALIGNMENT = 64;
/** So many blocks are kept for later. */
const MAX_FREE = 32;

export interface ReceiveMemory {
  /** For the options of one socket; `receiver` is that socket, once it is connected. */
  onread(receiver: () => Socket | undefined): OnReadOpts;
  /** Takes a piece that nobody looks at any more, wherever it was received. */
  giveBack(piece: Uint8Array): void;
}

interface Block {
  readonly memory: SharedArrayBuffer;
  /** Where the next reading goes. */
  next: number;
  /** Bytes that came, and those of them that were given back. */
  received: number;
  returned: number;
  /** Nothing more will be received into it. */
  isFull: boolean;
}

export function createReceiveMemory(): ReceiveMemory {
  const free: Block[] = [];
  const blocks = new WeakMap<ArrayBufferLike, Block>();

  function take(): Block {
    const used = free.pop();
    if (used !== undefined) return Object.assign(used, { next: 0, received: 0, returned: 0, isFull: false });
    const block = { memory: new SharedArrayBuffer(BLOCK_BYTES), next: 0, received: 0, returned: 0, isFull: false };
    blocks.set(block.memory, block);
    return block;
  }

  function reuse(block: Block): void {
    if (!block.isFull || block.returned !== block.received) return;
    block.isFull = false;
    if (free.length < MAX_FREE) free.push(block);
  }

  return {
    onread(receiver) {
      let block: Block | undefined;
      return {
        buffer() {
          if (block !== undefined && block.next > BLOCK_BYTES - LEAST_BYTES) {
            block.isFull = true;
            reuse(block);
            block = undefined;
          }
          block ??= take();
          return Buffer.from(block.memory, block.next);
        },
        callback(length, into) {
          if (block !== undefined) {
            block.received += length;
            block.next = Math.ceil((block.next + length) / ALIGNMENT) * ALIGNMENT;
          }
          return receiver()?.push(into.subarray(0, length)) ?? false;
        },
      };
    },
    giveBack(piece) {
      const block = blocks.get(piece.buffer);
      if (block === undefined) return;
      block.returned += piece.length;
      reuse(block);
    },
  };
}
