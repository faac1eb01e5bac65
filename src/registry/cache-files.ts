/**
 * The cache on disk: whole blobs under their digest, and two folders of what workers have in hand.
 *
 *     sha256/<hex>                        a whole, verified blob
 *     partial/<owner>~<hex>~<n>           being downloaded
 *     held/<owner>~<hex>~<n>              a hard link to a blob that a pull reads
 *     owners/<owner>                      who that is
 *
 * A pull reads through its own hard link. So a blob may be taken out of the cache by any worker at any moment
 * without a lock, and a running pull still has its bytes; the count of links tells what is in use.
 */
import type { Stats } from 'node:fs';
import { link, mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { digestAlgorithm, digestHex, type Digest } from '../lib/digest.js';
import { errnoOf, GatewayError } from '../lib/errors.js';
import { hashOfFile } from '../lib/file-hash.js';
import { announceOwner, isOwnerAlive } from './owners.js';

export interface CacheFiles {
  /** Creates the folders and this owner's card; may be called again. */
  prepare(): Promise<void>;
  blobPath(digest: Digest): string;
  partialPath(digest: Digest): string;
  readonly ownersDirectory: string;
  /** Links the blob for a reader; undefined when it is not there. */
  hold(digest: Digest): Promise<HeldFile | undefined>;
  /** Takes out the least recently used blobs that nobody holds, until `bytes` more fit below `maxBytes`. */
  makeRoom(bytes: number, maxBytes: number): Promise<void>;
  /** Removes what dead owners left behind; gives the number of files. */
  sweep(): Promise<number>;
}

export interface HeldFile {
  readonly path: string;
  readonly size: number;
  /** Changes when the content was written again. */
  readonly version: string;
}

const FOLDERS = ['sha256', 'sha512', 'partial', 'held', 'owners'];

/** @throws GatewayError BAD_CONFIG for an owner that can't be part of a file name. */
export function createCacheFiles(directory: string, owner: string): CacheFiles {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(owner)) {
    throw new GatewayError(
      'BAD_CONFIG',
      `"${owner}" can't name a worker: use letters, digits, ".", "_" and "-".`,
    );
  }
  const ownersDirectory = join(directory, 'owners');
  let counter = 0;
  const own = (folder: string, digest: Digest): string => {
    counter += 1;
    return join(directory, folder, `${owner}~${digestHex(digest)}~${String(counter)}`);
  };
  const blobPath = (digest: Digest): string => join(directory, digestAlgorithm(digest), digestHex(digest));

  return {
    ownersDirectory,
    blobPath,
    partialPath: (digest) => own('partial', digest),

    async prepare() {
      for (const folder of FOLDERS) await mkdir(join(directory, folder), { recursive: true, mode: 0o700 });
      await announceOwner(ownersDirectory, owner);
    },

    async hold(digest) {
      const path = own('held', digest);
      try {
        await link(blobPath(digest), path);
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      const found = await stat(path);
      // The access time is our mark of use; mounts with noatime keep only what is set by hand.
      await utimes(path, new Date(), found.mtime);
      return { path, size: found.size, version: versionOf(found) };
    },

    async makeRoom(bytes, maxBytes) {
      const blobs = (
        await Promise.all([listBlobs(join(directory, 'sha256')), listBlobs(join(directory, 'sha512'))])
      ).flat();
      let total = blobs.reduce((sum, { size }) => sum + size, 0);
      for (const blob of blobs.sort((a, b) => a.usedMs - b.usedMs)) {
        if (total + bytes <= maxBytes) return;
        if (blob.links > 1) continue;
        await rm(blob.path, { force: true });
        total -= blob.size;
      }
    },

    async sweep() {
      const dead = new Map<string, boolean>();
      let removed = 0;
      for (const folder of ['partial', 'held']) {
        for (const name of await readdir(join(directory, folder)).catch(() => [])) {
          const of = name.slice(0, name.indexOf('~'));
          if (!dead.has(of)) dead.set(of, !(await ownerAlive(of)));
          if (dead.get(of) !== true) continue;
          await rm(join(directory, folder, name), { force: true });
          removed += 1;
        }
      }
      for (const of of await readdir(ownersDirectory).catch(() => [])) {
        if (of !== owner && !(await ownerAlive(of))) await rm(join(ownersDirectory, of), { force: true });
      }
      return removed;
    },
  };

  async function ownerAlive(of: string): Promise<boolean> {
    if (of === owner) return true;
    const card = await stat(join(ownersDirectory, of)).catch(() => undefined);
    return await isOwnerAlive(ownersDirectory, of, card === undefined ? 0 : Date.now() - card.mtimeMs);
  }
}

/** Tells a file from one of the same name that was written later. */
export function versionOf({ ino, mtimeMs }: Pick<Stats, 'ino' | 'mtimeMs'>): string {
  // Marking a use rounds the time.
  return `${String(ino)}:${String(Math.round(mtimeMs))}`;
}

/** Reads a file whole. True when it has exactly these bytes; one that can't be read has not. */
export async function fileMatches(path: string, digest: Digest, size: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const hash = hashOfFile(file, digestAlgorithm(digest));
    hash.advance(size);
    return (await hash.digest()) === digest;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

async function listBlobs(
  directory: string,
): Promise<{ path: string; size: number; usedMs: number; links: number }[]> {
  const found = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isFile() !== true) continue;
    found.push({ path, size: entry.size, usedMs: entry.atimeMs, links: entry.nlink });
  }
  return found;
}
