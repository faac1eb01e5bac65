/** What a piece of work costs: wall clock, processor seconds and memory, of this process and all its children. */
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Peak of all processes below this one together, sampled. */
  readonly childrenMib: number;
  /** Peak of this process. */
  readonly ownMib: number;
}

/** Ticks of /proc/self/stat in a second on every Linux that Node runs on. */
const TICKS = 100;
const SAMPLE_MS = 250;

export async function measure(work: () => Promise<unknown>): Promise<Cost> {
  let childrenMib = 0;
  let ownMib = 0;
  const sampler = setInterval(() => {
    childrenMib = Math.max(childrenMib, residentOfChildren());
    ownMib = Math.max(ownMib, process.memoryUsage().rss / 2 ** 20);
  }, SAMPLE_MS);
  const cpu = cpuSeconds();
  const begin = performance.now();
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return {
    wallSeconds: (performance.now() - begin) / 1000,
    cpuSeconds: cpuSeconds() - cpu,
    childrenMib,
    ownMib,
  };
}

/** Of this process and of all children that have ended. */
function cpuSeconds(): number {
  const fields = afterName(readFileSync('/proc/self/stat', 'latin1'));
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS;
}

function residentOfChildren(): number {
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
  let sum = 0;
  for (const [pid, size] of resident) {
    let parent = parents.get(pid);
    while (parent !== undefined && parent > 1 && parent !== process.pid) parent = parents.get(parent);
    if (parent === process.pid && pid !== process.pid) sum += size;
  }
  return sum;
}

/** The fields of a stat file behind the program's name, which may hold blanks. */
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
