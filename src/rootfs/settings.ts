/**
 * What flattening keeps, drops and changes, and the bounds of what it takes from layers.
 */

/** What becomes of owners, permissions and special files. */
export interface RootfsPolicy {
  /** What lies in `/dev`, `/proc` and `/sys`, where runtimes mount their own. The directories stay. Default `empty`. */
  readonly systemDirectories?: 'empty' | 'keep';
  /** `root`: everything belongs to root. */
  readonly ownership: 'root' | 'keep';
  /** Makes what an image's users could not read readable (`a+rX`). */
  readonly widenPermissions: boolean;
  readonly setuid: 'keep' | 'strip';
  readonly capabilities: 'keep' | 'strip';
  /** Attributes of the `user.` namespace. */
  readonly userXattrs: 'keep' | 'drop';
  readonly devices: 'keep' | 'drop';
  readonly fifos: 'keep' | 'drop';
}

export const DEFAULT_ROOTFS_POLICY: RootfsPolicy = {
  ownership: 'root',
  widenPermissions: true,
  setuid: 'keep',
  capabilities: 'strip',
  userXattrs: 'drop',
  devices: 'drop',
  fifos: 'drop',
};

export interface RootfsLimits {
  /** Uncompressed bytes of one layer. */
  readonly layerBytes: number;
  /** Uncompressed bytes of all layers. */
  readonly imageBytes: number;
  /** Uncompressed to compressed. */
  readonly ratio: number;
  /** The ratio of a layer is not looked at below this size: small layers of zeros are normal. */
  readonly ratioFromBytes: number;
  readonly entries: number;
  /** Of an image that is made beside others; of larger ones a worker makes one at a time. */
  readonly smallEntries: number;
  /** Components of a path. */
  readonly depth: number;
  /** Components that are looked up for one image, those that symbolic links name among them. */
  readonly pathSteps: number;
  readonly paxBytes: number;
  readonly longNameBytes: number;
  readonly xattrBytes: number;
  /** What is kept of one layer in memory beside numbers: names, attributes, maps of sparse files. */
  readonly nameBytes: number;
}

export const DEFAULT_ROOTFS_LIMITS: RootfsLimits = {
  layerBytes: 256 * 2 ** 30,
  imageBytes: 512 * 2 ** 30,
  ratio: 1000,
  ratioFromBytes: 64 * 2 ** 20,
  entries: 1_100_000,
  smallEntries: 100_000,
  depth: 256,
  pathSteps: 200_000_000,
  paxBytes: 2 ** 20,
  longNameBytes: 65_536,
  xattrBytes: 65_536,
  nameBytes: 96 * 2 ** 20,
};

/** How a message names a limit: by the key of the configuration that changes it. */
export function siteLimit(key: string): string {
  return `the limit of this site (RootfsLimits.${key})`;
}

export interface SquashfsOptions {
  readonly compression: 'zstd' | 'gzip' | 'lz4' | 'xz';
  /** Absent for compressors that have no level. */
  readonly level?: number;
  /** Bytes. */
  readonly blockSize: number;
  /** Further arguments for the packer, as the site's `ConverterOptions` gives them. */
  readonly extraOptions?: readonly string[];
}
