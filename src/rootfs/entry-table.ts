/**
 * What a layer holds, in columns: some 45 bytes for each entry, where an object would take ten times that. Layers of a
 * million entries are real.
 */
import { Column, Texts, WideColumn } from './columns.js';
import { NO_XATTRS, type EntryType, type TarEntry } from './tar-entry.js';

const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo'];

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
  readonly #types = new Column(Uint8Array);
  readonly #modes = new Column(Uint16Array);
  readonly #uids = new Column(Uint32Array);
  readonly #gids = new Column(Uint32Array);
  readonly #times = new Column(Uint32Array);
  readonly #sizes = new WideColumn();
  readonly #offsets = new WideColumn();
  /** A name is its folder and what follows; entries of one folder follow each other and share it. */
  readonly #folders = new Column(Uint32Array);
  readonly #names = new Column(Uint32Array);
  /** Position of a link's name, plus one. */
  readonly #links = new Column(Uint32Array);
  /** Number in the layer's segment, plus one. */
  readonly #files = new Column(Uint32Array);
  readonly #checksums = new Column(Uint32Array);
  readonly #texts = new Texts();
  readonly #rarities = new Map<number, Rarity>();
  readonly #whiteouts: number[] = [];
  #lastFolder = { text: '', position: this.#texts.add('') };

  get length(): number {
    return this.#length;
  }

  /** Of all names, as they are kept. */
  get nameBytes(): number {
    return this.#texts.bytes;
  }

  /** Entries with a component that begins with `.wh.`, in order. */
  get whiteouts(): readonly number[] {
    return this.#whiteouts;
  }

  /** `offset`: where the body begins in the uncompressed layer. Times and ids are brought into the range of squashfs. */
  add(entry: TarEntry, offset: number): void {
    const index = this.#length++;
    const { name, linkName, xattrs, sparse, deviceMajor, deviceMinor } = entry;
    this.#types.set(index, TYPES.indexOf(entry.type));
    // Linux knows no other mode of symbolic links.
    this.#modes.set(index, entry.type === 'symlink' ? 0o777 : entry.mode);
    this.#uids.set(index, uint32(entry.uid));
    this.#gids.set(index, uint32(entry.gid));
    this.#times.set(index, uint32(entry.mtime));
    this.#sizes.set(index, entry.size);
    this.#offsets.set(index, offset);
    // The `/` of a directory's name is at its end.
    const folderEnd = name.lastIndexOf('/', name.length - 2) + 1;
    this.#folders.set(index, this.#folder(name.slice(0, folderEnd)));
    this.#names.set(index, this.#texts.add(name.slice(folderEnd)));
    if (linkName !== '') this.#links.set(index, this.#texts.add(linkName) + 1);
    if (xattrs.size > 0 || sparse !== undefined || entry.type === 'char' || entry.type === 'block') {
      this.#rarities.set(index, { xattrs, sparse, deviceMajor, deviceMinor });
    }
    if (name.startsWith('.wh.') || name.includes('/.wh.')) this.#whiteouts.push(index);
  }

  /** What became of an entry's body: its crc32, and its number in the layer's segment when it is there. */
  setBody(index: number, checksum: number, file: number | undefined): void {
    this.#checksums.set(index, checksum);
    this.#files.set(index, file === undefined ? 0 : file + 1);
  }

  type(index: number): EntryType {
    return TYPES[this.#types.get(index)] ?? 'file';
  }
  mode(index: number): number {
    return this.#modes.get(index);
  }
  uid(index: number): number {
    return this.#uids.get(index);
  }
  gid(index: number): number {
    return this.#gids.get(index);
  }
  mtime(index: number): number {
    return this.#times.get(index);
  }
  size(index: number): number {
    return this.#sizes.get(index);
  }
  offset(index: number): number {
    return this.#offsets.get(index);
  }
  checksum(index: number): number {
    return this.#checksums.get(index);
  }
  file(index: number): number | undefined {
    const file = this.#files.get(index);
    return file === 0 ? undefined : file - 1;
  }
  /** As the layer has it, one UTF-16 unit for each byte. */
  name(index: number): string {
    return this.#texts.at(this.#folders.get(index)) + this.#texts.at(this.#names.get(index));
  }
  linkName(index: number): string {
    const link = this.#links.get(index);
    return link === 0 ? '' : this.#texts.at(link - 1);
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

  #folder(text: string): number {
    if (this.#lastFolder.text !== text) this.#lastFolder = { text, position: this.#texts.add(text) };
    return this.#lastFolder.position;
  }
}

function uint32(value: number): number {
  return Math.min(Math.max(Math.floor(value), 0), MAX_UINT32);
}
