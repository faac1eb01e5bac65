/**
 * The programs that a conversion uses, looked for once at start.
 */
import { findProgram, runChild } from '../lib/child.js';
import { GatewayError } from '../lib/errors.js';

export interface RootfsTools {
  /** Inflates gzip three times as fast as zlib; zlib of Node serves without it. */
  readonly igzip: string | undefined;
  /** Node 20 has no zstd. */
  readonly zstd: string | undefined;
  readonly mksquashfs: string;
  /** `4.5.1`, as the program says. */
  readonly mksquashfsVersion: string;
  /** The other packer, preferred where it is there. */
  readonly tar2sqfs?: { readonly path: string; readonly version: string } | undefined;
  /** Reads a squashfs back as a tar. */
  readonly sqfs2tar: string;
}

/** The oldest mksquashfs that reads a tar. */
const OLDEST = [4, 5];

/**
 * @throws GatewayError PACKER_MISSING when a program that can't be done without is missing or too old; the message names its package.
 */
export async function probeTools(path = process.env['PATH'] ?? ''): Promise<RootfsTools> {
  const mksquashfs = needed('mksquashfs', 'squashfs-tools', path);
  const sqfs2tar = needed('sqfs2tar', 'squashfs-tools-ng', path);
  const said = await runChild({
    command: 'sh',
    args: ['-c', '"$1" -version || true', 'sh', mksquashfs],
    errorCode: 'PACKER_MISSING',
  });
  const version = /mksquashfs version (\d+)\.(\d+)[^\s]*/.exec(said);
  const [whole = '', major = '0', minor = '0'] = version ?? [];
  if (Number(major) < (OLDEST[0] ?? 0) || (Number(major) === OLDEST[0] && Number(minor) < (OLDEST[1] ?? 0))) {
    throw new GatewayError(
      'PACKER_MISSING',
      `${mksquashfs} is version ${whole === '' ? 'unknown' : whole}; 4.5 or newer is needed to read a tar.`,
    );
  }
  return {
    igzip: findProgram('igzip', path),
    zstd: findProgram('zstd', path),
    mksquashfs,
    mksquashfsVersion: whole.replace('mksquashfs version ', ''),
    sqfs2tar,
    tar2sqfs: await probeTar2sqfs(path),
  };
}

/** 1.2.0 is the version that was tried; older ones are not trusted with images. */
async function probeTar2sqfs(path: string): Promise<RootfsTools['tar2sqfs']> {
  const found = findProgram('tar2sqfs', path);
  if (found === undefined) return undefined;
  const said = await runChild({ command: found, args: ['--version'] }).catch(() => '');
  const [, version, major, minor] =
    /(?:tar2sqfs|squashfs-tools-ng)\D*((\d+)\.(\d+)(?:\.\d+)?)/.exec(said) ?? [];
  if (version === undefined || Number(major) < 1 || (Number(major) === 1 && Number(minor) < 2))
    return undefined;
  return { path: found, version };
}

function needed(name: string, debianPackage: string, path: string): string {
  const found = findProgram(name, path);
  if (found !== undefined) return found;
  throw new GatewayError(
    'PACKER_MISSING',
    `The program "${name}" is not installed or not on PATH: install it (Debian package ${debianPackage}) and start the worker again.`,
  );
}
