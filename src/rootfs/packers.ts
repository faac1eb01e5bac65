/**
 * The programs that make a squashfs: imagegw-squash, of the layers' segments; and mksquashfs, of a tar, for sites that
 * give it options of their own.
 */
import { GatewayError } from '../lib/errors.js';
import type { SquashfsOptions } from './settings.js';
import { rulesFor } from './mksquashfs-versions.js';
import { shapeArguments } from './squash.js';
import type { RootfsTools, Tool, UnusableTool } from './tools.js';

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
 * @throws GatewayError PACKER_MISSING when the options need mksquashfs, and it is not installed or can't be used with them.
 */
export function packerFor(tools: RootfsTools, squashfs: SquashfsOptions): Packer {
  if ((squashfs.extraOptions ?? []).length > 0) return mksquashfsPacker(tools.mksquashfs, squashfs);
  const { squash } = tools;
  return {
    kind: 'segments',
    tool: squash,
    identity: `imagegw-squash ${squash.version} ${shapeArguments(squashfs).join(' ')}`,
  };
}

/** @throws GatewayError PACKER_MISSING when it is not installed, or can't be used with the options. */
export function mksquashfsPacker(tool: Tool | UnusableTool, squashfs: SquashfsOptions): Packer {
  const { compression, level, blockSize, extraOptions = [] } = squashfs;
  if ('unusable' in tool) {
    throw new GatewayError(
      'PACKER_MISSING',
      `ConverterOptions has options for the program "mksquashfs" (${extraOptions.join(' ')}), but ${tool.unusable}. Mend that, or take the options out.`,
    );
  }
  const rules = rulesFor(tool.version);
  for (const { refusedOptions = [], fault } of rules) {
    const option = refusedOptions.find((refused) => extraOptions.includes(refused));
    if (option === undefined) continue;
    throw new GatewayError(
      'PACKER_MISSING',
      `${tool.path} is version ${tool.version}, and ${fault}: take ${option} out of ConverterOptions, or install a later one.`,
    );
  }
  const added = rules
    .flatMap(({ addedOptions = [] }) => addedOptions)
    .filter((option) => !extraOptions.includes(option));
  const shaping = [
    ...['-comp', compression],
    // lz4 and xz have no level.
    ...(level === undefined || compression === 'lz4' || compression === 'xz'
      ? []
      : ['-Xcompression-level', String(level)]),
    ...['-b', String(blockSize)],
    ...added,
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
