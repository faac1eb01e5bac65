/**
 * One SFTP channel: requests as promises, each of which is certain to be answered. ssh2 may leave callbacks uncalled
 * when a connection breaks, and some servers stop answering; both end here as `ConnectionLost`.
 */
import type { InputAttributes, SFTPWrapper, Stats } from 'ssh2';
import { z } from 'zod';
import { GatewayError, messageOf } from '../../lib/errors.js';

/** The connection broke, or fell silent. What was asked for may have been done or not. */
export class ConnectionLost extends GatewayError {
  constructor(host: string, why: string, cause?: unknown) {
    super('DELIVERY_FAILED', `The connection to ${host} broke: ${why}. Try again; if it lasts, look at the SSH server of that host.`, { cause });
  }
}

/** SSH_FXP_OPEN flags (draft-ietf-secsh-filexfer-02, 6.3). */
export const OPEN = { read: 1, write: 2, create: 8, exclusive: 32 } as const;

/** Status codes of the same draft, section 7. */
export const STATUS = { endOfFile: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

/** The status with which the server has refused a request; undefined for every other error. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

export interface FileSystemStat {
  /** Bytes. */
  readonly freeBytes: number;
  readonly blockBytes: number;
  readonly hasInodes: boolean;
  readonly isReadOnly: boolean;
}

const statvfsAnswer = z.object({ f_frsize: z.number(), f_bavail: z.number(), f_files: z.number(), f_favail: z.number(), f_flag: z.number() });
/** What ssh2 keeps of the server's greeting and has no accessor for. */
const internals = z.object({ _extensions: z.record(z.string(), z.string()), _maxWriteLen: z.number() });

type Done<T> = (error: Error | null | undefined, value: T) => void;

/** What ssh2 hands to servers that are not OpenSSH in one request, less what it would split. */
const SMALL_CHUNK = 31_000;
const LARGE_CHUNK = 260_096;

export class SftpChannel {
  /** The most bytes that one request to read or write carries. */
  readonly chunkBytes: number;
  readonly extensions: ReadonlySet<string>;
  readonly #sftp: SFTPWrapper;
  readonly #host: string;
  readonly #onLost: (reason: ConnectionLost) => void;
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #stallTimer: NodeJS.Timeout;
  #patient = 0;
  #lost: ConnectionLost | undefined;

  constructor(sftp: SFTPWrapper, host: string, stallTimeoutMs: number, onLost: (reason: ConnectionLost) => void) {
    this.#sftp = sftp;
    this.#host = host;
    this.#onLost = onLost;
    const { _extensions, _maxWriteLen } = internals.parse({
      _extensions: Reflect.get(sftp, '_extensions') as unknown,
      _maxWriteLen: Reflect.get(sftp, '_maxWriteLen') as unknown,
    });
    this.extensions = new Set(Object.keys(_extensions));
    this.chunkBytes = _maxWriteLen >= LARGE_CHUNK ? LARGE_CHUNK : SMALL_CHUNK;
    this.#stallTimer = setTimeout(() => this.#onStall(stallTimeoutMs), stallTimeoutMs);
    this.#stallTimer.unref();
    const closed = (): void => this.fail(new ConnectionLost(host, 'it was closed by the other side'));
    sftp.on('close', closed).on('end', closed);
    sftp.on('error', (error: Error) => this.fail(new ConnectionLost(host, error.message, error)));
  }

  /** Ends all requests, those under way and those to come. */
  fail(reason: ConnectionLost): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    clearTimeout(this.#stallTimer);
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
    this.#onLost(reason);
  }

