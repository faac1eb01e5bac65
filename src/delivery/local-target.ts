/**
 * An image directory on a file system of this machine (local disk, NFS, Lustre, GPFS).
 *
 * Threat: somebody else can write in the image directory, and plants links or files under names that we use. So
 * files are only ever made with O_EXCL, opened with O_NOFOLLOW, and `.imagegw` must be a real directory.
 */
import { constants, type BigIntStats } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import type { Digest } from '../lib/digest.js';
import { errnoOf, messageOf } from '../lib/errors.js';
import { fileVersion } from '../lib/file-version.js';
import type { Pace } from '../lib/pace.js';
import { firstOf } from './abort.js';
import { deliveryFailed, explainProduct, gatewayUser } from './failures.js';
import { closeAfter, copyRange, digestOfFile, orAbsent, writeFully } from './file-io.js';
import { LocalDirectory } from './local-directory.js';
import { folderOf, type Folder, type TargetName } from './names.js';
import { CLEAN_UP_MS, type FileStat, type Room, type Target, type Verification, type WriteOptions } from './target.js';

export interface LocalTargetOptions {
  /** Must exist; it is never created, because an absent one means that a file system is not mounted. */
  readonly imageDirectory: string;
  /** Permission bits of published files. Default 0o600: the runtime reads as root, and a readable file is a hole. */
  readonly mode?: number;
  /** Owner of published files. Default: the gateway's own user. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Bytes that publishing an image leaves free. Default 0. */
  readonly reserveBytes?: number;
  /** Default `always`. */
  readonly verify?: Verification;
  /** As `Target.cleanUpMs`. Default 10 s. */
  readonly cleanUpMs?: number;
}

