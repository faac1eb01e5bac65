/** An image directory on a file system of this machine: what its names are, what is there, and how its failures read. */
import { lstat, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errnoOf } from '../lib/errors.js';
import { firstOf, orLate, stopIfAborted } from './abort.js';
import { deliveryFailed, explain, isFull, noSpace } from './failures.js';
import { orAbsent } from './file-io.js';
import type { Folder, TargetName } from './names.js';
import type { Room } from './target.js';

export class LocalDirectory {
  readonly #path: string;
  /** Ends all steps. */
  readonly signal: AbortSignal | undefined;
  readonly #graceMs: number;

  /** @param signal and `graceMs` as of `Target.until` */
  constructor(path: string, signal?: AbortSignal, graceMs = 0) {
    this.#path = resolve(path);
    this.signal = signal;
    this.#graceMs = graceMs;
  }

  /** As `Target.until`. */
  until(signal: AbortSignal, graceMs = 0): LocalDirectory {
    return new LocalDirectory(this.#path, firstOf(this.signal, signal), graceMs);
  }

  pathOf(name: TargetName | Folder): string {
    return join(this.#path, name);
  }

  /** As `Target.room`. */
  async room(): Promise<Room> {
    await this.#requireDirectory();
    return this.explained('measure the room in', '.', async (path) => {
      const { bavail, bsize } = await statfs(path);
      return { freeBytes: bavail * bsize, blockBytes: bsize };
    });
  }

  /**
   * Whether a folder exists. A missing sidecar folder only means that nothing was published yet, but a missing image
   * directory must never pass for an empty one: files would count as removed that come back with the next mount.
   */
  async isThere(folder: Folder): Promise<boolean> {
    await this.#requireDirectory();
    if (folder === '.') return true;
    const path = this.pathOf(folder);
    return this.explained('look at', folder, async () => {
      const found = await orAbsent(lstat(path));
      if (found !== undefined && !found.isDirectory()) {
        throw deliveryFailed(
          `${path} is not a directory but a link or a file; links in an image directory are not followed. ` +
            'Find out who put it there, and remove it.',
        );
      }
      return found !== undefined;
    });
  }

  async #requireDirectory(): Promise<void> {
    const found = await this.explained('open the image directory', '.', (path) => orAbsent(stat(path)));
    if (found?.isDirectory() === true) return;
    throw deliveryFailed(
      `The image directory ${this.#path} ${found === undefined ? 'does not exist' : 'is not a directory'}. ` +
        'The gateway never creates it: mount its file system or create it, or correct the configured imageDir.',
    );
  }

  /** Runs one step on a path; its system errors become ours. `needBytes` tells what is still to be written. */
  async explained<T>(
    doing: string,
    name: TargetName | Folder,
    step: (path: string) => Promise<T>,
    needBytes: () => number = () => 0,
  ): Promise<T> {
    const path = this.pathOf(name);
    stopIfAborted(this.signal);
    try {
      // A file system of another machine may hang, and then no call to it ever returns.
      return await orLate(step(path), this.signal, this.#graceMs);
    } catch (error) {
      if (isFull(error)) throw noSpace(path, needBytes(), (await this.room()).freeBytes, error);
      // A missing image directory, which may have gone this moment, is the better explanation of a name that is not there.
      if (errnoOf(error) === 'ENOENT') await this.#requireDirectory();
      throw explain(error, doing, path, this.#path);
    }
  }
}