  open(path: string, flags: number, mode?: number): Promise<Buffer> {
    return this.#request((done: Done<Buffer>) =>
      mode === undefined ? this.#sftp.open(path, flags, done) : this.#sftp.open(path, flags, { mode }, done),
    );
  }

  /** A failing close counts: network file systems report lost writes there. */
  close(handle: Buffer): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.close(handle, (error) => done(error, undefined)), true);
  }

  /** Reads into the beginning of `buffer`; gives the number of bytes, 0 at the end of the file. */
  read(handle: Buffer, buffer: Buffer, length: number, position: number): Promise<number> {
    return this.#request((done: Done<number>) => this.#sftp.read(handle, buffer, 0, length, position, (error, bytes) => done(error, bytes)));
  }

  /** Writes the first `length` bytes of `buffer`, at most `chunkBytes`. */
  write(handle: Buffer, buffer: Buffer, length: number, position: number): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.write(handle, buffer, 0, length, position, (error) => done(error, undefined)));
  }

  lstat(path: string): Promise<Stats> {
    return this.#request((done: Done<Stats>) => this.#sftp.lstat(path, done));
  }

  stat(path: string): Promise<Stats> {
    return this.#request((done: Done<Stats>) => this.#sftp.stat(path, done));
  }

  fstat(handle: Buffer): Promise<Stats> {
    return this.#request((done: Done<Stats>) => this.#sftp.fstat(handle, done));
  }

  fsetstat(handle: Buffer, attributes: InputAttributes): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.fsetstat(handle, attributes, (error) => done(error, undefined)));
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.mkdir(path, { mode }, (error) => done(error, undefined)));
  }

  unlink(path: string): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.unlink(path, (error) => done(error, undefined)));
  }

  /** The names in a directory, without `.` and `..`. */
  async list(path: string): Promise<string[]> {
    type Entries = Parameters<Parameters<SFTPWrapper['readdir']>[1]>[1];
    const entries = await this.#request((done: Done<Entries>) => this.#sftp.readdir(path, done));
    return entries.map(({ filename }) => filename).filter((name) => name !== '.' && name !== '..');
  }

  realpath(path: string): Promise<string> {
    return this.#request((done: Done<string>) => this.#sftp.realpath(path, done));
  }

  /** Atomic, onto an existing name too: `posix-rename@openssh.com`. */
  posixRename(from: string, to: string): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.ext_openssh_rename(from, to, (error) => done(error, undefined)));
  }

  /** Fails when `to` exists. */
  plainRename(from: string, to: string): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.rename(from, to, (error) => done(error, undefined)));
  }

  /** Takes as long as the disk does: only the keepalive of the connection ends the waiting. */
  fsync(handle: Buffer): Promise<void> {
    return this.#request((done: Done<void>) => this.#sftp.ext_openssh_fsync(handle, (error: Error | undefined) => done(error, undefined)), true);
  }

  async statvfs(path: string): Promise<FileSystemStat> {
    const answer = await this.#request((done: Done<unknown>) =>
      this.#sftp.ext_openssh_statvfs(path, (error: Error | undefined, value: unknown) => done(error, value)),
    );
    const { f_frsize, f_bavail, f_files, f_favail, f_flag } = statvfsAnswer.parse(answer);
    return {
      freeBytes: f_bavail * f_frsize,
      blockBytes: f_frsize,
      // File systems that make inodes as needed say that they have none at all.
      hasInodes: f_files === 0 || f_favail > 0,
      // SSH_FXE_STATVFS_ST_RDONLY.
      isReadOnly: (f_flag & 1) === 1,
    };
  }

  #request<T>(send: (done: Done<T>) => void, isPatient = false): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost);
      const settle = (): void => {
        this.#waiting.delete(reject);
        if (isPatient) this.#patient -= 1;
        if (this.#lost === undefined) this.#stallTimer.refresh();
      };
      if (this.#waiting.size === 0) this.#stallTimer.refresh();
      this.#waiting.add(reject);
      if (isPatient) this.#patient += 1;
      try {
        send((error, value) => {
          settle();
          if (error == null) resolve(value);
          else if (statusOf(error) !== undefined) reject(error);
          else reject(this.#lost ?? new ConnectionLost(this.#host, messageOf(error), error));
        });
      } catch (error) {
        settle();
        reject(new ConnectionLost(this.#host, messageOf(error), error));
      }
    });
  }

  #onStall(stallTimeoutMs: number): void {
    if (this.#waiting.size > this.#patient) {
      this.fail(new ConnectionLost(this.#host, `no answer came for ${stallTimeoutMs / 1000} s`));
    } else {
      this.#stallTimer.refresh();
    }
  }
}
