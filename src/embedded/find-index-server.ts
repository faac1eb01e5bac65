/**
 * Where the index server's program is.
 */
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../lib/child.js';
import { GatewayError } from '../lib/errors.js';

const BUILD_SCRIPT = join('scripts', 'build-index-server.sh');

/**
 * The program that `IMAGEGW_INDEX_SERVER` names, else the one that the set-up built from the sources as they are now;
 * the build script itself says where that is, so there is one rule for it.
 *
 * @throws GatewayError BAD_CONFIG when it is not there.
 */
export async function findIndexServer(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const given = env['IMAGEGW_INDEX_SERVER'];
  if (given !== undefined && given !== '') {
    return executable(given, `IMAGEGW_INDEX_SERVER names ${given}, which is not a program that can be run.`);
  }
  const path = await runChild({ command: 'bash', args: [join(projectRoot(), BUILD_SCRIPT), '--path'], env });
  return executable(
    path.trim(),
    'The private index server is not built: run "npm run setup", or set MONGODB_URI to a MongoDB.',
  );
}

async function executable(path: string, otherwise: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new GatewayError('BAD_CONFIG', otherwise, { cause });
  }
}

/** The nearest directory above this file, source or compiled, that holds the build script. */
function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, BUILD_SCRIPT)) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  return directory;
}
