/**
 * The cache on disk: whole files under the name of what they hold, and two folders of what workers have in hand.
 *
 *     sha256/<hex>, sha512/<hex>          a whole, verified blob
 *     segments/<name>                     a layer that has been read (src/rootfs/layer-cache.ts)
 *     partial/<owner>~<name>~<n>          being made
 *     held/<owner>~<name>~<n>             a hard link to a file that a pull reads
 *     owners/<owner>                      who that is
 *
 * A pull reads through its own hard link. So a file may be taken out of the cache by any worker at any moment
 * without a lock, and a running pull still has its bytes; the count of links tells what is in use.
 */
import type { Stats } from 'node:fs';
import { link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, GatewayError } from './errors.js';
import { announceOwner, isOwnerAlive } from './owners.js';

const CONTENT = ['sha256', 'sha512', 'segments'] as const;

export interface CacheKey {
  readonly folder: (typeof CONTENT)[number];
  /** A file name. */
  readonly name: string;
}

export interface CacheFiles {
  /** Creates the folders and this owner's card; may be called again. */
  prepare(): Promise<void>;
  path(key: CacheKey): string;
  /** A name of this owner's alone for a file that is being made. */
  partialPath(key: CacheKey): string;
  readonly ownersDirectory: string;
  /** Links the file for a reader; undefined when it is not there. */
  hold(key: CacheKey): Promise<HeldFile | undefined>;
  /** Gives what was made at a partial path its name, held for the one who made it. */
  publish(partial: string, key: CacheKey): Promise<HeldFile>;
  /** Takes out the least recently used files that nobody holds, until all, with those that are being made, fit in `maxBytes`. */
  trim(maxBytes: number): Promise<void>;
  /** What is on the disk of files that nobody holds. */
  spareBytes(): Promise<number>;
  /** Takes out the least recently used files that nobody holds, until that much of the disk is free again. */
  evict(bytes: number): Promise<void>;
  /** Makes a file the first to be taken out. */
  makeLast(key: CacheKey): Promise<void>;
  /** Removes what dead owners left behind; gives the number of files. */
  sweep(): Promise<number>;
}

export interface HeldFile {
  readonly path: string;
  readonly size: number;
  /** Changes when the content was written again. */
  readonly version: string;
}

const FOLDERS = [...CONTENT, 'partial', 'held', 'owners'];

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
  const own = (folder: string, { name }: CacheKey): string => {
    counter += 1;
    return join(directory, folder, `${owner}~${name}~${String(counter)}`);
  };
  const pathOf = ({ folder, name }: CacheKey): string => join(directory, folder, name);

  return {
    ownersDirectory,
    path: pathOf,
    partialPath: (key) => own('partial', key),

    async prepare() {
      await Promise.all(FOLDERS.map((folder) => mkdir(join(directory, folder), { recursive: true, mode: 0o700 })));
      await announceOwner(ownersDirectory, owner);
    },

    async hold(key) {
      const path = own('held', key);
      try {
        await link(pathOf(key), path);
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      const found = await stat(path);
      // The access time is our mark of use; mounts with noatime keep only what is set by hand.
      await utimes(path, new Date(), found.mtime);
      return { path, size: found.size, version: versionOf(found) };
    },

    async publish(partial, key) {
      const path = own('held', key);
      // Held first: whoever makes room must find it in use.
      await link(partial, path);
      await rename(partial, pathOf(key));
      const found = await stat(path);
      return { path, size: found.size, version: versionOf(found) };
    },

    async trim(maxBytes) {
      const files = await listContent();
      const all = [...files, ...(await listFiles(join(directory, 'partial')))];
      let excess = all.reduce((sum, { size }) => sum + size, 0) - maxBytes;
      for (const file of files.filter(isSpare)) {
        if (excess <= 0) return;
        await rm(file.path, { force: true });
        excess -= file.size;
      }
    },

    async spareBytes() {
      return (await listContent()).filter(isSpare).reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    },

    async evict(bytes) {
      let missing = bytes;
      for (const file of (await listContent()).filter(isSpare)) {
        if (missing <= 0) return;
        await rm(file.path, { force: true });
        missing -= file.diskBytes;
      }
    },

    async makeLast(key) {
      const found = await stat(pathOf(key)).catch(() => undefined);
      if (found !== undefined) await utimes(pathOf(key), 0, found.mtime).catch(() => {});
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

  /** The least recently used first. */
  async function listContent(): Promise<Listed[]> {
    const files = await Promise.all(CONTENT.map((folder) => listFiles(join(directory, folder))));
    return files.flat().sort((a, b) => a.usedMs - b.usedMs);
  }

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

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly diskBytes: number;
  readonly usedMs: number;
  readonly links: number;
}

/** Whether nobody holds it. */
function isSpare({ links }: Listed): boolean {
  return links === 1;
}

async function listFiles(directory: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isFile() !== true) continue;
    // stat(2) counts blocks of 512 bytes, whatever those of the file system are.
    found.push({ path, size: entry.size, diskBytes: entry.blocks * 512, usedMs: entry.atimeMs, links: entry.nlink });
  }
  return found;
}
