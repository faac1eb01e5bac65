/**
 * The programs that make a squashfs: imagegw-squash, of the layers' segments; and mksquashfs, of a tar, for sites that
 * give it options of their own.
 */
import { GatewayError } from '../lib/errors.js';
import type { SquashfsOptions } from './settings.js';
import { shapeArguments } from './squash.js';
import type { RootfsTools, Tool } from './tools.js';

export interface MksquashfsRun {
  readonly output: string;
  readonly memoryBytes: number;
  readonly processors: number;
  /** Mode and owners of the root directory. */
  readonly root: { readonly mode: number; readonly uid: number; readonly gid: number };
}

export type Packer =
  | { readonly kind: 'segments'; readonly tool: Tool; readonly identity: string }
  | {
      readonly kind: 'tar';
      readonly tool: Tool;
      readonly identity: string;
      args(run: MksquashfsRun): string[];
    };

/**
 * The packer for these options. Its `identity` is program, version and every argument that shapes the product.
 *
 * @throws GatewayError PACKER_MISSING when the options need mksquashfs and it is not installed.
 */
export function packerFor(tools: RootfsTools, squashfs: SquashfsOptions): Packer {
  if ((squashfs.extraOptions ?? []).length > 0) return withMksquashfs(tools.mksquashfs, squashfs);
  const { squash } = tools;
  return {
    kind: 'segments',
    tool: squash,
    identity: `imagegw-squash ${squash.version} ${shapeArguments(squashfs).join(' ')}`,
  };
}

function withMksquashfs(tool: Tool | undefined, squashfs: SquashfsOptions): Packer {
  if (tool === undefined) {
    throw new GatewayError(
      'PACKER_MISSING',
      'ConverterOptions are for the program "mksquashfs", which is not installed or not on PATH: install it (Debian package squashfs-tools), or take the options out.',
    );
  }
  const { compression, level, blockSize, extraOptions = [] } = squashfs;
  const shaping = [
    ...['-comp', compression],
    // lz4 and xz have no level.
    ...(level === undefined || compression === 'lz4' || compression === 'xz'
      ? []
      : ['-Xcompression-level', String(level)]),
    ...['-b', String(blockSize)],
    // With its duplicate check mksquashfs 4.5 and 4.6 write unreadable images now and then, and exit with 0.
    '-no-duplicates',
    ...extraOptions,
  ];
  return {
    kind: 'tar',
    tool,
    identity: `mksquashfs ${tool.version} ${shaping.join(' ')}`,
    args: ({ output, memoryBytes, processors, root }) => [
      ...['-', output, '-tar', ...shaping],
      // It takes the root's attributes from options, not from the tar.
      ...['-root-mode', root.mode.toString(8), '-root-uid', String(root.uid), '-root-gid', String(root.gid)],
      ...['-mem', `${String(Math.max(64, Math.floor(memoryBytes / 2 ** 20)))}M`],
      ...['-processors', String(processors), '-no-progress', '-quiet'],
    ],
  };
}
