/**
 * Where a worker builds products: `<ExpandDirectory>/<worker>/<pull>/`. What dead workers have left is removed.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, GatewayError, messageOf } from '../lib/errors.js';
import { isOwnerAlive } from './worker-identity.js';

export interface WorkDirectories {
  /** An empty directory for this pull. @throws GatewayError NO_SPACE or INTERNAL naming the path */
  make(pullId: string): Promise<string>;
  remove(pullId: string): Promise<void>;
  /** Removes what dead workers of this host have left. */
  sweep(): Promise<void>;
  /** Removes this worker's own directory. */
  close(): Promise<void>;
}

export function createWorkDirectories(expandDirectory: string, owner: string): WorkDirectories {
  const own = join(expandDirectory, owner);
  return {
    async make(pullId) {
      const directory = join(own, pullId);
      try {
        await rm(directory, { recursive: true, force: true });
        await mkdir(directory, { recursive: true, mode: 0o700 });
      } catch (error) {
        if (errnoOf(error) === 'ENOSPC') throw new GatewayError('NO_SPACE', `The disk of ${directory} is full: free some room there.`, { cause: error });
        throw new GatewayError('INTERNAL', `The work directory ${directory} can't be made: ${messageOf(error)}.`, { cause: error });
      }
      return directory;
    },
    async remove(pullId) {
      await rm(join(own, pullId), { recursive: true, force: true });
    },
    async sweep() {
      for (const name of await readdir(expandDirectory).catch(() => [])) {
        if (!isOwnerAlive(name)) await rm(join(expandDirectory, name), { recursive: true, force: true });
      }
    },
    async close() {
      await rm(own, { recursive: true, force: true });
    },
  };
}
