/**
 * The programs that a conversion uses, looked for once at start.
 */
import { findBuiltProgram } from '../lib/built-program.js';
import { findProgram, runChild } from '../lib/child.js';
import { messageOf } from '../lib/errors.js';
import { rulesFor } from './mksquashfs-versions.js';

export interface Tool {
  readonly path: string;
  /** As the program says it. */
  readonly version: string;
}

/** A program that is not there, or can't be used, and why: a sentence without its end. */
export interface UnusableTool {
  readonly unusable: string;
}

export interface RootfsTools {
  /** Our own (native/squash): inflates, compresses, packs and reads back. */
  readonly squash: Tool;
  /** Only for sites that give `ConverterOptions`. */
  readonly mksquashfs: Tool | UnusableTool;
}

/** A program that does not even say its version is not waited for. */
const VERSION_TIME_LIMIT_MS = 30_000;

/**
 * What is wrong with mksquashfs is told to those who need it (`packerFor`).
 *
 * @throws GatewayError PACKER_MISSING when imagegw-squash is not built.
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

/** @param path where programs are looked for, as `PATH` */
export async function probeMksquashfs(path: string): Promise<Tool | UnusableTool> {
  const found = findProgram('mksquashfs', path);
  if (found === undefined) {
    return { unusable: 'it is not installed or not on PATH: install it (Debian package squashfs-tools)' };
  }
  let said: string;
  try {
    said = await runChild({
      command: 'sh',
      // Some versions say it with an exit status of 1.
      args: ['-c', '"$1" -version || true', 'sh', found],
      timeLimitMs: VERSION_TIME_LIMIT_MS,
      errorCode: 'PACKER_MISSING',
    });
  } catch (error) {
    return { unusable: `${found} does not say its version: ${messageOf(error)}` };
  }
  const [, version] = /mksquashfs version (\d+\.\d+[^\s]*)/.exec(said) ?? [];
  if (version === undefined) return { unusable: `${found} does not say its version: install another one` };
  const refusal = rulesFor(version).find(({ isRefused }) => isRefused === true);
  return refusal === undefined
    ? { path: found, version }
    : { unusable: `${found} is version ${version}: ${refusal.fault}` };
}
