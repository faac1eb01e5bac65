/**
 * What a layer holds, in columns: some 40 bytes and its names for each entry, where an object would take ten times that.
 * Layers of a million entries are real.
 */
import { NO_XATTRS, type EntryType, type TarEntry } from './tar-entry.js';

const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo'];

const FIRST_CAPACITY = 16;
/** squashfs holds times and ids in 32 bits without a sign. */
const MAX_UINT32 = 2 ** 32 - 1;

/** What few entries have. */
interface Rarity {
  readonly xattrs: ReadonlyMap<string, string>;
  readonly sparse: readonly number[] | undefined;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

export class EntryTable {
  #length = 0;
  #types = new Uint8Array(FIRST_CAPACITY);
  #modes = new Uint16Array(FIRST_CAPACITY);
  #uids = new Uint32Array(FIRST_CAPACITY);
  #gids = new Uint32Array(FIRST_CAPACITY);
  #times = new Uint32Array(FIRST_CAPACITY);
  #sizes = new Float64Array(FIRST_CAPACITY);
  #offsets = new Float64Array(FIRST_CAPACITY);
  /** Where in the text an entry's name and its link's name end; the next one begins there. */
  #nameEnds = new Uint32Array(FIRST_CAPACITY);
  #linkEnds = new Uint32Array(FIRST_CAPACITY);
  /** Number in the layer's segment, plus one. */
  #files = new Uint32Array(FIRST_CAPACITY);
  #checksums = new Uint32Array(FIRST_CAPACITY);
  #text = Buffer.alloc(FIRST_CAPACITY * 32);
  readonly #rarities = new Map<number, Rarity>();
  readonly #whiteouts: number[] = [];

  get length(): number {
    return this.#length;
  }

  /** Entries with a component that begins with `.wh.`, in order. */
  get whiteouts(): readonly number[] {
    return this.#whiteouts;
  }

  /** `offset`: where the body begins in the uncompressed layer. Times and ids are brought into the range of squashfs. */
  add(entry: TarEntry, offset: number): void {
    const index = this.#length++;
    const textStart = this.#textStart(index);
    const nameEnd = textStart + entry.name.length;
    const linkEnd = nameEnd + entry.linkName.length;
    this.#makeRoom(index, linkEnd);
    this.#types[index] = TYPES.indexOf(entry.type);
    this.#modes[index] = entry.mode;
    this.#uids[index] = uint32(entry.uid);
    this.#gids[index] = uint32(entry.gid);
    this.#times[index] = uint32(entry.mtime);
    this.#sizes[index] = entry.size;
    this.#offsets[index] = offset;
    this.#text.write(entry.name, textStart, 'latin1');
    this.#text.write(entry.linkName, nameEnd, 'latin1');
    this.#nameEnds[index] = nameEnd;
    this.#linkEnds[index] = linkEnd;
    const { xattrs, sparse, deviceMajor, deviceMinor } = entry;
    if (xattrs.size > 0 || sparse !== undefined || entry.type === 'char' || entry.type === 'block') {
      this.#rarities.set(index, { xattrs, sparse, deviceMajor, deviceMinor });
    }
    if (entry.name.startsWith('.wh.') || entry.name.includes('/.wh.')) this.#whiteouts.push(index);
  }

  /** What became of an entry's body: its crc32, and its number in the layer's segment when it is there. */
  setBody(index: number, checksum: number, file: number | undefined): void {
    this.#checksums[index] = checksum;
    this.#files[index] = file === undefined ? 0 : file + 1;
  }

  type(index: number): EntryType {
    return TYPES[this.#types[index] ?? 0] ?? 'file';
  }
  mode(index: number): number {
    return this.#modes[index] ?? 0;
  }
  uid(index: number): number {
    return this.#uids[index] ?? 0;
  }
  gid(index: number): number {
    return this.#gids[index] ?? 0;
  }
  mtime(index: number): number {
    return this.#times[index] ?? 0;
  }
  size(index: number): number {
    return this.#sizes[index] ?? 0;
  }
  offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }
  checksum(index: number): number {
    return this.#checksums[index] ?? 0;
  }
  file(index: number): number | undefined {
    const file = this.#files[index] ?? 0;
    return file === 0 ? undefined : file - 1;
  }
  /** As the layer has it, one UTF-16 unit for each byte. */
  name(index: number): string {
    return this.#text.toString('latin1', this.#textStart(index), this.#nameEnds[index]);
  }
  linkName(index: number): string {
    return this.#text.toString('latin1', this.#nameEnds[index], this.#linkEnds[index]);
  }
  xattrs(index: number): ReadonlyMap<string, string> {
    return this.#rarities.get(index)?.xattrs ?? NO_XATTRS;
  }
  sparse(index: number): readonly number[] | undefined {
    return this.#rarities.get(index)?.sparse;
  }
  deviceMajor(index: number): number {
    return this.#rarities.get(index)?.deviceMajor ?? 0;
  }
  deviceMinor(index: number): number {
    return this.#rarities.get(index)?.deviceMinor ?? 0;
  }

  #textStart(index: number): number {
    return index === 0 ? 0 : (this.#linkEnds[index - 1] ?? 0);
  }

  #makeRoom(index: number, textEnd: number): void {
    if (textEnd > this.#text.length) {
      const text = Buffer.allocUnsafe(Math.max(this.#text.length * 2, textEnd));
      this.#text.copy(text);
      this.#text = text;
    }
    if (index < this.#types.length) return;
    this.#types = grown(this.#types, new Uint8Array(index * 2));
    this.#modes = grown(this.#modes, new Uint16Array(index * 2));
    this.#uids = grown(this.#uids, new Uint32Array(index * 2));
    this.#gids = grown(this.#gids, new Uint32Array(index * 2));
    this.#times = grown(this.#times, new Uint32Array(index * 2));
    this.#sizes = grown(this.#sizes, new Float64Array(index * 2));
    this.#offsets = grown(this.#offsets, new Float64Array(index * 2));
    this.#files = grown(this.#files, new Uint32Array(index * 2));
    this.#checksums = grown(this.#checksums, new Uint32Array(index * 2));
    this.#nameEnds = grown(this.#nameEnds, new Uint32Array(index * 2));
    this.#linkEnds = grown(this.#linkEnds, new Uint32Array(index * 2));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

function uint32(value: number): number {
  return Math.min(Math.max(Math.floor(value), 0), MAX_UINT32);
}
