/**
 * What the publish protocol needs of the place it publishes to, and nothing more: a file system can do it, and so
 * can SFTP with the statvfs, fsync and posix-rename extensions of OpenSSH. What is deliberately not here: following
 * links, opening files that somebody else made, replacing anything otherwise than by an atomic rename.
 *
 * Every method throws a GatewayError that names the path and says what to do: NO_SPACE when the place is full,
 * DELIVERY_FAILED otherwise, the reason of `signal` on abort.
 */
import type { Digest } from '../lib/digest.js';
import type { Pace } from '../lib/pace.js';
import type { Folder, TargetName } from './names.js';

export interface Room {
  /** Bytes that the gateway's user may still write. */
  readonly freeBytes: number;
  /** Files take up whole blocks of so many bytes. */
  readonly blockBytes: number;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  /** Mode and owner are what the system's policy asks for. */
  readonly asConfigured: boolean;
  /**
   * A regular file of the gateway's own user that has no second name: only we wrote into it, and writing on changes
   * nothing else. Anything else under a temporary name is replaced, never continued.
   */
  readonly resumable: boolean;
  /** Differs when another file, or other bytes, stand under the name. */
  readonly version: string;
}

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** 0 makes a new file and fails if the name is taken; more continues a `resumable` file at that byte. */
  readonly offset: number;
  /** Bytes of the file that lie on the target so far, `offset` included. */
  readonly onBytes?: (bytes: number) => void;
}

/** `always`: what was written is read back and its sha256 compared; `size`: its size alone is looked at. */
export type Verification = 'always' | 'size';

/** Default of `Target.cleanUpMs`. */
export const CLEAN_UP_MS = 10_000;

export interface Target {
  /** How far what was just written is trusted. What was there before is always read. */
  readonly verify: Verification;
  /** Bytes that copying an image has to leave free. Linked images and metadata take next to nothing and may use them. */
  readonly reserveBytes: number;
  /** How long (ms) work that is to end may still go on with what it has under way, and then with tidying up behind itself. */
  readonly cleanUpMs: number;
  /**
   * The same place, for work that ends with `signal`: from then on no step is begun, and one that is under way has
   * `graceMs` to end before its caller is told the reason of the signal, however long the other side stays silent.
   */
  until(signal: AbortSignal, graceMs?: number): Target;
  /** The full path (over SFTP with the host) for messages and records. */
  pathOf(name: TargetName | Folder): string;
  room(): Promise<Room>;
  /** The names in a folder; none when the sidecar folder does not exist. The image directory must exist. */
  list(folder: Folder): Promise<readonly string[]>;
  /** Of the name itself, not of what a link points to; undefined when there is nothing. */
  stat(name: TargetName): Promise<FileStat | undefined>;
  /** Makes the sidecar folder unless it is there as a real directory. */
  makeSidecarFolder(): Promise<void>;
  /**
   * Gives a local file the new name `name` too, without copying, and makes that durable. False when that can't be
   * done here, or when the file would not have the mode and owner of the policy.
   */
  adopt(name: TargetName, localPath: string): Promise<boolean>;
  /** Copies the first `size` bytes of a local file, sets mode and owner, fsyncs and closes. */
  writeFile(name: TargetName, localPath: string, size: number, options: WriteOptions): Promise<void>;
  /** Makes a new small file, sets mode and owner, fsyncs and closes. Fails if the name is taken. */
  writeText(name: TargetName, text: string): Promise<void>;
  /** The sha256 of what lies on the target, by reading all of it, as fast as `pace` allows. */
  digest(name: TargetName, signal?: AbortSignal, pace?: Pace): Promise<Digest>;
  /** Atomic; replaces `to`. Afterwards `from` has gone. */
  rename(from: TargetName, to: TargetName): Promise<void>;
  /** Removes a file or link; nothing happens when there is none. */
  remove(name: TargetName): Promise<void>;
  /** Makes names made, renamed and removed in a folder survive a crash. */
  syncFolder(folder: Folder): Promise<void>;
}
