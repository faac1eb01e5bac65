/**
 * An image directory on another machine, over SFTP and nothing else: no command is ever run there.
 *
 * What the protocol can't do, and a local target can: tell files apart by inode, and refuse to follow links when it
 * opens one. So files are only made exclusively, looked at (lstat) before they are opened, and looked at again through
 * the handle before anything is written into an existing one. The image directory must belong to people who are trusted.
 */
import type { Digest } from '../../lib/digest.js';
import type { Pace as RatePace } from '../../lib/pace.js';
import { stopIfAborted } from '../abort.js';
import { deliveryFailed } from '../failures.js';
import { folderOf, type Folder, type TargetName } from '../names.js';
import type { FileStat, Room, Target, Verification, WriteOptions } from '../target.js';
import { OPEN, STATUS, statusOf, type SftpChannel } from './channel.js';
import { RemoteDirectory, type SftpTargetOptions } from './remote-directory.js';
import { closing, RemoteFiles, sync } from './remote-files.js';

export type { SftpTargetOptions } from './remote-directory.js';

/** A target on another machine. Nothing is connected before the first use. */
export function createSftpTarget(options: SftpTargetOptions): Target {
  return new SftpTarget(options);
}

class SftpTarget implements Target {
  readonly reserveBytes: number;
  readonly verify: Verification;
  readonly cleanUpMs: number;
  readonly #options: SftpTargetOptions;
  readonly #directory: RemoteDirectory;
  readonly #files: RemoteFiles;

  constructor(options: SftpTargetOptions, directory = new RemoteDirectory(options), files?: RemoteFiles) {
    this.reserveBytes = options.reserveBytes ?? 0;
    this.verify = options.verify ?? 'always';
    this.cleanUpMs = directory.cleanUpMs;
    this.#options = options;
    this.#directory = directory;
    this.#files = files ?? new RemoteFiles(directory, this.verify);
  }

  until(signal: AbortSignal, graceMs?: number): Target {
    const directory = this.#directory.until(signal, graceMs);
    return new SftpTarget(this.#options, directory, this.#files.in(directory));
  }

  pathOf(name: TargetName | Folder): string {
    return this.#directory.shown(name);
  }

  async room(): Promise<Room> {
    return this.#directory.do('measure the room in', '.', async (channel, path) => {
      await this.#directory.requireDirectory(channel);
      // A server without statvfs is used only where the site allows it; a full disk then shows while writing.
      if (!channel.extensions.has('statvfs@openssh.com')) return { freeBytes: Number.MAX_SAFE_INTEGER, blockBytes: 4096 };
      const { freeBytes, blockBytes } = await channel.statvfs(path);
      return { freeBytes, blockBytes };
    });
  }

  async list(folder: Folder): Promise<readonly string[]> {
    return this.#directory.do('list', folder, async (channel, path) => ((await this.#directory.isThere(channel, folder)) ? channel.list(path) : []));
  }

  async stat(name: TargetName): Promise<FileStat | undefined> {
    return this.#directory.do('look at', name, async (channel, path) => {
      const found = await this.#directory.lstat(channel, name, path);
      return found === undefined ? undefined : this.#directory.describe(found);
    });
  }

  async makeSidecarFolder(): Promise<void> {
    await this.#directory.do('create', '.imagegw', async (channel, path) => {
      if (await this.#directory.isThere(channel, '.imagegw')) return;
      // Another pull may have been faster; what is there is looked at afterwards.
      await channel.mkdir(path, 0o700).catch(async (error: unknown) => {
        if (statusOf(error) !== STATUS.failure || !(await this.#directory.isThere(channel, '.imagegw'))) throw error;
      });
      await this.#directory.isThere(channel, '.imagegw');
      const folder = await channel.open(path, OPEN.read);
      await closing(channel, folder, async () => {
        await this.#files.giveAway(channel, folder, '.imagegw');
        await sync(channel, folder);
      });
      await this.#syncDirectory(channel, this.#directory.path);
    }, () => 1);
  }

  /** Nothing of this machine can be linked there. */
  adopt(): Promise<boolean> {
    return Promise.resolve(false);
  }

  writeFile(name: TargetName, localPath: string, size: number, options: WriteOptions): Promise<void> {
    return this.#files.write(name, localPath, size, options);
  }

  async writeText(name: TargetName, text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#directory.run(async (channel, attempt) => {
      const path = this.#directory.pathOf(name);
      await this.#directory.refusals(channel, { doing: 'write', name, needBytes: () => bytes.length, wantsFreeName: attempt === 0 }, async () => {
        // What a broken attempt has left is ours.
        if (attempt > 0) await this.#unlink(channel, name, path);
        stopIfAborted(this.#directory.signal);
        const handle = await channel.open(path, OPEN.write | OPEN.create | OPEN.exclusive, 0o600);
        await closing(channel, handle, async () => {
          for (let done = 0; done < bytes.length; done += channel.chunkBytes) {
            const chunk = bytes.subarray(done, done + channel.chunkBytes);
            await channel.write(handle, chunk, chunk.length, done);
          }
          await this.#files.finishOpen(channel, handle, name);
        });
      });
    });
  }

  digest(name: TargetName, signal?: AbortSignal, pace?: RatePace): Promise<Digest> {
    return this.#files.digest(name, signal, pace);
  }

  async rename(from: TargetName, to: TargetName): Promise<void> {
    await this.#directory.do('rename a finished file to', to, async (channel, path, attempt) => {
      const source = this.#directory.pathOf(from);
      // After a break: a name that has gone was renamed before the answer was lost.
      if (attempt > 0 && (await this.#directory.lstat(channel, from, source)) === undefined && (await this.#directory.lstat(channel, to, path)) !== undefined) return;
      if (channel.extensions.has('posix-rename@openssh.com')) return channel.posixRename(source, path);
      await channel.plainRename(source, path).catch((error: unknown) => {
        if (statusOf(error) !== STATUS.failure) throw error;
        throw deliveryFailed(
          `${this.#directory.shown(to)} can't be replaced: the server has no posix-rename@openssh.com, and the gateway removes nothing that may be in use. Use OpenSSH there, or expire the image first.`,
          error,
        );
      });
    });
  }

  async remove(name: TargetName): Promise<void> {
    await this.#directory.do('remove', name, (channel, path) => this.#unlink(channel, name, path));
  }

  async syncFolder(folder: Folder): Promise<void> {
    await this.#directory.do('sync', folder, (channel, path) => this.#syncDirectory(channel, path));
  }

  async #syncDirectory(channel: SftpChannel, path: string): Promise<void> {
    if (!channel.extensions.has('fsync@openssh.com')) return;
    const handle = await channel.open(path, OPEN.read);
    await closing(channel, handle, () => sync(channel, handle));
  }

  async #unlink(channel: SftpChannel, name: TargetName, path: string): Promise<void> {
    if (!(await this.#directory.isThere(channel, folderOf(name)))) return;
    await channel.unlink(path).catch((error: unknown) => {
      if (statusOf(error) !== STATUS.noSuchFile) throw error;
    });
  }
}
