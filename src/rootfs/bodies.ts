/** Cuts the wanted files out of a layer that streams by, and gives them as they go into the packer's tar. */
import { tarHeader, tarPadding, type TarAttributes } from './tar-writer.js';

const ZEROS = Buffer.alloc(1 << 20);

/** Where a body lies in its layer: Inode has the same. */
export interface Stored extends TarAttributes {
  readonly offset: number;
  readonly sparse: readonly number[] | undefined;
}

export interface WantedFile {
  /** As the packer is to have it. */
  readonly path: string;
  readonly inode: Stored;
}

/** Fed with the bytes of a layer in order. */
export class BodyCutter<Item> {
  readonly #wanted: readonly Item[];
  readonly #fileOf: (item: Item) => WantedFile;
  #next = 0;
  /** Position in the layer. */
  #position = 0;
  /** Of the current file: what has gone out. */
  #written = 0;
  #begun = false;
  /** File bytes that have gone out. */
  bytesDone = 0;

  /** `wanted` is in the order of the bodies; each is asked for when its turn comes. */
  constructor(wanted: readonly Item[], fileOf: (item: Item) => WantedFile) {
    this.#wanted = wanted;
    this.#fileOf = fileOf;
  }

  /** True when every wanted file is out. */
  get isDone(): boolean {
    return this.#next === this.#wanted.length;
  }

  /** What the next bytes of the layer hold of the wanted files: headers, bodies and padding. */
  *cut(chunk: Buffer): Generator<Buffer, void, undefined> {
    const end = this.#position + chunk.length;
    for (let item = this.#wanted[this.#next]; item !== undefined; item = this.#wanted[this.#next]) {
      const { path, inode } = this.#fileOf(item);
      if (inode.offset >= end && (this.#begun || storedBytes(inode) > 0)) break;
      if (!this.#begun) yield tarHeader(path, inode);
      this.#begun = true;
      if (inode.sparse === undefined) {
        const from = Math.max(inode.offset, this.#position);
        const to = Math.min(inode.offset + inode.size, end);
        if (to > from) yield this.#out(chunk.subarray(from - this.#position, to - this.#position));
      } else yield* this.#sparse(chunk, inode, inode.sparse, end);
      if (inode.offset + storedBytes(inode) > end) break;
      yield tarPadding(inode.size);
      this.#written = 0;
      this.#begun = false;
      this.#next++;
    }
    this.#position = end;
  }

  *#sparse(
    chunk: Buffer,
    inode: Stored,
    map: readonly number[],
    end: number,
  ): Generator<Buffer, void, undefined> {
    // Where the piece's bytes begin in the layer.
    let stored = inode.offset;
    for (let i = 0; i < map.length; i += 2) {
      const offset = map[i] ?? 0;
      const length = map[i + 1] ?? 0;
      const from = Math.max(stored, this.#position);
      const to = Math.min(stored + length, end);
      if (to > from) {
        yield* this.#zerosTo(offset);
        yield this.#out(chunk.subarray(from - this.#position, to - this.#position));
      }
      stored += length;
    }
    if (stored <= end) yield* this.#zerosTo(inode.size);
  }

  *#zerosTo(offset: number): Generator<Buffer, void, undefined> {
    while (this.#written < offset)
      yield this.#out(ZEROS.subarray(0, Math.min(ZEROS.length, offset - this.#written)));
  }

  #out(bytes: Buffer): Buffer {
    this.#written += bytes.length;
    this.bytesDone += bytes.length;
    return bytes;
  }
}

/** Bytes of the body as it lies in the layer. */
function storedBytes(inode: Stored): number {
  if (inode.sparse === undefined) return inode.size;
  let sum = 0;
  for (let i = 1; i < inode.sparse.length; i += 2) sum += inode.sparse[i] ?? 0;
  return sum;
}
