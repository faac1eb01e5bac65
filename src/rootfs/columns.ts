/**
 * Numbers and texts of millions of entries, in a few bytes each where objects would take hundreds. They lie in pieces:
 * growing copies nothing, and a piece of numbers that are all zero takes no room.
 */

const PIECE_BITS = 12;
const PIECE_MASK = (1 << PIECE_BITS) - 1;

type Numbers = Uint8Array | Uint16Array | Uint32Array;

/** Numbers by their index; 0 where none was set. */
export class Column {
  readonly #kind: new (length: number) => Numbers;
  readonly #pieces: (Numbers | undefined)[] = [];

  /** `kind`: what a number is cut to. */
  constructor(kind: new (length: number) => Numbers) {
    this.#kind = kind;
  }

  get(index: number): number {
    return this.#pieces[index >>> PIECE_BITS]?.[index & PIECE_MASK] ?? 0;
  }

  set(index: number, value: number): void {
    let piece = this.#pieces[index >>> PIECE_BITS];
    if (piece === undefined) {
      if (value === 0) return;
      piece = new this.#kind(1 << PIECE_BITS);
      while (this.#pieces.length < index >>> PIECE_BITS) this.#pieces.push(undefined);
      this.#pieces[index >>> PIECE_BITS] = piece;
    }
    piece[index & PIECE_MASK] = value;
  }
}

/** Whole numbers that may need more than 32 bits, and mostly do not. */
export class WideColumn {
  readonly #low = new Column(Uint32Array);
  /** Takes no room as long as there are none. */
  readonly #high = new Column(Uint32Array);

  get(index: number): number {
    return this.#high.get(index) * 2 ** 32 + this.#low.get(index);
  }

  /** `value`: from 0 to 2^53-1. */
  set(index: number, value: number): void {
    this.#low.set(index, value);
    this.#high.set(index, Math.floor(value / 2 ** 32));
  }
}

const TEXT_BITS = 16;
const TEXT_MASK = (1 << TEXT_BITS) - 1;
/** Of the length in front of a text. */
const HEAD_BYTES = 2;
/** In place of a length: it follows in 32 bits. */
const LONG = 2 ** 16 - 1;

const NOTHING = Buffer.alloc(HEAD_BYTES);

/** Texts of bytes (one UTF-16 unit for each), one behind the other, by their positions. */
export class Texts {
  /** A text lies in one of them as a whole; a very long one has one for itself. */
  readonly #pieces: Buffer[] = [];
  /** Of the last piece: where the next text goes. */
  #end = 0;
  #bytes = 0;

  /** All that was added. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives its position, in 32 bits: they suffice for 4 GiB of texts. */
  add(text: string): number {
    const head = text.length < LONG ? HEAD_BYTES : HEAD_BYTES + 4;
    let piece = this.#pieces.at(-1);
    if (piece === undefined || this.#end + head + text.length > piece.length) {
      piece = Buffer.allocUnsafeSlow(Math.max(1 << TEXT_BITS, head + text.length));
      this.#pieces.push(piece);
      this.#end = 0;
    }
    const position = (this.#pieces.length - 1) * (1 << TEXT_BITS) + this.#end;
    piece.writeUInt16LE(Math.min(text.length, LONG), this.#end);
    if (head > HEAD_BYTES) piece.writeUInt32LE(text.length, this.#end + HEAD_BYTES);
    piece.write(text, this.#end + head, 'latin1');
    this.#end += head + text.length;
    this.#bytes += head + text.length;
    return position;
  }

  at(position: number): string {
    const piece = this.#pieceOf(position);
    const at = position & TEXT_MASK;
    const length = lengthAt(piece, at);
    if (length < LONG) return piece.toString('latin1', at + HEAD_BYTES, at + HEAD_BYTES + length);
    const start = at + HEAD_BYTES + 4;
    return piece.toString('latin1', start, start + piece.readUInt32LE(at + HEAD_BYTES));
  }

  /** Whether this is the text there. It must be short, as the names of a directory are. */
  is(position: number, text: string): boolean {
    const piece = this.#pieceOf(position);
    const at = position & TEXT_MASK;
    if (lengthAt(piece, at) !== text.length) return false;
    const start = at + HEAD_BYTES;
    for (let i = 0; i < text.length; i++) if (piece[start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** Below 0 when the bytes of the text at `a` come before those at `b`. Both must be short. */
  compare(a: number, b: number): number {
    const first = this.#pieceOf(a);
    const second = this.#pieceOf(b);
    const i = a & TEXT_MASK;
    const j = b & TEXT_MASK;
    const lengths = lengthAt(first, i) - lengthAt(second, j);
    const end = HEAD_BYTES + (lengths < 0 ? lengthAt(first, i) : lengthAt(second, j));
    for (let at = HEAD_BYTES; at < end; at++) {
      const difference = (first[i + at] ?? 0) - (second[j + at] ?? 0);
      if (difference !== 0) return difference;
    }
    return lengths;
  }

  #pieceOf(position: number): Buffer {
    return this.#pieces[position >>> TEXT_BITS] ?? NOTHING;
  }
}

function lengthAt(piece: Buffer, at: number): number {
  return (piece[at] ?? 0) | ((piece[at + 1] ?? 0) << 8);
}
