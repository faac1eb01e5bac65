/**
 * A tar archive as it streams by: feed it chunks, it calls back for each entry and, where the caller wants them, for
 * the bytes of its body. Synchronous, so that a million entries cost no promises.
 */
import { GatewayError } from '../lib/errors.js';
import { siteLimit } from './settings.js';
import {
  BodyMap,
  checkedMap,
  extensionPieces,
  GNU_SPARSE,
  hasMapInBody,
  isSparse,
  oldPieces,
  paxPieces,
  sparseSize,
} from './sparse.js';
import {
  bad,
  BLOCK,
  bodySize,
  entryName,
  isZeroBlock,
  parsePax,
  readEntry,
  recordsFor,
  show,
  typeFlag,
  type PaxRecords,
  type TarEntry,
} from './tar-entry.js';

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
type Part =
  'header' | 'pax' | 'globalPax' | 'longName' | 'longLink' | 'sparse' | 'body' | 'padding' | 'trailer';

const META: Readonly<Record<string, Part>> = {
  x: 'pax',
  X: 'pax',
  g: 'globalPax',
  L: 'longName',
  K: 'longLink',
};

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
  /** A sparse file whose map is still coming. */
  #pending:
    { readonly entry: TarEntry; stored: number; pieces: number[]; inBody: BodyMap | undefined } | undefined;
  #sparseBytes = 0;
  /** The entry that is being read, or was read last. */
  #name: string | undefined;
  #isInEntry = false;

  constructor(handler: TarHandler, limits: TarParserLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** @throws GatewayError BAD_LAYER naming the entry, also one of the handler; and whatever else that throws. */
  write(chunk: Buffer): void {
    try {
      this.#write(chunk);
    } catch (error) {
      throw this.atEntry(error);
    }
  }

  /** An error about the layer, with the place where the archive was read last. */
  atEntry(error: unknown): unknown {
    if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER') return error;
    const place =
      this.#name === undefined
        ? 'at its beginning'
        : `${this.#isInEntry ? 'the entry' : 'behind the entry'} ${show(this.#name)}`;
    return new GatewayError('BAD_LAYER', `${place}: ${error.message}`, { cause: error });
  }

  #write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
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

  /**
   * The same for bytes that were left out: those of a body that is not wanted, of padding, or zeros behind the end.
   *
   * @throws GatewayError BAD_LAYER unless they make up such a part (padding may be cut at the end of the archive):
   *   whoever left them out has then read the headers in another way.
   */
  skip(bytes: number): void {
    if (bytes === 0) return;
    const isPart =
      this.#part === 'trailer' ||
      (this.#part === 'body' && !this.#wanted && bytes === this.#left) ||
      (this.#part === 'padding' && bytes <= this.#left);
    if (!isPart) throw this.atEntry(bad('it has a size that can be read in two ways'));
    this.#position += bytes;
    if (this.#part === 'trailer') return;
    this.#left -= bytes;
    if (this.#left === 0) this.#next();
  }

  /** No more bytes will come. @throws GatewayError BAD_LAYER when the archive is cut. */
  end(): void {
    // `umoci insert` writes neither the padding of the last body nor the final zero blocks; nothing of an entry is
    // missing then, and the diffID proves that the archive is what was made.
    const between =
      this.#part === 'trailer' ||
      this.#part === 'padding' ||
      (this.#part === 'header' && this.#left === BLOCK);
    if (!between) throw this.atEntry(bad('the archive is cut in the middle of an entry'));
  }

  #collected(block: Buffer): void {
    this.#held = [];
    switch (this.#part) {
      case 'header':
        return this.#header(block);
      case 'pax':
        for (const [keyword, value] of parsePax(block.subarray(0, block.length - this.#paddingAfter)))
          this.#pax.set(keyword, value);
        break;
      case 'globalPax':
        for (const [keyword, value] of parsePax(block.subarray(0, block.length - this.#paddingAfter)))
          this.#global.set(keyword, value);
        break;
      case 'sparse':
        return this.#sparsePart(block);
      case 'longName':
        this.#longName = untilNul(block.subarray(0, block.length - this.#paddingAfter));
        break;
      default:
        this.#longLink = untilNul(block.subarray(0, block.length - this.#paddingAfter));
    }
    this.#begin('header', BLOCK);
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (this.#pax.size > 0 || this.#longName !== undefined || this.#longLink !== undefined)
        throw bad('the archive ends with a header without its entry');
      return this.#begin('trailer', BLOCK);
    }
    const flag = typeFlag(block);
    const meta = META[flag];
    if (meta !== undefined) {
      const size = bodySize(block, flag, new Map());
      const isPax = meta === 'pax' || meta === 'globalPax';
      const limit = isPax ? this.#limits.paxBytes : this.#limits.longNameBytes;
      if (size > limit)
        throw bad(
          `a ${meta} header has ${String(size)} bytes, more than ${String(limit)}, ${siteLimit(isPax ? 'paxSize' : 'longNameSize')}`,
        );
      if (size === 0) return this.#begin('header', BLOCK);
      this.#paddingAfter = paddingOf(size);
      return this.#begin(meta, size + this.#paddingAfter);
    }
    const pax = recordsFor(this.#global, this.#pax);
    const name = entryName(block, pax, this.#longName);
    if (name === '') throw bad('an entry has no name');
    this.#name = name;
    this.#isInEntry = true;
    const entry = readEntry(name, block, flag, pax, this.#longLink);
    if (name.includes('\0') || entry.linkName.includes('\0')) throw bad('it has a NUL in a name');
    this.#pax = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    const stored = bodySize(block, flag, pax);
    if (entry.type === 'file' && isSparse(flag, pax)) return this.#sparse(block, flag, pax, entry, stored);
    this.#emit(entry, stored);
  }

  /** Collects the map of a sparse file: from the header, the blocks behind it, or the begin of its body. */
  #sparse(block: Buffer, flag: string, pax: PaxRecords, entry: TarEntry, stored: number): void {
    const size = sparseSize(block, flag, pax);
    const { pieces, hasMore } =
      flag === GNU_SPARSE ? oldPieces(block) : { pieces: paxPieces(pax), hasMore: hasMapInBody(pax) };
    this.#pending = {
      entry: { ...entry, size },
      stored,
      pieces,
      inBody: flag === GNU_SPARSE ? undefined : new BodyMap(),
    };
    if (hasMore) this.#begin('sparse', BLOCK);
    else this.#emitSparse();
  }

  #sparsePart(block: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#sparseBytes += BLOCK;
    if (this.#sparseBytes > this.#limits.paxBytes)
      throw bad(
        `it is a sparse file with a map of more than ${String(this.#limits.paxBytes)} bytes, ${siteLimit('paxSize')}`,
      );
    if (pending.inBody === undefined) {
      const { pieces, hasMore } = extensionPieces(block);
      for (const number of pieces) pending.pieces.push(number);
      return hasMore ? this.#begin('sparse', BLOCK) : this.#emitSparse();
    }
    pending.stored -= BLOCK;
    if (pending.stored < 0) throw bad('it is a sparse file with an impossible map');
    const pieces = pending.inBody.add(Buffer.from(block));
    if (pieces === undefined) return this.#begin('sparse', BLOCK);
    pending.pieces = pieces;
    this.#emitSparse();
  }

  #emitSparse(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { entry, pieces, stored } = pending;
    this.#pending = undefined;
    this.#sparseBytes = 0;
    this.#emit({ ...entry, sparse: checkedMap(pieces, entry.size, stored) }, stored);
  }

  #emit(entry: TarEntry, stored: number): void {
    this.#wanted = this.#handler.entry(entry, this.#position);
    this.#paddingAfter = paddingOf(stored);
    this.#begin('body', stored);
    if (stored === 0) this.#next();
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
    if (part === 'header' || part === 'trailer') this.#isInEntry = false;
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
