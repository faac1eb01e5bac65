/** What flattening left out or changed, counted by rule, so that the image's record can say so. */
import { show } from './tar-entry.js';

/** How many paths a sentence names. */
const EXAMPLES = 3;

export class Tally {
  readonly #paths = new Map<string, { count: number; readonly first: string[] }>();

  note(rule: string, path: () => string): void {
    const known = this.#paths.get(rule) ?? { count: 0, first: [] };
    known.count++;
    if (known.first.length < EXAMPLES) known.first.push(show(path()));
    this.#paths.set(rule, known);
  }

  /** One for each rule that did something. */
  sentences(): string[] {
    return [...this.#paths].map(
      ([rule, { count, first }]) =>
        `${rule}: ${String(count)} (${first.join(', ')}${count > first.length ? ', ...' : ''})`,
    );
  }
}
