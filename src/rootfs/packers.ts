/**
 * The programs that make a squashfs of a tar on their standard input, and how each is told to do it soundly.
 *
 * tar2sqfs (squashfs-tools-ng) is taken where it is installed: it needs a fraction of the memory, less time, and gave
 * the same bytes in every run. mksquashfs serves without it, and for sites that give options of its own.
 */
import type { RootfsTools } from './tools.js';
import type { SquashfsOptions } from './settings.js';

export interface PackerRun {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface PackerSettings {
  readonly squashfs: SquashfsOptions;
  readonly output: string;
  readonly memoryBytes: number;
  readonly processors: number;
  /** Mode and owners of the root directory. */
  readonly root: { readonly mode: number; readonly uid: number; readonly gid: number };
  /** Time stamp of the file system: not before any file's, seconds since 1970. */
  readonly epoch: number;
}

export interface Packer {
  /** Program, version and every argument that shapes the product: part of its identity. */
  readonly identity: string;
  run(settings: PackerSettings): PackerRun;
}

/** The packer for these options. */
export function packerFor(tools: RootfsTools, squashfs: SquashfsOptions): Packer {
  const { tar2sqfs } = tools;
  return tar2sqfs === undefined || (squashfs.extraOptions ?? []).length > 0
    ? withMksquashfs(tools, squashfs)
    : withTar2sqfs(tar2sqfs, squashfs);
}

function withMksquashfs(tools: RootfsTools, squashfs: SquashfsOptions): Packer {
  const shaping = [
    '-comp',
    squashfs.compression,
    ...(levelOf(squashfs) === undefined ? [] : ['-Xcompression-level', String(levelOf(squashfs))]),
    '-b',
    String(squashfs.blockSize),
    // With its duplicate check mksquashfs 4.5 and 4.6 write unreadable images now and then, and exit with 0.
    '-no-duplicates',
    ...(squashfs.extraOptions ?? []),
  ];
  return {
    identity: `mksquashfs ${tools.mksquashfsVersion} ${shaping.join(' ')}`,
    run: ({ output, memoryBytes, processors, root, epoch }) => ({
      command: tools.mksquashfs,
      args: [
        ...['-', output, '-tar', ...shaping],
        // It takes the root's attributes from options, not from the tar.
        ...[
          '-root-mode',
          root.mode.toString(8),
          '-root-uid',
          String(root.uid),
          '-root-gid',
          String(root.gid),
        ],
        ...['-mem', `${String(Math.max(64, Math.floor(memoryBytes / 2 ** 20)))}M`],
        ...['-processors', String(processors), '-no-progress', '-quiet'],
      ],
      // Also clamps later times to it: so it is the latest there is.
      env: { SOURCE_DATE_EPOCH: String(epoch) },
    }),
  };
}

/** Blocks that wait for a processor of tar2sqfs; more gives nothing. */
const MAX_BACKLOG = 256;

function withTar2sqfs(tool: NonNullable<RootfsTools['tar2sqfs']>, squashfs: SquashfsOptions): Packer {
  const level = levelOf(squashfs);
  const shaping = [
    '-c',
    squashfs.compression,
    ...(level === undefined ? [] : ['-X', `level=${String(level)}`]),
    '-b',
    String(squashfs.blockSize),
  ];
  return {
    identity: `tar2sqfs ${tool.version} ${shaping.join(' ')}`,
    run: ({ output, memoryBytes, processors, epoch }) => {
      // Each block that waits is there raw and compressed.
      const backlog = Math.max(
        2 * processors,
        Math.min(MAX_BACKLOG, Math.floor(memoryBytes / (4 * squashfs.blockSize))),
      );
      return {
        command: tool.path,
        // A record that it can't read is an error (`--no-skip`), not a line on stderr.
        args: ['--quiet', '--no-skip', ...shaping, '-j', String(processors), '-Q', String(backlog), output],
        env: { SOURCE_DATE_EPOCH: String(epoch) },
      };
    },
  };
}

/** lz4 and xz have no level. */
function levelOf({ compression, level }: SquashfsOptions): number | undefined {
  return compression === 'lz4' || compression === 'xz' ? undefined : level;
}
