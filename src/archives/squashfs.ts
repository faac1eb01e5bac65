/**
 * A squashfs that somebody has made. Every node's kernel is going to parse it, so nothing of it is believed: here its
 * superblock (squashfs 4.0, as the kernel's documentation has it) must make sense before any other program looks at it.
 */
import { sha256, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { ANONYMOUS, formatPlatform, parseConfig } from '../registry/index.js';
import { digestOfExtent, type Extent } from './archive-files.js';
import { shown, type OpenedPath } from './open-beneath.js';
import { blobsOf, type ImageSource, type ReadOptions } from './source.js';

export const SUPERBLOCK_BYTES = 96;
const MAGIC = 0x73717368;
/** Those that Linux reads; the number in the superblock. LZMA (2) is not among them. */
const COMPRESSORS: Readonly<Record<number, string>> = { 1: 'gzip', 3: 'lzo', 4: 'xz', 5: 'lz4', 6: 'zstd' };
/** In place of the offset of a table that is not there. */
const NO_TABLE = 2n ** 64n - 1n;

export interface Superblock {
  readonly compressor: string;
  readonly inodeCount: number;
  readonly blockSize: number;
  /** Bytes of the file system; a file may be padded behind them. */
  readonly bytesUsed: number;
}

/** True when the file begins like a squashfs. */
export function isSquashfs(start: Buffer): boolean {
  return start.length >= 4 && start.readUInt32LE(0) === MAGIC;
}

/**
 * @param start the first 96 bytes of a file of `size` bytes.
 * @throws GatewayError BAD_USER_INPUT saying what is wrong.
 */
export function readSuperblock(start: Buffer, size: number): Superblock {
  const bad = (why: string): GatewayError => new GatewayError('BAD_USER_INPUT', `The file is no squashfs that could be mounted: ${why}.`);
  if (start.length < SUPERBLOCK_BYTES || size < SUPERBLOCK_BYTES) throw bad('it is too short');
  if (!isSquashfs(start)) throw bad('it does not begin like one');
  const inodeCount = start.readUInt32LE(4);
  const blockSize = start.readUInt32LE(12);
  const fragmentCount = start.readUInt32LE(16);
  const compressor = COMPRESSORS[start.readUInt16LE(20)];
  const [major, minor] = [start.readUInt16LE(28), start.readUInt16LE(30)];
  if (major !== 4 || minor !== 0) throw bad(`it has version ${String(major)}.${String(minor)} and not 4.0`);
  if (compressor === undefined) throw bad(`its compressor has the number ${String(start.readUInt16LE(20))}, which Linux does not read`);
  const isPower = blockSize >= 4096 && blockSize <= 2 ** 20 && Number.isInteger(Math.log2(blockSize));
  if (!isPower || start.readUInt16LE(22) !== Math.log2(blockSize)) throw bad(`its block size of ${String(blockSize)} bytes is none`);
  if (inodeCount === 0) throw bad('it has no inodes');
  const bytesUsed = start.readBigUInt64LE(40);
  if (bytesUsed > BigInt(size)) throw bad(`it is cut: it should have ${String(bytesUsed)} bytes and has ${String(size)}`);
  const at = (offset: number): bigint => start.readBigUInt64LE(offset);
  const tables = { inodes: at(64), directories: at(72), fragments: at(80), ids: at(48), exports: at(88), 'extended attributes': at(56) };
  for (const [name, offset] of Object.entries(tables)) {
    const mayLack = name === 'exports' || name === 'extended attributes' || (name === 'fragments' && fragmentCount === 0);
    if (mayLack && offset === NO_TABLE) continue;
    if (offset < BigInt(SUPERBLOCK_BYTES) || offset >= bytesUsed) throw bad(`its table of ${name} lies outside of it`);
  }
  if (tables.inodes >= tables.directories) throw bad('its tables lie in another order than they must');
  // The root's inode: which block of the table, and where in the unpacked block.
  const root = start.readBigUInt64LE(32);
  if (root >> 16n >= tables.directories - tables.inodes || (root & 0xffffn) >= 8192n) throw bad('its root lies outside of it');
  return { compressor, inodeCount, blockSize, bytesUsed: Number(bytesUsed) };
}

/**
 * The image's id is the digest of the file.
 * @throws GatewayError BAD_USER_INPUT, TOO_LARGE, BAD_LAYER, the reason of the signal.
 */
export async function readSquashfsFile(path: string, { handle, size }: OpenedPath, options: ReadOptions): Promise<ImageSource> {
  const { limits, signal, platform, name } = options;
  if (size > limits.imageBytes) throw new GatewayError('TOO_LARGE', `${shown(path)} has ${String(size)} bytes; the limit is ${String(limits.imageBytes)}.`);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(SUPERBLOCK_BYTES), 0, SUPERBLOCK_BYTES, 0);
  readSuperblock(buffer.subarray(0, bytesRead), size);
  const extent: Extent = { handle, start: 0, size };
  const digest = await digestOfExtent(extent, SHA256, signal);
  const { os, architecture, variant } = platform;
  const configBytes = Buffer.from(JSON.stringify({ architecture, os, ...(variant === undefined ? {} : { variant }), config: {}, rootfs: { type: 'layers', diff_ids: [digest] } }));
  const what = `The image for ${formatPlatform(platform)}`;
  return {
    kind: 'squashfs',
    image: {
      reference: { registry: 'custom', repository: name },
      topDigest: digest,
      manifestDigest: digest,
      manifestMediaType: 'application/vnd.squashfs',
      manifestBytes: Buffer.alloc(0),
      configDigest: sha256(configBytes),
      configBytes,
      config: parseConfig(configBytes, what),
      platform,
      layers: [{ digest, size, mediaType: 'application/vnd.squashfs', diffId: digest, urls: [] }],
      bytesTotal: size,
      access: options.access,
      identity: ANONYMOUS,
    },
    openBlob: blobsOf(new Map<Digest, Extent>([[digest, extent]])),
    close: () => handle.close(),
  };
}
const SHA256 = sha256('');