/** A target on this machine's file system. Nothing is touched before the first use. */
export function createLocalTarget(options: LocalTargetOptions): Target {
  return new LocalTarget(options);
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** O_NONBLOCK: opening a planted FIFO would otherwise wait for ever; on regular files it does nothing. */
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const CONTINUE = O_WRONLY | O_NOFOLLOW | O_NONBLOCK;

/** What link(2) says when a link is not possible here but a copy may be. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

class LocalTarget implements Target {
  readonly reserveBytes: number;
  readonly verify: Verification;
  readonly cleanUpMs: number;
  readonly #options: LocalTargetOptions;
  readonly #directory: LocalDirectory;
  readonly #mode: number;
  readonly #owner: { readonly uid: number; readonly gid: number } | undefined;

  constructor(options: LocalTargetOptions, directory = new LocalDirectory(options.imageDirectory)) {
    this.#options = options;
    this.#directory = directory;
    this.#mode = options.mode ?? 0o600;
    this.#owner = options.owner;
    this.reserveBytes = options.reserveBytes ?? 0;
    this.verify = options.verify ?? 'always';
    this.cleanUpMs = options.cleanUpMs ?? CLEAN_UP_MS;
  }

  until(signal: AbortSignal, graceMs?: number): Target {
    return new LocalTarget(this.#options, this.#directory.until(signal, graceMs));
  }

  pathOf(name: TargetName | Folder): string {
    return this.#directory.pathOf(name);
  }

  room(): Promise<Room> {
    return this.#directory.room();
  }

  async list(folder: Folder): Promise<readonly string[]> {
    if (!(await this.#directory.isThere(folder))) return [];
    return this.#directory.explained('list', folder, (path) => readdir(path));
  }

  async stat(name: TargetName): Promise<FileStat | undefined> {
    if (!(await this.#directory.isThere(folderOf(name)))) return undefined;
    return this.#directory.explained('look at', name, async (path) => {
      const found = await orAbsent(lstat(path, { bigint: true }));
      return found === undefined ? undefined : this.#describe(found);
    });
  }

  async makeSidecarFolder(): Promise<void> {
    if (await this.#directory.isThere('.imagegw')) return;
    await this.#directory.explained('create', '.imagegw', async (path) => {
      await mkdir(path, 0o700).catch((error: unknown) => {
        // Another pull was faster; what is there is checked below.
        if (errnoOf(error) !== 'EEXIST') throw error;
      });
      const folder = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      await closeAfter(folder, async () => {
        if (this.#owner !== undefined) await this.#giveAway(folder, path, this.#owner);
        await folder.sync();
      });
    });
    await this.syncFolder('.');
  }

  /**
   * A link shares the inode with the caller's file: a later chmod or chown of one name would change the other. So a
   * file is linked only when it has the mode and owner of the policy already, and is never changed afterwards; all
   * others are copied. Its owner must not write into it again either (a product cache replaces, it does not edit).
   */
  async adopt(name: TargetName, localPath: string): Promise<boolean> {
    const source = this.#describe(await ofProduct(localPath, lstat(localPath, { bigint: true })));
    // link(2) does not follow a symbolic link, it would publish the link itself.
    if (source.kind !== 'file' || !source.asConfigured) return false;
    return this.#directory.explained('link', name, async (path) => {
      try {
        await link(localPath, path);
      } catch (error) {
        if (NO_LINK.has(errnoOf(error) ?? '')) return false;
        throw error;
      }
      const file = await open(path, READ);
      await closeAfter(file, () => file.sync());
      return true;
    });
  }

  async writeFile(name: TargetName, localPath: string, size: number, options: WriteOptions): Promise<void> {
    const { offset, onBytes } = options;
    const signal = firstOf(this.#directory.signal, options.signal);
    let written = offset;
    const count = (bytes: number): void => {
      written = bytes;
      onBytes?.(bytes);
    };
    const from = await ofProduct(localPath, open(localPath, READ));
    await closeAfter(from, () =>
      this.#directory.explained(
        'write',
        name,
        async (path) => {
          const to = await open(path, offset === 0 ? CREATE : CONTINUE, 0o600);
          await closeAfter(to, async () => {
            if (offset > 0) await this.#requireResumable(to, path);
            await copyRange({ from, to, start: offset, end: size, signal, onBytes: count });
            await this.#finish(to, path);
          });
        },
        () => size - written,
      ),
    );
  }

  async writeText(name: TargetName, text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#directory.explained(
      'write',
      name,
      async (path) => {
        const to = await open(path, CREATE, 0o600);
        await closeAfter(to, async () => {
          await writeFully(to, bytes, 0);
          await this.#finish(to, path);
        });
      },
      () => bytes.length,
    );
  }

  async digest(name: TargetName, asked?: AbortSignal, pace?: Pace): Promise<Digest> {
    const signal = firstOf(this.#directory.signal, asked);
    return this.#directory.explained('read', name, async (path) => {
      const file = await open(path, READ);
      return closeAfter(file, async () => {
        if (!(await file.stat()).isFile())
          throw deliveryFailed(`${path} is not a regular file. Find out who put it there, and remove it.`);
        return digestOfFile(file, signal, pace);
      });
    });
  }

  async rename(from: TargetName, to: TargetName): Promise<void> {
    await this.#directory.explained('rename a finished file to', to, async (path) => {
      await rename(this.pathOf(from), path);
      // rename(2) does nothing, and says that it succeeded, when both names are links of one file.
      await orAbsent(unlink(this.pathOf(from)));
    });
  }

  async remove(name: TargetName): Promise<void> {
    if (!(await this.#directory.isThere(folderOf(name)))) return;
    await this.#directory.explained('remove', name, (path) => orAbsent(unlink(path)));
  }

  async syncFolder(folder: Folder): Promise<void> {
    await this.#directory.explained('sync', folder, async (path) => {
      const handle = await open(path, O_RDONLY | O_DIRECTORY);
      await closeAfter(handle, () => handle.sync());
    });
  }

  #describe(found: BigIntStats): FileStat {
    const owner = this.#owner;
    const kind = found.isFile()
      ? 'file'
      : found.isDirectory()
        ? 'directory'
        : found.isSymbolicLink()
          ? 'link'
          : 'other';
    return {
      kind,
      size: Number(found.size),
      asConfigured:
        (Number(found.mode) & 0o7777) === this.#mode &&
        (owner === undefined || (Number(found.uid) === owner.uid && Number(found.gid) === owner.gid)),
      // What a dead worker has left is built upon only where all of it is read at the end.
      resumable: kind === 'file' && found.nlink === 1n && Number(found.uid) === process.geteuid?.() && this.verify === 'always',
      version: fileVersion(found),
    };
  }

  /** Between the look at the name and the opening, the file may have been exchanged. */
  async #requireResumable(to: FileHandle, path: string): Promise<void> {
    if (this.#describe(await to.stat({ bigint: true })).resumable) return;
    throw deliveryFailed(`${path} was exchanged by somebody else. Try again.`);
  }

  /** The owner goes last: afterwards the file may no longer be ours to change. */
  async #finish(file: FileHandle, path: string): Promise<void> {
    await file.chmod(this.#mode);
    if (this.#owner !== undefined) await this.#giveAway(file, path, this.#owner);
    await file.sync();
  }

  async #giveAway(
    file: FileHandle,
    path: string,
    { uid, gid }: { readonly uid: number; readonly gid: number },
  ): Promise<void> {
    await file.chown(uid, gid).catch((error: unknown) => {
      throw deliveryFailed(
        `Can't give ${path} to uid ${uid} and gid ${gid}: ${messageOf(error)}. The gateway runs as ${gatewayUser()}, ` +
          'and only root may give files away: correct the configured owner.',
        error,
      );
    });
  }
}

/** Failures of reading the product are not the target's. */
async function ofProduct<T>(path: string, looked: Promise<T>): Promise<T> {
  return looked.catch((error: unknown) => {
    throw explainProduct(error, path);
  });
}
