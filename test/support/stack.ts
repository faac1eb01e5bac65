/**
 * A private Redis and index for a test: real servers, a directory of their own, gone after `stop`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findIndexServer } from '../../src/embedded/find-index-server.js';
import { startEmbedded, type EmbeddedStack } from '../../src/embedded/stack.js';

export interface TestStack extends EmbeddedStack {
  /** The state directory; removed at `stop`. */
  readonly directory: string;
  /** The same index with another database, for tests that must not see each other's documents. */
  mongoUriOf(database: string): string;
}

/**
 * Starts both servers (some 100 ms, once `scripts/build-index-server.sh` has run). Call `stop` in `afterAll`.
 */
export async function startTestStack(): Promise<TestStack> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-stack-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    // Named, so that a mongod of the machine does not change what is tested.
    const stack = await startEmbedded({
      stateDirectory: directory,
      indexServerBinary: await findIndexServer(),
    });
    return {
      ...stack,
      directory,
      mongoUriOf: (database) => stack.mongoUri.replace(/[^/]*$/, database),
      stop: async () => {
        await stack.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
