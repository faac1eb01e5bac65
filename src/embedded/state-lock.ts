/**
 * One gateway a state directory.
 */
import { mkdir, open, readFile, realpath, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../lib/child.js';
import { GatewayError } from '../lib/errors.js';

export interface StateLock {
  /** The directory's absolute path, without symbolic links. */
  readonly directory: string;
  /** Gives the directory free. The file stays: if it were removed, two processes could lock two files of one name. */
  release(): Promise<void>;
}

/** EX_TEMPFAIL of sysexits.h; flock(1) has no status of its own for "somebody else has it". */
const TAKEN_STATUS = 75;

/**
 * Makes the directory (mode 0700) when it is missing, and takes it for this process.
 *
 * The lock is flock(2) on a file that stays: the kernel gives it to one process only, and takes it back however that
 * process ends, so there is nothing stale to judge and no moment between judging and taking over. Node can't ask for
 * it, so flock(1) does, on our own open file; the lock belongs to that and outlives the helper. The number in the
 * file is for the message alone.
 *
 * @throws GatewayError CONFLICT when another gateway has it; the message names its process and the directory.
 */
export async function lockStateDirectory(path: string): Promise<StateLock> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const directory = await realpath(path);
  const lockFile = join(directory, 'lock');
  const file = await open(lockFile, 'a+', 0o600);
  try {
    await lock(file, directory, lockFile);
    await file.truncate();
    await file.appendFile(`${process.pid}\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { directory, release: () => file.close() };
}

async function lock(file: FileHandle, directory: string, lockFile: string): Promise<void> {
  try {
    await runChild({
      command: 'flock',
      args: ['--exclusive', '--nonblock', '--conflict-exit-code', String(TAKEN_STATUS), '0'],
      stdin: file.fd,
      missingCode: 'BAD_CONFIG',
    });
  } catch (error) {
    // Other failures (a file system without locks) are told as they are.
    const isTaken = error instanceof GatewayError && error.message.includes(`exit status ${TAKEN_STATUS};`);
    if (!isTaken) throw error;
    // Empty in the moment between the other's locking and writing.
    const holder = (await readFile(lockFile, 'utf8')).trim();
    const who = /^\d+$/.test(holder) ? `process ${holder}` : 'another process';
    throw new GatewayError(
      'CONFLICT',
      `A gateway already runs on the state directory ${directory} (${who}): stop it, or give this one another directory with --state.`,
    );
  }
}
