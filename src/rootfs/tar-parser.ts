/**
 * A tar archive as it streams by: feed it chunks, it calls back for each entry and, where the caller wants them, for
 * the bytes of its body. Synchronous, so that a million entries cost no promises.
 */
import { bad, BLOCK, bodySize, isZeroBlock, parsePax, readEntry, show, typeFlag, type TarEntry } from './tar-entry.js';

export interface TarHandler {
  /** An entry begins; its body starts at `offset` of the archive. True when the body is wanted. */
  entry(entry: TarEntry, offset: number): boolean;
  /** Bytes of a wanted body, in order. The buffer is only lent. */
  body?(chunk: Buffer): void;
  /** The wanted body is complete (also when it is empty). */
  bodyEnd?(): void;
}

export interface TarParserLimits {
  readonly paxBytes: number;
  readonly longNameBytes: number;
}

/** What the bytes to come are. */
type Part = 'header' | 'pax' | 'globalPax' | 'longName' | 'longLink' | 'body' | 'padding' | 'trailer';

const META: Readonly<Record<string, Part>> = { x: 'pax', X: 'pax', g: 'globalPax', L: 'longName', K: 'longLink' };

export class TarParser {
  readonly #handler: TarHandler;
  readonly #limits: TarParserLimits;
  #part: Part = 'header';
  /** Bytes of this part still to come; for parts that are collected, `#held` has what came. */
  #left = BLOCK;
  #held: Buffer[] = [];
  #paddingAfter = 0;
  #wanted = false;
  #position = 0;
  #global = new Map<string, string>();
  #pax = new Map<string, string>();
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(handler: TarHandler, limits: TarParserLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** @throws GatewayError BAD_LAYER, and whatever the handler throws. */
  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(this.#left, chunk.length - at);
      const piece = chunk.subarray(at, at + take);
      at += take;
      this.#left -= take;
      this.#position += take;
      if (this.#part === 'body') {
        if (this.#wanted) this.#handler.body?.(piece);
      } else if (this.#part === 'trailer') {
        if (piece.some((byte) => byte !== 0)) throw bad('there is data behind the end of the archive');
        this.#left = BLOCK;
      } else if (this.#part !== 'padding') {
        // The common case, a whole header inside the chunk, is not copied.
        if (this.#left > 0 || this.#held.length > 0) this.#held.push(Buffer.from(piece));
        if (this.#left === 0) this.#collected(this.#held.length > 0 ? Buffer.concat(this.#held) : piece);
        continue;
      }
      if (this.#left === 0) this.#next();
    }
  }

  /** No more bytes will come. @throws GatewayError BAD_LAYER when the archive is cut. */
  end(): void {
    const between = this.#part === 'trailer' || (this.#part === 'header' && this.#left === BLOCK);
    if (!between) throw bad('the archive is cut in the middle of an entry');
  }

  #collected(block: Buffer): void {
    this.#held = [];
    switch (this.#part) {
      case 'header':
        return this.#header(block);
      case 'pax':
        for (const [keyword, value] of parsePax(block.subarray(0, block.length - this.#paddingAfter))) this.#pax.set(keyword, value);
        break;
      case 'globalPax':
        for (const [keyword, value] of parsePax(block.subarray(0, block.length - this.#paddingAfter))) this.#global.set(keyword, value);
        break;
      case 'longName':
        this.#longName = untilNul(block.subarray(0, block.length - this.#paddingAfter));
        break;
      default:
        this.#longLink = untilNul(block.subarray(0, block.length - this.#paddingAfter));
    }
    this.#begin('header', BLOCK);
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) return this.#begin('trailer', BLOCK);
    const flag = typeFlag(block);
    const meta = META[flag];
    if (meta !== undefined) {
      const size = bodySize(block, new Map());
      const limit = meta === 'pax' || meta === 'globalPax' ? this.#limits.paxBytes : this.#limits.longNameBytes;
      if (size > limit) throw bad(`a ${meta} header has ${String(size)} bytes, more than the limit of ${String(limit)}`);
      if (size === 0) return this.#begin('header', BLOCK);
      this.#paddingAfter = paddingOf(size);
      return this.#begin(meta, size + this.#paddingAfter);
    }
    const pax = this.#global.size === 0 ? this.#pax : new Map([...this.#global, ...this.#pax]);
    const entry = readEntry(block, flag, pax, this.#longName, this.#longLink);
    if (entry.name === '') throw bad('an entry has no name');
    if (entry.name.includes('\0') || entry.linkName.includes('\0')) throw bad(`${show(entry.name)} has a NUL in a name`);
    this.#pax = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    const size = bodySize(block, pax);
    this.#wanted = this.#handler.entry(entry, this.#position);
    this.#paddingAfter = paddingOf(size);
    this.#begin('body', size);
    if (size === 0) this.#next();
  }

  #next(): void {
    if (this.#part === 'body') {
      if (this.#wanted) this.#handler.bodyEnd?.();
      if (this.#paddingAfter > 0) return this.#begin('padding', this.#paddingAfter);
    }
    this.#begin(this.#part === 'trailer' ? 'trailer' : 'header', BLOCK);
  }

  #begin(part: Part, left: number): void {
    this.#part = part;
    this.#left = left;
  }
}

/** Bytes that fill the last block of a body. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
