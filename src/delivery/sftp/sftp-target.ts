/**
 * An image directory on another machine, over SFTP and nothing else: no command is ever run there.
 *
 * What the protocol can't do, and a local target can: tell files apart by inode, and refuse to follow links when it
 * opens one. So files are only made exclusively, looked at (lstat) before they are opened, and looked at again through
 * the handle before anything is written into an existing one. The image directory must belong to people who are trusted.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import { finishDigest, type Digest } from '../../lib/digest.js';
import { GatewayError } from '../../lib/errors.js';
import type { Pace as RatePace } from '../../lib/pace.js';
import { stopIfAborted } from '../abort.js';
import { deliveryFailed, explainProduct } from '../failures.js';
import { closeAfter } from '../file-io.js';
import { folderOf, type Folder, type TargetName } from '../names.js';
import type { FileStat, Room, Target, Verification, WriteOptions } from '../target.js';
import { hostText, type SshAccount } from './account.js';
import { GAP_BYTES, readRange, writeRange, type OpenFile } from './bulk.js';
import { ConnectionLost, OPEN, STATUS, statusOf, type SftpChannel } from './channel.js';
import type { SshConnection } from './connection.js';
import type { SshConnections } from './connections.js';
import { Pace } from './pace.js';
import { explainRefusal } from './sftp-failures.js';

export interface SftpTargetOptions {
  readonly connections: SshConnections;
  readonly account: SshAccount;
  /** On the system; must exist, and is never created. */
  readonly imageDirectory: string;
  /** Permission bits of published files. Default 0o600. */
  readonly mode?: number;
  /** Owner of published files. Default: the user who logs in. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Bytes that publishing an image leaves free. Default 0. */
  readonly reserveBytes?: number;
  /** Default `always`. */
  readonly verify?: Verification;
  /** Also use servers that lack posix-rename, fsync or statvfs. Default false. */
  readonly allowOlderServers?: boolean;
}

/** A target on another machine. Nothing is connected before the first use. */
export function createSftpTarget(options: SftpTargetOptions): Target {
  return new SftpTarget(options);
}

/** Files from this size on are worth more than one channel. */
const SEVERAL_CHANNELS_BYTES = 4 << 20;

class SftpTarget implements Target {
  readonly reserveBytes: number;
  readonly verify: Verification;
  readonly #options: SftpTargetOptions;
  readonly #directory: string;
  readonly #shown: string;
  readonly #mode: number;
  readonly #pace = new Pace();

  constructor(options: SftpTargetOptions) {
    this.#options = options;
    this.#directory = posix.normalize(options.imageDirectory);
    const [host] = options.account.hosts;
    // As scp writes it; the port is no part of a path.
    this.#shown = `${host === undefined ? '' : host.name}:${this.#directory}`;
    this.#mode = options.mode ?? 0o600;
    this.reserveBytes = options.reserveBytes ?? 0;
    this.verify = options.verify ?? 'always';
  }

