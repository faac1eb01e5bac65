/** The standard input of a packer: many small pieces in few system calls, with back-pressure. */
import type { RunningChild } from '../lib/child.js';
import { GatewayError } from '../lib/errors.js';

/** Handed to the system in one call. */
const BATCH_BYTES = 256 << 10;
const BATCH_PIECES = 512;
/** May wait in memory for the packer. */
const WAITING_BYTES = 8 << 20;

export class PackerInput {
  readonly #child: RunningChild;
  /** Rejects when the packer has gone. */
  readonly #gone: Promise<never>;
  #batch: Buffer[] = [];
  #bytes = 0;

  constructor(child: RunningChild) {
    this.#child = child;
    this.#gone = child.done.then(() => {
      throw new GatewayError('CONVERSION_FAILED', 'The packer ended before it had read everything.');
    });
    this.#gone.catch(() => {});
  }

  /** Takes a piece; true when it is time to `flush`. The piece must not change any more. */
  push(piece: Buffer): boolean {
    if (piece.length > 0) this.#batch.push(piece);
    this.#bytes += piece.length;
    return this.#bytes >= BATCH_BYTES || this.#batch.length >= BATCH_PIECES;
  }

  async write(piece: Buffer): Promise<void> {
    if (this.push(piece)) await this.flush();
  }

  /** @throws GatewayError how the packer ended, when it has. */
  async flush(): Promise<void> {
    const { stdin } = this.#child;
    if (stdin === null || stdin.destroyed) return this.#gone;
    stdin.cork();
    for (const piece of this.#batch) stdin.write(piece);
    stdin.uncork();
    this.#batch = [];
    this.#bytes = 0;
    if (stdin.writableLength < WAITING_BYTES) return;
    let onDrain: () => void = () => {};
    const drained = new Promise<void>((resolve) => {
      onDrain = resolve;
    });
    stdin.once('drain', onDrain);
    try {
      await Promise.race([drained, this.#gone]);
    } finally {
      stdin.off('drain', onDrain);
    }
  }

  async end(): Promise<void> {
    await this.flush();
    this.#child.stdin?.end();
  }
}
