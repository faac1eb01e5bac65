/** buildah with a store of its own below a directory. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canMountKind } from './mounts.js';

export interface Buildah {
  /** What it prints, trimmed. */
  (...args: string[]): Promise<string>;
}

/** Commands in containers run in a chroot, which needs no runtime. Without overlayfs every layer is a whole copy. */
export async function buildahIn(directory: string): Promise<Buildah> {
  const driver = (await canMountKind('overlay')) ? 'overlay' : 'vfs';
  const store = ['--storage-driver', driver, '--root', join(directory, 'storage'), '--runroot', join(directory, 'run')];
  const environment = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
  return async (...args) =>
    (await promisify(execFile)('buildah', [...store, ...args], { env: environment, maxBuffer: 1 << 26 })).stdout.trim();
}
