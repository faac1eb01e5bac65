/**
 * Names of workers that tell whether the worker still lives: host, process and when it started. What a dead worker has
 * left on a disk can so be told from what a live one is using, also when its process id has been given away again.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const OWNER = /^(.+)\.(\d+)\.(\d+)$/;

/** A name for this process, fit for file names. */
export function ownerOfThisProcess(): string {
  return `${hostPart()}.${String(process.pid)}.${startTime(process.pid) ?? '0'}`;
}

/** False only when it is certain that the process has gone: it was on this host and is not there any more. */
export function isOwnerAlive(owner: string): boolean {
  const [, host, pid, start] = OWNER.exec(owner) ?? [];
  if (host === undefined || pid === undefined || host !== hostPart()) return true;
  return startTime(Number(pid)) === start;
}

function hostPart(): string {
  return hostname().replace(/[^A-Za-z0-9-]/g, '-') || 'host';
}

/** Field 22 of /proc/<pid>/stat: clock ticks from boot to the start of the process. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
