import { EntryTable } from './entry-table.js';
import { tooManyBytes } from './layer.js';
import type { RootfsLimits } from './settings.js';
import { bad, show, type TarEntry } from './tar-entry.js';
import { TarParser } from './tar-parser.js';

const INDEX_BYTES = 512 * 2 ** 20;

/** Notes the entries of an archive, as long as they keep within the limits. */
export class EntryKeeper {
  readonly entries = new EntryTable();
  /** To be fed with the archive. */
  readonly parser: TarParser;
  readonly #limits: RootfsLimits;
  #kept = 0;
  /** Of sparse files, as they will be. */
  holes = 0;

  constructor(limits: RootfsLimits) {
    this.#limits = limits;
    this.parser = new TarParser(
      {
        entry: (entry, offset) => {
          this.#add(entry, offset);
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
      throw bad(`it has more than ${String(limits.entries)} entries`);
    let xattrBytes = 0;
    for (const [name, value] of entry.xattrs) xattrBytes += name.length + value.length;
    if (xattrBytes > limits.xattrBytes)
      throw bad(`${show(entry.name)} has ${String(xattrBytes)} bytes of extended attributes`);
    this.#kept += entry.name.length + entry.linkName.length + xattrBytes + 8 * (entry.sparse?.length ?? 0);
    if (this.#kept > (limits.indexBytes ?? INDEX_BYTES))
      throw bad('its names and attributes alone take more memory than is allowed');
    if (entry.sparse !== undefined) this.holes += entry.size;
    if (this.holes > limits.layerBytes) throw tooManyBytes(limits);
    this.entries.add(entry, offset);
  }
}
