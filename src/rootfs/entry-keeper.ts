import { EntryTable } from './entry-table.js';
import { tooManyBytes } from './layer.js';
import { siteLimit, type RootfsLimits } from './settings.js';
import { bad, type TarEntry } from './tar-entry.js';
import { TarParser } from './tar-parser.js';

/** Notes the entries of an archive, as long as they keep within the limits. */
export class EntryKeeper {
  readonly entries = new EntryTable();
  /** To be fed with the archive. */
  readonly parser: TarParser;
  readonly #limits: RootfsLimits;
  /** Of attributes and of maps of sparse files. */
  #rareBytes = 0;
  /** Of sparse files, as they will be. */
  holes = 0;

  /** @param onEntry told of each entry that is kept. */
  constructor(limits: RootfsLimits, onEntry: () => void = () => {}) {
    this.#limits = limits;
    this.parser = new TarParser(
      {
        entry: (entry, offset) => {
          this.#add(entry, offset);
          onEntry();
          return false;
        },
      },
      limits,
    );
  }

  /** @throws GatewayError BAD_LAYER */
  #add(entry: TarEntry, offset: number): void {
    const limits = this.#limits;
    if (this.entries.length >= limits.entries)
      throw bad(`the layer has more than ${String(limits.entries)} entries, ${siteLimit('entries')}`);
    let xattrBytes = 0;
    for (const [name, value] of entry.xattrs) xattrBytes += name.length + value.length;
    if (xattrBytes > limits.xattrBytes)
      throw bad(
        `it has ${String(xattrBytes)} bytes of extended attributes, more than ${String(limits.xattrBytes)}, ${siteLimit('xattrSize')}`,
      );
    if (entry.sparse !== undefined) this.holes += entry.size;
    if (this.holes > limits.layerBytes) throw tooManyBytes(limits);
    this.entries.add(entry, offset);
    this.#rareBytes += xattrBytes + 8 * (entry.sparse?.length ?? 0);
    if (this.entries.nameBytes + this.#rareBytes > limits.nameBytes)
      throw bad(
        `names and attributes of the layer take more than ${String(limits.nameBytes)} bytes of memory, ${siteLimit('namesSize')}`,
      );
  }
}
