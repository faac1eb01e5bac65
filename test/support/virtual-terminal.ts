/**
 * What a terminal shows: just enough of one to run what the progress writes. Refuses every sequence that it does not know.
 */
export class VirtualTerminal {
  readonly #columns: number;
  readonly #rows: number;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** True once a character did not fit into its line. */
  hasWrapped = false;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\x1b\[(\d*)([A-Za-z])|[\s\S]/gu)) this.#take(token);
  }

  /** The lines that are seen, without blanks at their ends. */
  get screen(): string[] {
    const lines = this.#lines.map((line) => line.join('').trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #take(token: string): void {
    if (token.length > 1) this.#control(Number(token.slice(2, -1) || '1'), token.slice(-1));
    else if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#newLine();
    else if (token < ' ' || token === '\x7f')
      throw new Error(`Unexpected control character ${JSON.stringify(token)}.`);
    else this.#put(token);
  }

  #control(count: number, letter: string): void {
    if (letter === 'A') this.#row = Math.max(0, this.#row - count);
    else if (letter === 'K') this.#lines[this.#row]!.length = this.#column;
    else if (letter === 'J') {
      this.#lines[this.#row]!.length = this.#column;
      this.#lines.length = this.#row + 1;
    } else throw new Error(`Unexpected control sequence ending in ${letter}.`);
  }

  #newLine(): void {
    this.#column = 0;
    this.#row += 1;
    this.#lines[this.#row] ??= [];
    if (this.#row < this.#rows) return;
    // The top line scrolls away, and the cursor can't get back to it.
    this.#lines.shift();
    this.#row -= 1;
  }

  #put(character: string): void {
    if (this.#column >= this.#columns) {
      this.hasWrapped = true;
      this.#newLine();
    }
    const line = this.#lines[this.#row]!;
    while (line.length < this.#column) line.push(' ');
    line[this.#column] = character;
    this.#column += 1;
  }
}