  pathOf(name: TargetName | Folder): string {
    return posix.join(this.#shown, name);
  }

  async room(): Promise<Room> {
    return this.#do('measure the room in', '.', async (channel, path) => {
      await this.#requireDirectory(channel);
      // A server without statvfs is used only where the site allows it; a full disk then shows while writing.
      if (!channel.extensions.has('statvfs@openssh.com')) return { freeBytes: Number.MAX_SAFE_INTEGER, blockBytes: 4096 };
      const { freeBytes, blockBytes } = await channel.statvfs(path);
      return { freeBytes, blockBytes };
    });
  }

  async list(folder: Folder): Promise<readonly string[]> {
    return this.#do('list', folder, async (channel, path) => ((await this.#isThere(channel, folder)) ? channel.list(path) : []));
  }

  async stat(name: TargetName): Promise<FileStat | undefined> {
    return this.#do('look at', name, async (channel, path) => {
      const found = await this.#lstat(channel, name, path);
      return found === undefined ? undefined : this.#describe(found);
    });
  }

  async makeSidecarFolder(): Promise<void> {
    await this.#do('create', '.imagegw', async (channel, path) => {
      if (await this.#isThere(channel, '.imagegw')) return;
      // Another pull may have been faster; what is there is looked at afterwards.
      await channel.mkdir(path, 0o700).catch(async (error: unknown) => {
        if (statusOf(error) !== STATUS.failure || !(await this.#isThere(channel, '.imagegw'))) throw error;
      });
      await this.#isThere(channel, '.imagegw');
      await this.#syncDirectory(channel, this.#directory);
    }, () => 1);
  }

  /** Nothing of this machine can be linked there. */
  adopt(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async writeFile(name: TargetName, localPath: string, size: number, options: WriteOptions): Promise<void> {
    const { signal, onBytes } = options;
    const from = await open(localPath, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw explainProduct(error, localPath);
    });
    await closeAfter(from, async () => {
      /** Up to where the file is known to be complete. */
      let complete = Math.max(0, options.offset - GAP_BYTES);
      let told = -1;
      const tell = (position: number): void => {
        complete = position;
        if (position > told) onBytes?.(position);
        told = Math.max(told, position);
      };
      const once = async (connection: SshConnection, attempt: number, progressed: () => void): Promise<void> => {
        const [channel] = await connection.channels(1);
        const path = this.#path(name);
        await this.#refusals(channel, { doing: 'write', name, needBytes: () => size - complete, wantsFreeName: options.offset === 0 && attempt === 0 }, async () => {
          // After a break it is not known whether the file was made.
          const mayBeThere = options.offset > 0 || attempt > 0;
          const found = mayBeThere ? await this.#lstat(channel, name, path) : undefined;
          const first = found === undefined ? await channel.open(path, OPEN.write | OPEN.create | OPEN.exclusive, 0o600) : await this.#openAgain(channel, path, found);
          // What the other side has lost meanwhile is written again.
          complete = Math.min(complete, found?.size ?? 0);
          if (this.verify === 'size' && complete > 0) complete = await this.#sameBytes(connection, from, path, complete, signal);
          const files = await this.#openOnAll(connection, { channel, handle: first }, path, OPEN.write, size - complete);
          await this.#transfer(async () => {
            const requests = this.#pace.requests(channel.chunkBytes);
            await writeRange(from, { files, chunkBytes: channel.chunkBytes, requests, start: complete, end: size, signal }, (position) => {
              if (position > complete) progressed();
              tell(position);
            });
          }, files);
          await this.#finish(channel, first);
          stopIfAborted(signal);
        });
      };
      await this.#options.connections.run(this.#options.account, once, signal);
    });
  }

  async writeText(name: TargetName, text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#run(async (channel, attempt) => {
      const path = this.#path(name);
      await this.#refusals(channel, { doing: 'write', name, needBytes: () => bytes.length, wantsFreeName: attempt === 0 }, async () => {
        // What a broken attempt has left is ours.
        if (attempt > 0) await this.#unlink(channel, name, path);
        const handle = await channel.open(path, OPEN.write | OPEN.create | OPEN.exclusive, 0o600);
        await closing(channel, handle, async () => {
          for (let done = 0; done < bytes.length; done += channel.chunkBytes) {
            const chunk = bytes.subarray(done, done + channel.chunkBytes);
            await channel.write(handle, chunk, chunk.length, done);
          }
          await this.#finishOpen(channel, handle);
        });
      });
    });
  }

  async digest(name: TargetName, signal?: AbortSignal, pace?: RatePace): Promise<Digest> {
    const hash = createHash('sha256');
    let position = 0;
    const once = async (connection: SshConnection, _attempt: number, progressed: () => void): Promise<void> => {
      const [channel] = await connection.channels(1);
      const path = this.#path(name);
      await this.#refusals(channel, { doing: 'read', name }, async () => {
        const found = await channel.lstat(path);
        // Opening a FIFO would hold the server up.
        if (!found.isFile()) throw deliveryFailed(`${this.pathOf(name)} is not a regular file. Find out who put it there, and remove it.`);
        const handle = await channel.open(path, OPEN.read);
        const files = await this.#openOnAll(connection, { channel, handle }, path, OPEN.read, found.size - position);
        await this.#transfer(async () => {
          const requests = this.#pace.requests(channel.chunkBytes);
          const range = { files, chunkBytes: channel.chunkBytes, requests, start: position, end: found.size, signal };
          await readRange(range, this.pathOf(name), async (bytes, at) => {
            hash.update(bytes);
            position = at + bytes.length;
            progressed();
            await pace?.(bytes.length, signal);
          });
        }, files);
        await channel.close(handle);
      });
    };
    await this.#options.connections.run(this.#options.account, once, signal);
    return finishDigest(hash, 'sha256');
  }

  async rename(from: TargetName, to: TargetName): Promise<void> {
    await this.#do('rename a finished file to', to, async (channel, path, attempt) => {
      const source = this.#path(from);
      // After a break: a name that has gone was renamed before the answer was lost.
      if (attempt > 0 && (await this.#lstat(channel, from, source)) === undefined && (await this.#lstat(channel, to, path)) !== undefined) return;
      if (channel.extensions.has('posix-rename@openssh.com')) return channel.posixRename(source, path);
      await channel.plainRename(source, path).catch((error: unknown) => {
        if (statusOf(error) !== STATUS.failure) throw error;
        throw deliveryFailed(
          `${this.pathOf(to)} can't be replaced: the server has no posix-rename@openssh.com, and the gateway removes nothing that may be in use. Use OpenSSH there, or expire the image first.`,
          error,
        );
      });
    });
  }

  async remove(name: TargetName): Promise<void> {
    await this.#do('remove', name, (channel, path) => this.#unlink(channel, name, path));
  }

  async syncFolder(folder: Folder): Promise<void> {
    await this.#do('sync', folder, (channel, path) => this.#syncDirectory(channel, path));
  }

  #path(name: TargetName | Folder): string {
    return posix.join(this.#directory, name);
  }

  /** Runs a step on the first channel of a connection, again after a break. */
  #run<T>(step: (channel: SftpChannel, attempt: number) => Promise<T>): Promise<T> {
    return this.#options.connections.run(this.#options.account, async (connection, attempt) => {
      const [channel] = await connection.channels(1);
      this.#requireExtensions(channel);
      return step(channel, attempt);
    });
  }

  /** The same for a step on one name, whose refusals are explained. */
  #do<T>(
    doing: string,
    name: TargetName | Folder,
    step: (channel: SftpChannel, path: string, attempt: number) => Promise<T>,
    needBytes?: () => number,
  ): Promise<T> {
    return this.#run((channel, attempt) => this.#refusals(channel, { doing, name, needBytes }, () => step(channel, this.#path(name), attempt)));
  }

  async #refusals<T>(
    channel: SftpChannel,
    { doing, name, needBytes, wantsFreeName = false }: { doing: string; name: TargetName | Folder; needBytes?: (() => number) | undefined; wantsFreeName?: boolean },
    step: () => Promise<T>,
  ): Promise<T> {
    this.#requireExtensions(channel);
    try {
      return await step();
    } catch (error) {
      const { username, hosts } = this.#options.account;
      // A missing image directory is the better explanation of a name that is not there.
      if (statusOf(error) === STATUS.noSuchFile) await this.#requireDirectory(channel);
      throw await explainRefusal(
        error,
        {
          doing,
          wantsFreeName,
          shown: this.pathOf(name),
          path: this.#path(name),
          directory: this.#directory,
          user: `user "${username}" on ${hosts.map(hostText).join(', ')}`,
          needBytes: needBytes?.() ?? 0,
        },
        channel,
      );
    }
  }

  /** Opens the file on further channels, when there is enough to move and the link is long. */
  async #openOnAll(connection: SshConnection, first: OpenFile, path: string, flags: number, bytes: number): Promise<readonly [OpenFile, ...OpenFile[]]> {
    if (bytes < SEVERAL_CHANNELS_BYTES) return [first];
    try {
      const [, ...others] = await connection.channels(this.#pace.channels(connection));
      return [first, ...(await Promise.all(others.map(async (channel) => ({ channel, handle: await channel.open(path, flags) }))))];
    } catch (error) {
      first.channel.close(first.handle).catch(() => {});
      throw error;
    }
  }

  /** Moves bytes, and closes what was opened on the further channels. */
  async #transfer(work: () => Promise<void>, [first, ...others]: readonly [OpenFile, ...OpenFile[]]): Promise<void> {
    try {
      await work();
      this.#pace.speedUp();
      for (const { channel, handle } of others) await channel.close(handle);
    } catch (error) {
      if (error instanceof ConnectionLost) this.#pace.slowDown();
      // Not waited for: the server may be the one that does not answer.
      for (const { channel, handle } of [first, ...others]) channel.close(handle).catch(() => {});
      throw error;
    }
  }

  /** Opens a file of ours for writing on. Between the look at the name and the opening it may have been exchanged. */
  async #openAgain(channel: SftpChannel, path: string, found: Stats): Promise<Buffer> {
    const exchanged = deliveryFailed(`${path} was exchanged by somebody else. Try again.`);
    if (!this.#describe(found).resumable) throw exchanged;
    const handle = await channel.open(path, OPEN.write);
    const opened = await channel.fstat(handle);
    if (opened.isFile() && opened.size === found.size && opened.mtime === found.mtime && opened.uid === found.uid && opened.mode === found.mode) return handle;
    channel.close(handle).catch(() => {});
    throw exchanged;
  }

  /** How many of the first bytes the target has as they should be: reading is the only proof where nothing is read at the end. */
  async #sameBytes(connection: SshConnection, from: FileHandle, path: string, end: number, signal: AbortSignal): Promise<number> {
    const [channel] = await connection.channels(1);
    const handle = await channel.open(path, OPEN.read);
    let same = 0;
    let differs = false;
    const own = Buffer.allocUnsafe(channel.chunkBytes);
    const range = { files: [{ channel, handle }] as const, chunkBytes: channel.chunkBytes, requests: this.#pace.requests(channel.chunkBytes), start: 0, end, signal };
    await closing(channel, handle, () =>
      readRange(range, path, async (bytes, position) => {
        if (differs) return;
        const { bytesRead } = await from.read(own, 0, bytes.length, position);
        differs = !own.subarray(0, bytesRead).equals(bytes);
        if (!differs) same = position + bytes.length;
      }),
    );
    return same;
  }

  async #finish(channel: SftpChannel, handle: Buffer): Promise<void> {
    await closing(channel, handle, () => this.#finishOpen(channel, handle));
  }

  /** The owner goes last: afterwards the file may no longer be ours to change. */
  async #finishOpen(channel: SftpChannel, handle: Buffer): Promise<void> {
    const { owner } = this.#options;
    await channel.fsetstat(handle, { mode: this.#mode });
    if (owner !== undefined) await channel.fsetstat(handle, { ...owner });
    if (channel.extensions.has('fsync@openssh.com')) await channel.fsync(handle);
  }

  async #syncDirectory(channel: SftpChannel, path: string): Promise<void> {
    if (!channel.extensions.has('fsync@openssh.com')) return;
    const handle = await channel.open(path, OPEN.read);
    await closing(channel, handle, () => channel.fsync(handle));
  }

  async #unlink(channel: SftpChannel, name: TargetName, path: string): Promise<void> {
    if (!(await this.#isThere(channel, folderOf(name)))) return;
    await channel.unlink(path).catch((error: unknown) => {
      if (statusOf(error) !== STATUS.noSuchFile) throw error;
    });
  }

  /** Of the name itself; undefined when it is not there. A missing image directory is never taken for an empty one. */
  async #lstat(channel: SftpChannel, name: TargetName, path: string): Promise<Stats | undefined> {
    // Side by side: the second answer is needed for links on the way, and costs no round trip.
    const [found, isFolderThere] = await Promise.all([orAbsent(channel.lstat(path)), folderOf(name) === '.' ? true : this.#isThere(channel, folderOf(name))]);
    if (found !== undefined || !isFolderThere) return isFolderThere ? found : undefined;
    await this.#requireDirectory(channel);
    return undefined;
  }

  async #isThere(channel: SftpChannel, folder: Folder): Promise<boolean> {
    const found = folder === '.' ? undefined : await orAbsent(channel.lstat(this.#path(folder)));
    if (found === undefined) {
      await this.#requireDirectory(channel);
      return folder === '.';
    }
    if (found.isDirectory()) return true;
    throw deliveryFailed(
      `${this.pathOf(folder)} is not a directory but a link or a file; links in an image directory are not followed. Find out who put it there, and remove it.`,
    );
  }

  async #requireDirectory(channel: SftpChannel): Promise<void> {
    const found = await orAbsent(channel.stat(this.#directory));
    if (found?.isDirectory() === true) return;
    throw deliveryFailed(
      `The image directory ${this.#shown} ${found === undefined ? 'does not exist' : 'is not a directory'}. ` +
        'The gateway never creates it: mount its file system or create it there, or correct the configured ssh.imageDir.',
    );
  }

  #requireExtensions(channel: SftpChannel): void {
    if (this.#options.allowOlderServers === true) return;
    const missing = ['posix-rename@openssh.com', 'fsync@openssh.com', 'statvfs@openssh.com'].filter((name) => !channel.extensions.has(name));
    if (missing.length === 0) return;
    throw new GatewayError(
      'DELIVERY_FAILED',
      `The SFTP server of ${this.#shown} lacks ${missing.join(', ')}, so files can't be replaced safely there. Use OpenSSH's, or set ssh.olderServers to "allow" and accept the risk.`,
      { retryable: false },
    );
  }

  #describe(found: Stats): FileStat {
    const { owner } = this.#options;
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'other';
    const permissions = found.mode & 0o7777;
    return {
      kind,
      size: found.size,
      asConfigured: permissions === this.#mode && (owner === undefined || (found.uid === owner.uid && found.gid === owner.gid)),
      // Files of others that are as closed as ours could not be opened for writing.
      resumable: kind === 'file' && (permissions === 0o600 || permissions === this.#mode),
      version: `${found.size}:${found.mtime}:${found.mode}:${found.uid}:${found.gid}`,
    };
  }
}

async function orAbsent<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (statusOf(error) === STATUS.noSuchFile) return undefined;
    throw error;
  });
}

/** Closes on success and on failure; a failing close counts. */
async function closing<T>(channel: SftpChannel, handle: Buffer, use: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await use();
  } catch (error) {
    // Not waited for: the connection may have gone.
    channel.close(handle).catch(() => {});
    throw error;
  }
  await channel.close(handle);
  return result;
}
