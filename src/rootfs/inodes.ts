/**
 * The objects of a merged image: what the tables of the layers say of them, and what the policy makes of that. They lie
 * in columns; an `Inode` is only a view of one, made when it is looked at.
 */
import { Column } from './columns.js';
import { EntryTable } from './entry-table.js';
import { NO_XATTRS, type EntryType } from './tar-entry.js';

export type InodeType = Exclude<EntryType, 'hardlink'>;

/** A directory that no layer describes: the root, a missing parent. Its time is fixed, so that products repeat. */
const UNDESCRIBED = tableOfOneDirectory();

/** All objects of one image. They are never given up: the limit of entries bounds them. */
export class Inodes {
  readonly #columns = new Columns();
  #count = 0;

  /** The layer's entries can be objects from now on; `layer` is its index in the image. */
  addLayer(layer: number, table: EntryTable): void {
    this.#columns.tables[layer + 1] = table;
  }

  /** A new object: that of an entry of the layer, or of a directory that is not described. Gives its number. */
  add(layer?: number, entry = 0): number {
    const { tables, sources, entries, modes, uids, gids } = this.#columns;
    const id = this.#count++;
    const source = layer === undefined ? 0 : layer + 1;
    const table = tables[source] ?? UNDESCRIBED;
    sources.set(id, source);
    entries.set(id, entry);
    modes.set(id, table.mode(entry));
    uids.set(id, table.uid(entry));
    gids.set(id, table.gid(entry));
    return id;
  }

  at(id: number): Inode {
    return new Inode(this.#columns, id);
  }
}

class Columns {
  /** Of the layers, behind that of what is undescribed. */
  readonly tables: EntryTable[] = [UNDESCRIBED];
  /** Where an object is described: number of the table, and index there. */
  readonly sources = new Column(Uint16Array);
  readonly entries = new Column(Uint32Array);
  readonly modes = new Column(Uint16Array);
  readonly uids = new Column(Uint32Array);
  readonly gids = new Column(Uint32Array);
  /** Of those that do not have what the layer says. */
  readonly xattrs = new Map<number, ReadonlyMap<string, string>>();
  /** Paths that lead to it, or led, beside the first. */
  readonly furtherPaths = new Column(Uint32Array);
  readonly numbers = new Column(Uint32Array);
}

/** An object of the image. */
export class Inode {
  readonly #columns: Columns;
  /** Tells it from all others of its image. */
  readonly id: number;
  readonly #table: EntryTable;
  readonly #entry: number;

  constructor(columns: Columns, id: number) {
    this.#columns = columns;
    this.id = id;
    this.#table = columns.tables[columns.sources.get(id)] ?? UNDESCRIBED;
    this.#entry = columns.entries.get(id);
  }

  get type(): InodeType {
    const type = this.#table.type(this.#entry);
    // A hard link is a path, never an object.
    return type === 'hardlink' ? 'file' : type;
  }
  get mode(): number {
    return this.#columns.modes.get(this.id);
  }
  set mode(mode: number) {
    this.#columns.modes.set(this.id, mode);
  }
  get uid(): number {
    return this.#columns.uids.get(this.id);
  }
  get gid(): number {
    return this.#columns.gids.get(this.id);
  }
  setOwner(uid: number, gid: number): void {
    this.#columns.uids.set(this.id, uid);
    this.#columns.gids.set(this.id, gid);
  }
  get xattrs(): ReadonlyMap<string, string> {
    return this.#columns.xattrs.get(this.id) ?? this.#table.xattrs(this.#entry);
  }
  set xattrs(xattrs: ReadonlyMap<string, string>) {
    this.#columns.xattrs.set(this.id, xattrs);
  }
  /** Paths that lead to it, or led. */
  get links(): number {
    return 1 + this.#columns.furtherPaths.get(this.id);
  }
  addLink(): void {
    this.#columns.furtherPaths.set(this.id, this.links);
  }
  /** Its number in the product that was planned last. */
  get number(): number {
    return this.#columns.numbers.get(this.id);
  }
  set number(number: number) {
    this.#columns.numbers.set(this.id, number);
  }
  /** Index of the layer that it is from; -1 when none describes it. */
  get layer(): number {
    return this.#columns.sources.get(this.id) - 1;
  }
  /** Whole seconds since 1970, 0 to 2^32-1. */
  get mtime(): number {
    return this.#table.mtime(this.#entry);
  }
  get size(): number {
    return this.#table.size(this.#entry);
  }
  get linkTarget(): string {
    return this.type === 'symlink' ? this.#table.linkName(this.#entry) : '';
  }
  get deviceMajor(): number {
    return this.#table.deviceMajor(this.#entry);
  }
  get deviceMinor(): number {
    return this.#table.deviceMinor(this.#entry);
  }
  /** crc32 of the whole file. */
  get checksum(): number {
    return this.#table.checksum(this.#entry);
  }
  /** Number of its body in the segment of its layer. */
  get segmentFile(): number | undefined {
    return this.#table.file(this.#entry);
  }
  /** Where its body lies in its layer. */
  get offset(): number {
    return this.#table.offset(this.#entry);
  }
  /** Set for sparse files: which pieces of it are stored (SparseMap). */
  get sparse(): readonly number[] | undefined {
    return this.#table.sparse(this.#entry);
  }
}

function tableOfOneDirectory(): EntryTable {
  const table = new EntryTable();
  const nothing = { uid: 0, gid: 0, mtime: 0, size: 0, linkName: '', deviceMajor: 0, deviceMinor: 0, xattrs: NO_XATTRS };
  table.add({ name: '', type: 'directory', mode: 0o755, ...nothing }, 0);
  return table;
}
