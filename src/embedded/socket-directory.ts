/**
 * Where the private servers' sockets are.
 */
import { chmod, lstat, mkdir, mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../lib/errors.js';

export interface SocketDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** unix(7): `sun_path` has 108 bytes, one of them for the end. */
const LONGEST_PATH_BYTES = 107;
/** The longest name that is put there (mongod's own choice). */
const LONGEST_NAME = 'mongodb-27017.sock';
const TEMPORARY_PREFIX = 'imagegw-sockets-';

/**
 * Makes a directory that only this user can enter: `run` in the state directory, or a temporary one when that path
 * is too long for a socket. A link in the state directory remembers the temporary one, so that the next start removes
 * what a killed gateway left.
 *
 * @throws GatewayError BAD_CONFIG when even the temporary directory is too long.
 */
export async function makeSocketDirectory(stateDirectory: string): Promise<SocketDirectory> {
  const link = join(stateDirectory, 'sockets');
  await removeTemporary(link);
  const own = join(stateDirectory, 'run');
  if (fits(own)) {
    await mkdir(own, { recursive: true, mode: 0o700 });
    // It may be there already with another mode.
    await chmod(own, 0o700);
    return { path: own, remove: () => rm(own, { recursive: true, force: true }) };
  }
  const path = await mkdtemp(join(tmpdir(), TEMPORARY_PREFIX));
  await symlink(path, link);
  if (fits(path)) return { path, remove: () => removeTemporary(link) };
  await removeTemporary(link);
  throw new GatewayError(
    'BAD_CONFIG',
    `Neither ${stateDirectory} nor ${tmpdir()} is short enough for a Unix socket: use a shorter --state or TMPDIR.`,
  );
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, LONGEST_NAME)) <= LONGEST_PATH_BYTES;
}

async function removeTemporary(link: string): Promise<void> {
  const target = await readlink(link).catch(() => undefined);
  if (target === undefined) return;
  const owner = await lstat(target).then(
    (stat) => stat.uid,
    () => undefined,
  );
  // Only what this module can have made: a link is easily changed, and this removes a tree.
  const isOurs =
    dirname(target) === tmpdir() &&
    basename(target).startsWith(TEMPORARY_PREFIX) &&
    owner === process.getuid?.();
  if (isOurs) await rm(target, { recursive: true, force: true });
  await rm(link, { force: true });
}
