/**
 * Where the programs are that the set-up builds from sources of this project.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from './child.js';
import { GatewayError, type ErrorCode } from './errors.js';
import { projectRoot } from './project-root.js';

export interface BuiltProgram {
  /** Environment variable that names another file instead. */
  readonly variable: string;
  /** In `scripts/`; with `--path` it says where the program is, so there is one rule for it. */
  readonly buildScript: string;
  /** The sentence for a program that is not there. */
  readonly missing: string;
  readonly errorCode: ErrorCode;
}

/**
 * Its path.
 *
 * @throws GatewayError `errorCode` when it is not there.
 */
export async function findBuiltProgram(
  program: BuiltProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { variable, buildScript, missing, errorCode } = program;
  const given = env[variable];
  if (given !== undefined && given !== '') {
    return executable(
      given,
      errorCode,
      `${variable} names ${given}, which is not a program that can be run.`,
    );
  }
  const script = join('scripts', buildScript);
  const path = await runChild({ command: 'bash', args: [join(projectRoot(script), script), '--path'], env });
  return executable(path.trim(), errorCode, missing);
}

async function executable(path: string, code: ErrorCode, otherwise: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new GatewayError(code, otherwise, { cause });
  }
}
