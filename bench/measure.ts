/** What a piece of work costs: wall clock, processor seconds and memory, of a process and all its children. */
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Peak of all processes below it together, without what ran before, sampled. */
  readonly childrenMib: number;
  /** Peak of the process, sampled. */
  readonly ownMib: number;
}

/** Ticks of /proc/self/stat in a second on every Linux that Node runs on. */
const TICKS = 100;
const SAMPLE_MS = 250;

/** @param pid of the process that does the work, or starts what does it; this one when not given. */
export async function measure(work: () => Promise<unknown>, pid = process.pid): Promise<Cost> {
  let childrenMib = 0;
  let ownMib = 0;
  // Servers that run beside the work, too, are children.
  const others = residentOf(pid).childrenMib;
  const sampler = setInterval(() => {
    const resident = residentOf(pid);
    childrenMib = Math.max(childrenMib, resident.childrenMib - others);
    ownMib = Math.max(ownMib, resident.ownMib);
  }, SAMPLE_MS);
  const cpu = cpuSeconds(pid);
  const begin = performance.now();
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return {
    wallSeconds: (performance.now() - begin) / 1000,
    cpuSeconds: cpuSeconds(pid) - cpu,
    childrenMib,
    ownMib,
  };
}

/** Of the process and of all its children that have ended. */
function cpuSeconds(pid: number): number {
  const fields = afterName(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS;
}

function residentOf(pid: number): { readonly ownMib: number; readonly childrenMib: number } {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = afterName(readFileSync(`/proc/${name}/stat`, 'latin1'));
      parents.set(Number(name), Number(fields[1]));
      resident.set(Number(name), (Number(fields[21]) * 4096) / 2 ** 20);
    } catch {
      // It has just ended.
    }
  }
  let childrenMib = 0;
  for (const [child, size] of resident) {
    let parent = parents.get(child);
    while (parent !== undefined && parent > 1 && parent !== pid) parent = parents.get(parent);
    if (parent === pid && child !== pid) childrenMib += size;
  }
  return { ownMib: resident.get(pid) ?? 0, childrenMib };
}

/** The fields of a stat file behind the program's name, which may hold blanks. */
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** How the numbers of a table came about. */
export function roundsInWords(rounds: number, runs = 'runs'): string {
  return rounds === 1 ? 'one run' : `medians of ${String(rounds)} ${runs}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
