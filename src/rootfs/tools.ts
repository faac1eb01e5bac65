/**
 * The programs that a conversion uses, looked for once at start.
 */
import { findBuiltProgram } from '../lib/built-program.js';
import { findProgram, runChild } from '../lib/child.js';
import { GatewayError } from '../lib/errors.js';

export interface Tool {
  readonly path: string;
  /** As the program says it. */
  readonly version: string;
}

export interface RootfsTools {
  /** Our own (native/squash): inflates, compresses, packs and reads back. */
  readonly squash: Tool;
  /** Only for sites that give `ConverterOptions`. */
  readonly mksquashfs: Tool | undefined;
}

/** The oldest mksquashfs that reads a tar. */
const OLDEST_MAJOR = 4;
const OLDEST_MINOR = 5;

/**
 * @throws GatewayError PACKER_MISSING when imagegw-squash is not built, or mksquashfs is too old.
 */
export async function probeTools(env: NodeJS.ProcessEnv = process.env): Promise<RootfsTools> {
  const path = await findBuiltProgram(
    {
      variable: 'IMAGEGW_SQUASH',
      buildScript: 'build-squash.sh',
      missing: 'The program imagegw-squash is not built: run "npm run setup", or name it in IMAGEGW_SQUASH.',
      errorCode: 'PACKER_MISSING',
    },
    env,
  );
  const said = await runChild({ command: path, args: ['version'], errorCode: 'PACKER_MISSING' });
  return {
    squash: { path, version: said.trim().replace(/^imagegw-squash /, '') },
    mksquashfs: await probeMksquashfs(env['PATH'] ?? ''),
  };
}

async function probeMksquashfs(path: string): Promise<Tool | undefined> {
  const found = findProgram('mksquashfs', path);
  if (found === undefined) return undefined;
  const said = await runChild({
    command: 'sh',
    args: ['-c', '"$1" -version || true', 'sh', found],
    errorCode: 'PACKER_MISSING',
  });
  const [, version = '', major = '0', minor = '0'] =
    /mksquashfs version ((\d+)\.(\d+)[^\s]*)/.exec(said) ?? [];
  if (Number(major) < OLDEST_MAJOR || (Number(major) === OLDEST_MAJOR && Number(minor) < OLDEST_MINOR)) {
    throw new GatewayError(
      'PACKER_MISSING',
      `${found} is version ${version === '' ? 'unknown' : version}; 4.5 or newer is needed to read a tar.`,
    );
  }
  return { path: found, version };
}
