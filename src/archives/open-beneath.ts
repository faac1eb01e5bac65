/**
 * Opening a path that a user named, below a directory that the site named.
 *
 * Threat: the user owns directories on the way and exchanges them, for symbolic links above all, while the gateway looks
 * at them. So each component is opened relative to the directory before it (through /proc/self/fd, which is openat(2)),
 * never following a link; what was checked is the very thing that is read afterwards. Devices, FIFOs and sockets are
 * looked at without being opened.
 */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, GatewayError, messageOf } from '../lib/errors.js';

/** On whose behalf a path is opened. */
export interface ImportingUser {
  readonly uid: number;
  /** User ids of those whose files are trusted: root, the gateway, administrators. */
  readonly administrators: readonly number[];
}

export interface OpenedPath {
  readonly kind: 'file' | 'directory';
  readonly handle: FileHandle;
  /** Bytes of a file. */
  readonly size: number;
  /** Others than its owner can get at it: it, and every directory on the way. */
  readonly isOpenToAll: boolean;
}

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Looks at a name without opening what stands there (open(2)); Node does not name it. The same on all that Node runs on. */
const O_PATH = 0o10000000;
const MAX_PATH = 4096;

/**
 * The directory of `roots` that a path lies below; what is below it, component by component.
 *
 * @throws GatewayError BAD_USER_INPUT for a path that is not absolute or holds `.` or `..`; FORBIDDEN for one elsewhere.
 */
export function splitImportPath(path: string, roots: readonly string[]): { readonly root: string; readonly components: readonly string[] } {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const parts = trimmed.split('/').slice(1);
  if (!path.startsWith('/') || path.length > MAX_PATH || path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new GatewayError('BAD_USER_INPUT', `${shown(path)} can't be imported: give an absolute path without "." and "..", as the machine of the system's worker has it.`);
  }
  // The nearest one, should one lie in another.
  const [root] = roots.filter((one) => trimmed.startsWith(one === '/' ? one : `${one}/`)).sort((a, b) => b.length - a.length);
  if (root === undefined) {
    const where = roots.length === 0 ? 'nothing may be imported here ("ImportPaths" is empty)' : `imports come from ${roots.join(', ')} here ("ImportPaths")`;
    throw new GatewayError('FORBIDDEN', `${shown(path)} can't be imported: ${where}.`);
  }
  const components = trimmed.slice(root === '/' ? 1 : root.length + 1).split('/');
  return { root, components };
}

/**
 * Opens a regular file or a directory. The caller closes it.
 *
 * @throws GatewayError as `splitImportPath`; NOT_FOUND; FORBIDDEN for links, for what is neither file nor directory, and
 *   for what belongs to somebody else.
 */
export async function openImportPath(path: string, roots: readonly string[], user: ImportingUser): Promise<OpenedPath> {
  const { root, components } = splitImportPath(path, roots);
  let current = await open(root, O_PATH | O_DIRECTORY).catch((error: unknown) => {
    throw new GatewayError('NOT_FOUND', `The directory ${root} of "ImportPaths" can't be opened on the machine of the worker: ${messageOf(error)}.`, { cause: error });
  });
  let isOpenToAll = true;
  try {
    for (const component of components.slice(0, -1)) {
      const next = await lookAt(current, component, path);
      await current.close();
      current = next;
      const found = await current.stat();
      if (!found.isDirectory()) throw refused(path, `${shown(component)} on its way is ${kindOf(found)}; only directories are followed, and no links`);
      isOpenToAll &&= (found.mode & 0o001) !== 0 || found.uid === user.uid;
    }
    return await openBeneath(current, components.at(-1) ?? '', path, user, isOpenToAll);
  } finally {
    await current.close();
  }
}

/**
 * Opens one name in a directory that was opened before.
 * @throws GatewayError as `openImportPath`.
 */
export async function openBeneath(directory: FileHandle, name: string, path: string, user: ImportingUser, isWayOpen: boolean): Promise<OpenedPath> {
  const seen = await lookAt(directory, name, path);
  try {
    const found = await seen.stat();
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : undefined;
    if (kind === undefined) throw refused(path, `${shown(name)} is ${kindOf(found)}; only regular files and directories are imported`);
    const isOpenToAll = isWayOpen && (found.mode & (kind === 'file' ? 0o004 : 0o001)) !== 0;
    checkOwner(found, path, user, isOpenToAll);
    // The very thing that was looked at, whatever stands under its name by now.
    const handle = await open(`/proc/self/fd/${String(seen.fd)}`, O_RDONLY | O_NONBLOCK).catch((error: unknown) => {
      throw refused(path, `the gateway can't read it: ${messageOf(error)}`, error);
    });
    return { kind, handle, size: found.size, isOpenToAll };
  } finally {
    await seen.close();
  }
}

async function lookAt(directory: FileHandle, name: string, path: string): Promise<FileHandle> {
  try {
    return await open(`/proc/self/fd/${String(directory.fd)}/${name}`, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new GatewayError('NOT_FOUND', `${shown(path)} is not there: the machine where the system's worker runs has no ${shown(name)} on that way. Imports are read there, not over SSH.`, { cause: error });
    throw refused(path, `${shown(name)} can't be looked at: ${messageOf(error)}`, error);
  }
}

/** What an administrator keeps to himself is not handed out by a link that somebody made to it. */
function checkOwner({ uid }: Stats, path: string, user: ImportingUser, isOpenToAll: boolean): void {
  if (uid === user.uid) return;
  if (!user.administrators.includes(uid)) throw refused(path, `it belongs to uid ${String(uid)}; only your own files, and those of administrators, are imported`);
  if (!isOpenToAll) throw refused(path, 'it belongs to an administrator, and is not open to everybody');
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a symbolic link';
  if (found.isFile()) return 'a file';
  if (found.isDirectory()) return 'a directory';
  if (found.isFIFO()) return 'a FIFO';
  return found.isSocket() ? 'a socket' : 'a device';
}

function refused(path: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('FORBIDDEN', `${shown(path)} can't be imported: ${why}.`, cause === undefined ? {} : { cause });
}

/** A name from outside, in a message of one line. */
export function shown(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 200 ? `${printable.slice(0, 200)}...` : printable;
}
