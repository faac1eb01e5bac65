/** The files of an archive, by their names in it: a directory, or a tar. No name of an archive is ever followed as a path. */
import { digestAlgorithm, digestHex, finishDigest, hasherFor, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import type { FileHandle } from 'node:fs/promises';

/** Bytes of an open file. */
export interface Extent {
  readonly handle: FileHandle;
  /** First byte, and how many. */
  readonly start: number;
  readonly size: number;
}

export interface ArchiveFiles {
  /** Undefined when there is no such file. */
  find(name: string): Promise<Extent | undefined>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 1 << 20;

/** The bytes of an extent from `offset` to before `end`, in chunks that are not used again. */
export async function* bytesOf({ handle, start, size }: Extent, offset = 0, end = size): AsyncGenerator<Buffer, void, undefined> {
  for (let at = offset; at < end;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at)), 0, Math.min(CHUNK_BYTES, end - at), start + at);
    if (bytesRead === 0) throw new GatewayError('BAD_LAYER', 'The archive became shorter while it was read. Leave it alone, and import it again.');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * The digest of an extent.
 * @throws GatewayError BAD_LAYER when it becomes shorter; the reason of `signal`.
 */
export async function digestOfExtent(extent: Extent, like: Digest, signal: AbortSignal): Promise<Digest> {
  const hash = hasherFor(like);
  for await (const chunk of bytesOf(extent)) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return finishDigest(hash, digestAlgorithm(like));
}

/**
 * Reads a small file whole.
 * @throws GatewayError MANIFEST_TOO_LARGE above `limit` bytes, before any of it is read.
 */
export async function readSmall(files: ArchiveFiles, name: string, limit: number): Promise<Buffer | undefined> {
  const extent = await files.find(name);
  if (extent === undefined) return undefined;
  if (extent.size > limit) {
    throw new GatewayError('MANIFEST_TOO_LARGE', `${name} in the archive has ${String(extent.size)} bytes; the limit for manifests and configs is ${String(limit)}.`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(extent)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Where an OCI layout keeps a blob. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}
