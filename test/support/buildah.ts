/** buildah with a store of its own below a directory. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Buildah {
  /** What it prints, trimmed. */
  (...args: string[]): Promise<string>;
}

/** Commands in containers run in a chroot, which needs no runtime. */
export function buildahIn(directory: string): Buildah {
  const store = ['--storage-driver', 'vfs', '--root', join(directory, 'storage'), '--runroot', join(directory, 'run')];
  const environment = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
  return async (...args) =>
    (await promisify(execFile)('buildah', [...store, ...args], { env: environment, maxBuffer: 1 << 26 })).stdout.trim();
}
