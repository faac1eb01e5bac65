/**
 * Some lines at the bottom of a terminal that are redrawn in place.
 *
 * The cursor rests below them and is never hidden: however the process ends, the terminal is as it should be.
 */
import type { Output } from '../io.js';

const ERASE_REST_OF_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

export class LiveRegion {
  readonly #output: Output;
  readonly #columns: () => number;
  #drawn: readonly string[] = [];

  constructor(output: Output, columns: () => number) {
    this.#output = output;
    this.#columns = columns;
  }

  /** Replaces the lines. They must not be wider than the terminal. */
  draw(lines: readonly string[]): void {
    // One write, so that no half-drawn frame is ever seen.
    this.#output.write(
      this.#toTop() + lines.map((line) => `${line}${ERASE_REST_OF_LINE}\n`).join('') + ERASE_BELOW,
    );
    this.#drawn = lines;
  }

  /** A line above the region that stays. */
  print(line: string): void {
    const lines = this.#drawn;
    this.#output.write(`${this.#toTop()}${line}${ERASE_REST_OF_LINE}\n`);
    this.#drawn = [];
    this.draw(lines);
  }

  #toTop(): string {
    const columns = Math.max(1, this.#columns());
    // Lines drawn on a wider terminal take several rows on one that has been made narrower.
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    return rows === 0 ? '\r' : `\r\x1b[${rows}A`;
  }
}
