/**
 * Where a worker builds products: `<ExpandDirectory>/<worker>/<pull>/`. What dead workers have left is removed.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, GatewayError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { removeTree } from '../lib/remove-tree.js';
import { isOwnerAlive } from './worker-identity.js';

export interface WorkDirectories {
  /** An empty directory for this pull. @throws GatewayError NO_SPACE or INTERNAL naming the path */
  make(pullId: string): Promise<string>;
  /** @throws GatewayError INTERNAL naming the path */
  remove(pullId: string): Promise<void>;
  /** Removes what dead workers of this host have left. What can't be removed is told to the log, and stays. */
  sweep(): Promise<void>;
  /** Removes this worker's own directory. */
  close(): Promise<void>;
}

export function createWorkDirectories(expandDirectory: string, owner: string, log: Pick<Logger, 'warn'>): WorkDirectories {
  const own = join(expandDirectory, owner);
  return {
    async make(pullId) {
      const directory = join(own, pullId);
      try {
        await removeTree(directory);
        await mkdir(directory, { recursive: true, mode: 0o700 });
      } catch (error) {
        if (errnoOf(error) === 'ENOSPC') throw new GatewayError('NO_SPACE', `The disk of ${directory} is full: free some room there.`, { cause: error });
        throw new GatewayError('INTERNAL', `The work directory ${directory} can't be made: ${messageOf(error)}.`, { cause: error });
      }
      return directory;
    },
    async remove(pullId) {
      await removeTree(join(own, pullId));
    },
    async sweep() {
      for (const name of await readdir(expandDirectory).catch(() => [])) {
        if (isOwnerAlive(name)) continue;
        const left = join(expandDirectory, name);
        await removeTree(left).catch((error: unknown) => log.warn({ err: error, path: left }, 'what a dead worker has left could not be removed'));
      }
    },
    async close() {
      await removeTree(own);
    },
  };
}
