/**
 * An image directory on another machine: how a step in it is run, what its names are, and how its refusals read.
 */
import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import { GatewayError } from '../../lib/errors.js';
import { firstOf } from '../abort.js';
import { deliveryFailed } from '../failures.js';
import { folderOf, type Folder, type TargetName } from '../names.js';
import { CLEAN_UP_MS, type FileStat, type Verification } from '../target.js';
import { hostText, type SshAccount } from './account.js';
import { STATUS, statusOf, type SftpChannel } from './channel.js';
import type { SshConnection } from './connection.js';
import type { SshConnections } from './connections.js';
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
  /** As `Target.cleanUpMs`. Default 10 s. */
  readonly cleanUpMs?: number;
  /** Also use servers that lack posix-rename, fsync or statvfs. Default false. */
  readonly allowOlderServers?: boolean;
}

/** What is done to a name, for the explanation of a refusal. */
export interface Doing {
  readonly doing: string;
  readonly name: TargetName | Folder;
  readonly needBytes?: (() => number) | undefined;
  /** Nothing may have that name yet. */
  readonly wantsFreeName?: boolean;
}

export class RemoteDirectory {
  readonly options: SftpTargetOptions;
  /** On the system. */
  readonly path: string;
  readonly mode: number;
  readonly cleanUpMs: number;
  readonly #shown: string;
  /** Ends all steps. */
  readonly signal: AbortSignal | undefined;
  readonly #graceMs: number;

  /** @param signal and `graceMs` as of `Target.until` */
  constructor(options: SftpTargetOptions, signal?: AbortSignal, graceMs = 0) {
    this.options = options;
    this.cleanUpMs = options.cleanUpMs ?? CLEAN_UP_MS;
    this.signal = signal;
    this.#graceMs = graceMs;
    this.path = posix.normalize(options.imageDirectory);
    this.mode = options.mode ?? 0o600;
    const [host] = options.account.hosts;
    // As scp writes it; the port is no part of a path.
    this.#shown = `${host === undefined ? '' : host.name}:${this.path}`;
  }

  /** As `Target.until`. */
  until(signal: AbortSignal, graceMs = 0): RemoteDirectory {
    return new RemoteDirectory(this.options, firstOf(this.signal, signal), graceMs);
  }

  /** For people. */
  shown(name: TargetName | Folder): string {
    return posix.join(this.#shown, name);
  }

  pathOf(name: TargetName | Folder): string {
    return posix.join(this.path, name);
  }

  /** Runs a step on a connection, again after a break. @param signal ends it, too. */
  runOn<T>(step: (connection: SshConnection, attempt: number, progressed: () => void) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.options.connections.run(this.options.account, step, firstOf(this.signal, signal), this.#graceMs);
  }

  /** The same for a step on its first channel. */
  run<T>(step: (channel: SftpChannel, attempt: number) => Promise<T>): Promise<T> {
    return this.runOn(async (connection, attempt) => {
      const [channel] = await connection.channels(1);
      this.#requireExtensions(channel);
      return step(channel, attempt);
    });
  }

  /** The same for a step on one name, whose refusals are explained. */
  do<T>(
    doing: string,
    name: TargetName | Folder,
    step: (channel: SftpChannel, path: string, attempt: number) => Promise<T>,
    needBytes?: () => number,
  ): Promise<T> {
    return this.run((channel, attempt) => this.refusals(channel, { doing, name, needBytes }, () => step(channel, this.pathOf(name), attempt)));
  }

  /** Runs a step and explains why the server refuses it. */
  async refusals<T>(
    channel: SftpChannel,
    { doing, name, needBytes, wantsFreeName = false }: Doing,
    step: () => Promise<T>,
  ): Promise<T> {
    this.#requireExtensions(channel);
    try {
      return await step();
    } catch (error) {
      const { username, hosts } = this.options.account;
      // A missing image directory is the better explanation of a name that is not there.
      if (statusOf(error) === STATUS.noSuchFile) await this.requireDirectory(channel);
      throw await explainRefusal(
        error,
        {
          doing,
          wantsFreeName,
          shown: this.shown(name),
          path: this.pathOf(name),
          directory: this.path,
          user: `user "${username}" on ${hosts.map(hostText).join(', ')}`,
          needBytes: needBytes?.() ?? 0,
        },
        channel,
      );
    }
  }

  /** Of the name itself; undefined when it is not there. A missing image directory is never taken for an empty one. */
  async lstat(channel: SftpChannel, name: TargetName, path: string): Promise<Stats | undefined> {
    // Side by side: the second answer is needed for links on the way, and costs no round trip.
    const [found, isFolderThere] = await Promise.all([orAbsent(channel.lstat(path)), folderOf(name) === '.' ? true : this.isThere(channel, folderOf(name))]);
    if (found !== undefined || !isFolderThere) return isFolderThere ? found : undefined;
    await this.requireDirectory(channel);
    return undefined;
  }

  /** Of a folder; a link is refused. */
  async isThere(channel: SftpChannel, folder: Folder): Promise<boolean> {
    const found = folder === '.' ? undefined : await orAbsent(channel.lstat(this.pathOf(folder)));
    if (found === undefined) {
      await this.requireDirectory(channel);
      return folder === '.';
    }
    if (found.isDirectory()) return true;
    throw deliveryFailed(
      `${this.shown(folder)} is not a directory but a link or a file; links in an image directory are not followed. Find out who put it there, and remove it.`,
    );
  }

  /** @throws GatewayError DELIVERY_FAILED when the image directory is not there */
  async requireDirectory(channel: SftpChannel): Promise<void> {
    const found = await orAbsent(channel.stat(this.path));
    if (found?.isDirectory() === true) return;
    throw deliveryFailed(
      `The image directory ${this.#shown} ${found === undefined ? 'does not exist' : 'is not a directory'}. ` +
        'The gateway never creates it: mount its file system or create it there, or correct the configured ssh.imageDir.',
    );
  }

  #requireExtensions(channel: SftpChannel): void {
    if (this.options.allowOlderServers === true) return;
    const missing = ['posix-rename@openssh.com', 'fsync@openssh.com', 'statvfs@openssh.com'].filter((name) => !channel.extensions.has(name));
    if (missing.length === 0) return;
    throw new GatewayError(
      'DELIVERY_FAILED',
      `The SFTP server of ${this.#shown} lacks ${missing.join(', ')}, so files can't be replaced safely there. Use OpenSSH's, or set ssh.olderServers to "allow" and accept the risk.`,
      { retryable: false },
    );
  }

  /** A look at a file, as the publish protocol needs it. */
  describe(found: Stats): FileStat {
    const { owner } = this.options;
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'other';
    const permissions = found.mode & 0o7777;
    return {
      kind,
      size: found.size,
      asConfigured: permissions === this.mode && (owner === undefined || (found.uid === owner.uid && found.gid === owner.gid)),
      // Files of others that are as closed as ours could not be opened for writing.
      resumable: kind === 'file' && (permissions === 0o600 || permissions === this.mode),
      version: `${found.size}:${found.mtime}:${found.mode}:${found.uid}:${found.gid}`,
    };
  }
}

export async function orAbsent<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (statusOf(error) === STATUS.noSuchFile) return undefined;
    throw error;
  });
}
