/**
 * Sparse files, in the four ways in which GNU tar writes them: its old type `S`, and pax 0.0, 0.1 and 1.0. The archive
 * holds only the data; a map says where it belongs, and the rest are zeros.
 */
import { bad, decimal, number, type PaxRecords } from './tar-entry.js';

/** Where the stored bytes belong, in order: offset and length of each piece in turn. */
export type SparseMap = readonly number[];

/** Type flag of the old GNU form. */
export const GNU_SPARSE = 'S';

const OLD_PIECES = 4;
const EXTENSION_PIECES = 21;

/** The file's real size, from an old GNU header or from pax. */
export function sparseSize(block: Buffer, flag: string, pax: PaxRecords): number {
  if (flag === GNU_SPARSE) return number(block, 483, 12);
  const size = pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size');
  if (size === undefined) throw bad('it is a sparse file that does not say its size');
  return decimal(size, 'GNU.sparse.size');
}

export function isSparse(flag: string, pax: PaxRecords): boolean {
  return (
    flag === GNU_SPARSE ||
    pax.has('GNU.sparse.major') ||
    pax.has('GNU.sparse.size') ||
    pax.has('GNU.sparse.map')
  );
}

/** True when the map stands in front of the data (pax 1.0). */
export function hasMapInBody(pax: PaxRecords): boolean {
  return pax.get('GNU.sparse.major') === '1' && pax.get('GNU.sparse.minor') === '0';
}

/** The pieces in an old GNU header, and whether another block of them follows. */
export function oldPieces(block: Buffer): { readonly pieces: number[]; readonly hasMore: boolean } {
  return { pieces: piecesAt(block, 386, OLD_PIECES), hasMore: block[482] !== 0 };
}

/** The same of a block that follows. */
export function extensionPieces(block: Buffer): { readonly pieces: number[]; readonly hasMore: boolean } {
  return { pieces: piecesAt(block, 0, EXTENSION_PIECES), hasMore: block[504] !== 0 };
}

function piecesAt(block: Buffer, start: number, count: number): number[] {
  const pieces: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * 24;
    if (block[at] === 0) break;
    pieces.push(number(block, at, 12), number(block, at + 12, 12));
  }
  return pieces;
}

/** The map of pax 0.0 (collected under the same keyword) and 0.1: `offset,length,...`. */
export function paxPieces(pax: PaxRecords): number[] {
  const map = pax.get('GNU.sparse.map');
  return map === undefined ? [] : map.split(',').map((text) => decimal(text, 'GNU.sparse.map'));
}

/** The map of pax 1.0: lines of a decimal each, the first their number, filled up to a block. Fed block by block. */
export class BodyMap {
  readonly #blocks: Buffer[] = [];
  #lines = 0;
  #wanted: number | undefined;

  /** The pieces, as soon as the map is complete. */
  add(block: Buffer): number[] | undefined {
    this.#blocks.push(block);
    for (const byte of block) if (byte === 0x0a) this.#lines++;
    if (this.#lines === 0) return undefined;
    this.#wanted ??=
      2 * decimal(Buffer.concat(this.#blocks).toString('latin1').split('\n', 1)[0] ?? '', 'GNU.sparse.map');
    if (this.#lines < 1 + this.#wanted) return undefined;
    const lines = Buffer.concat(this.#blocks).toString('latin1').split('\n');
    return lines.slice(1, 1 + this.#wanted).map((text) => decimal(text, 'GNU.sparse.map'));
  }
}

/** @throws GatewayError BAD_LAYER unless the pieces are in order, lie inside the file and make up what is stored. */
export function checkedMap(pieces: readonly number[], size: number, stored: number): SparseMap {
  let end = 0;
  let sum = 0;
  for (let i = 0; i < pieces.length; i += 2) {
    const offset = pieces[i] ?? NaN;
    const length = pieces[i + 1] ?? NaN;
    if (!(offset >= end && length >= 0 && offset + length <= size))
      throw bad('it is a sparse file with an impossible map');
    end = offset + length;
    sum += length;
  }
  if (sum !== stored) throw bad('it is a sparse file whose map is not of the data that is stored');
  return pieces;
}
