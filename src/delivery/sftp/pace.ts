/** How much is asked of a server at once: as much as fills the link, less after it has choked on that. */
import type { SshConnection } from './connection.js';

/** What is under way on one channel. OpenSSH's window for a channel is 2 MiB; the rest waits here, ready to go. */
const CHANNEL_BYTES = 4 << 20;
/** Servers that are not OpenSSH get no more requests at once than this. */
const MAX_REQUESTS = 64;
/** One channel moves its window of 2 MiB in a round trip: on a link of so many ms it is too slow, and others help. */
const MS_PER_CHANNEL = 3;
/** Requests at once after a server has choked once, twice, three times. */
const STEPS = [Infinity, 16, 4, 1] as const;

/** Remembered for each system, for the life of the process. */
export class Pace {
  #step = 0;

  /** Requests at once on one channel whose requests carry so many bytes. */
  requests(chunkBytes: number): number {
    const most = Math.min(MAX_REQUESTS, Math.ceil(CHANNEL_BYTES / chunkBytes));
    return Math.min(most, STEPS[this.#step] ?? 1);
  }

  /** Channels for a large transfer. */
  channels({ rttMs }: SshConnection): number {
    return this.#step === 0 ? 1 + Math.floor(rttMs / MS_PER_CHANNEL) : 1;
  }

  /** After a stall or a break in the middle of a transfer. */
  slowDown(): void {
    this.#step = Math.min(this.#step + 1, STEPS.length - 1);
  }

  /** After a whole transfer: whatever it was may be over. */
  speedUp(): void {
    this.#step = Math.max(this.#step - 1, 0);
  }
}
