/**
 * The bytes of files in an image directory on another machine: written with many requests in flight, gone on with after a
 * break from what the other side really has, and read back.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'ssh2';
import { finishDigest, type Digest } from '../../lib/digest.js';
import { messageOf } from '../../lib/errors.js';
import type { Pace as RatePace } from '../../lib/pace.js';
import { firstOf, stopIfAborted } from '../abort.js';
import { deliveryFailed, explainProduct } from '../failures.js';
import { closeAfter } from '../file-io.js';
import type { Folder, TargetName } from '../names.js';
import type { Verification, WriteOptions } from '../target.js';
import { GAP_BYTES, readRange, writeRange, type OpenFile } from './bulk.js';
import { ConnectionLost, OPEN, statusOf, type SftpChannel } from './channel.js';
import type { SshConnection } from './connection.js';
import { Pace } from './pace.js';
import type { RemoteDirectory } from './remote-directory.js';

/** Files from this size on are worth more than one channel. */
const SEVERAL_CHANNELS_BYTES = 4 << 20;

export class RemoteFiles {
  readonly #directory: RemoteDirectory;
  readonly #verify: Verification;
  readonly #pace: Pace;

  constructor(directory: RemoteDirectory, verify: Verification, pace = new Pace()) {
    this.#directory = directory;
    this.#verify = verify;
    this.#pace = pace;
  }

  /** The same files, of the same server. */
  in(directory: RemoteDirectory): RemoteFiles {
    return new RemoteFiles(directory, this.#verify, this.#pace);
  }

  /** As `Target.writeFile`. */
  async write(name: TargetName, localPath: string, size: number, options: WriteOptions): Promise<void> {
    const { onBytes } = options;
    const signal = firstOf(this.#directory.signal, options.signal);
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
        const path = this.#directory.pathOf(name);
        await this.#directory.refusals(channel, { doing: 'write', name, needBytes: () => size - complete, wantsFreeName: options.offset === 0 && attempt === 0 }, async () => {
          // After a break it is not known whether the file was made.
          const mayBeThere = options.offset > 0 || attempt > 0;
          const found = mayBeThere ? await this.#directory.lstat(channel, name, path) : undefined;
          stopIfAborted(signal);
          const first = found === undefined ? await channel.open(path, OPEN.write | OPEN.create | OPEN.exclusive, 0o600) : await this.#openAgain(channel, path, found);
          // What the other side has lost meanwhile is written again.
          complete = Math.min(complete, found?.size ?? 0);
          if (this.#verify === 'size' && complete > 0) complete = await this.#sameBytes(connection, from, path, complete, signal);
          const files = await this.#openOnAll(connection, { channel, handle: first }, path, OPEN.write, size - complete);
          await this.#transfer(async () => {
            const requests = this.#pace.requests(channel.chunkBytes);
            await writeRange(from, { files, chunkBytes: channel.chunkBytes, requests, start: complete, end: size, signal }, (position) => {
              if (position > complete) progressed();
              tell(position);
            });
          }, files);
          await closing(channel, first, () => this.finishOpen(channel, first, name));
          stopIfAborted(signal);
        });
      };
      await this.#directory.runOn(once, signal);
    });
  }

  /** As `Target.digest`. */
  async digest(name: TargetName, asked?: AbortSignal, pace?: RatePace): Promise<Digest> {
    const signal = firstOf(this.#directory.signal, asked);
    const hash = createHash('sha256');
    let position = 0;
    const once = async (connection: SshConnection, _attempt: number, progressed: () => void): Promise<void> => {
      const [channel] = await connection.channels(1);
      const path = this.#directory.pathOf(name);
      await this.#directory.refusals(channel, { doing: 'read', name }, async () => {
        const found = await channel.lstat(path);
        // Opening a FIFO would hold the server up.
        if (!found.isFile()) throw deliveryFailed(`${this.#directory.shown(name)} is not a regular file. Find out who put it there, and remove it.`);
        const handle = await channel.open(path, OPEN.read);
        const files = await this.#openOnAll(connection, { channel, handle }, path, OPEN.read, found.size - position);
        await this.#transfer(async () => {
          const requests = this.#pace.requests(channel.chunkBytes);
          const range = { files, chunkBytes: channel.chunkBytes, requests, start: position, end: found.size, signal };
          await readRange(range, this.#directory.shown(name), async (bytes, at) => {
            hash.update(bytes);
            position = at + bytes.length;
            progressed();
            await pace?.(bytes.length, signal);
          });
        }, files);
        await channel.close(handle);
      });
    };
    await this.#directory.runOn(once, signal);
    return finishDigest(hash, 'sha256');
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
    if (!this.#directory.describe(found).resumable) throw exchanged;
    const handle = await channel.open(path, OPEN.write);
    const opened = await channel.fstat(handle);
    if (opened.isFile() && opened.size === found.size && opened.mtime === found.mtime && opened.uid === found.uid && opened.mode === found.mode) return handle;
    channel.close(handle).catch(() => {});
    throw exchanged;
  }

  /** How many of the first bytes the target has as they should be: reading is the only proof where nothing is read at the end. */
  async #sameBytes(connection: SshConnection, from: FileHandle, path: string, end: number, signal: AbortSignal | undefined): Promise<number> {
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

  /** The owner goes last: afterwards the file may no longer be ours to change. */
  async finishOpen(channel: SftpChannel, handle: Buffer, name: TargetName): Promise<void> {
    await channel.fsetstat(handle, { mode: this.#directory.mode });
    await this.giveAway(channel, handle, name);
    await sync(channel, handle);
  }

  /** Gives an open file or folder to the configured owner. */
  async giveAway(channel: SftpChannel, handle: Buffer, name: TargetName | Folder): Promise<void> {
    const { owner, account } = this.#directory.options;
    if (owner === undefined) return;
    await channel.fsetstat(handle, { ...owner }).catch((error: unknown) => {
      if (statusOf(error) === undefined) throw error;
      throw deliveryFailed(
        `Can't give ${this.#directory.shown(name)} to uid ${owner.uid} and gid ${owner.gid}: the server says "${messageOf(error)}". Only root may give files away, and the gateway logs in as ${account.username}: correct the configured owner.`,
        error,
      );
    });
  }
}

/** Makes an open file or folder survive a crash, where the server can. */
export async function sync(channel: SftpChannel, handle: Buffer): Promise<void> {
  if (channel.extensions.has('fsync@openssh.com')) await channel.fsync(handle);
}

/** Closes on success and on failure; a failing close counts. */
export async function closing<T>(channel: SftpChannel, handle: Buffer, use: () => Promise<T>): Promise<T> {
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
