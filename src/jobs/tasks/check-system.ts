import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeTarget, type Target } from '../../delivery/index.js';
import type { TaskAnswer } from '../../models/system-records.js';
import type { WorkDirectories } from '../work-directories.js';

export interface CheckSystemOptions {
  /** The claim of the task: names the files that are tried with. */
  readonly id: string;
  readonly target: Target;
  readonly work: WorkDirectories;
  readonly worker: string;
  /** Bytes to write and read back. */
  readonly probeBytes: number;
  readonly signal: AbortSignal;
}

/** Tries a system from where this worker stands. @throws the reason of the signal, NO_SPACE of this machine's disk */
export async function checkSystem({ id, target, work, worker, probeBytes, signal }: CheckSystemOptions): Promise<TaskAnswer> {
  const directory = await work.make(id);
  try {
    const path = join(directory, 'probe');
    // Random, so that neither a compressing file system nor one that finds equal blocks flatters it.
    await writeFile(path, randomBytes(probeBytes), { mode: 0o600 });
    return { ...(await probeTarget(target, { id, path, size: probeBytes, signal })), worker, checkedAt: new Date() };
  } finally {
    await work.remove(id);
  }
}
