/**
 * Servers of an earlier gateway that outlived it.
 *
 * The kernel ends them with their parent (see lib/child.ts); this is for the machine without `setpriv`, and for a
 * parent that died in the moment between fork and that request. They are known by their arguments, which name the
 * data directory: unlike a pid file, that can't be missing, late or point to somebody else's process.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../lib/errors.js';

const END_LIMIT_MS = 10_000;
const POLL_MS = 10;

/**
 * Ends every process that has `option` and `value` next to each other in its arguments, and waits until it is gone. To be
 * called by the owner of the state directory before it starts servers.
 *
 * @returns the process ids that were ended.
 * @throws GatewayError CONFLICT when one does not end.
 */
export async function endLeftovers(option: string, value: string): Promise<readonly number[]> {
  const pids = await findProcesses(option, value);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went by itself, or is another user's: the wait below tells.
    }
  }
  const end = Date.now() + END_LIMIT_MS;
  for (const pid of pids) {
    while (await hasArguments(pid, option, value)) {
      if (Date.now() > end) {
        throw new GatewayError(
          'CONFLICT',
          `Process ${pid} still works on ${value} and does not end: end it and try again.`,
        );
      }
      await sleep(POLL_MS);
    }
  }
  return pids;
}

async function findProcesses(option: string, value: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const matches = await Promise.all(
    pids.map(async (pid) => ((await hasArguments(pid, option, value)) ? [pid] : [])),
  );
  return matches.flat().filter((pid) => pid !== process.pid);
}

/** False for a process that is gone, and for a zombie, which has no arguments any more. */
async function hasArguments(pid: number, option: string, value: string): Promise<boolean> {
  const line = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
  const args = line.split('\0');
  return args.some((arg, at) => arg === option && args[at + 1] === value);
}
