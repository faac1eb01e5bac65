/**
 * Where the index server's program is.
 */
import { findBuiltProgram } from '../lib/built-program.js';

/**
 * The program that `IMAGEGW_INDEX_SERVER` names, else the one that the set-up built from the sources as they are now.
 *
 * @throws GatewayError BAD_CONFIG when it is not there.
 */
export function findIndexServer(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return findBuiltProgram(
    {
      variable: 'IMAGEGW_INDEX_SERVER',
      buildScript: 'build-index-server.sh',
      missing: 'The private index server is not built: run "npm run setup", or set MONGODB_URI to a MongoDB.',
      errorCode: 'BAD_CONFIG',
    },
    env,
  );
}
