/**
 * The options of mksquashfs (4.5.1), and what becomes of each when an existing file has it in `ConverterOptions`.
 *
 * Some say what keys of ours say, and are read as these; some are handed to mksquashfs; some have nothing to do here; and
 * those that would make another image than the layers and the policy say, or none, are refused.
 */
import type { SquashfsCompression } from './types.js';

export interface MksquashfsOption {
  readonly use: 'key' | 'handed on' | 'not needed' | 'refused';
  /** Whether an argument of its own follows. */
  readonly hasValue: boolean;
  /** Of one compressor alone. */
  readonly compressor?: SquashfsCompression;
  /** For the documentation: the key that it is read as. */
  readonly key?: string;
  /** Of what is refused. */
  readonly why?: string;
}

type Table = Readonly<Record<string, MksquashfsOption>>;

function readAs(key: string, ...names: readonly string[]): Table {
  return table(names, { use: 'key', hasValue: false, key });
}

/** `name VALUE` stands for an option with a value. */
function handedOn(names: readonly string[], compressor?: SquashfsCompression): Table {
  return table(names, {
    use: 'handed on',
    hasValue: false,
    ...(compressor === undefined ? {} : { compressor }),
  });
}

function notNeeded(...names: readonly string[]): Table {
  return table(names, { use: 'not needed', hasValue: false });
}

function refused(why: string, ...names: readonly string[]): Table {
  return table(names, { use: 'refused', hasValue: false, why });
}

function table(names: readonly string[], option: MksquashfsOption): Table {
  return Object.fromEntries(
    names.map((written) => {
      const [name = '', value] = written.split(' ');
      return [name, { ...option, hasValue: value !== undefined }];
    }),
  );
}

export const MKSQUASHFS_OPTIONS: Table = {
  ...readAs('squashfs.compression', '-comp NAME'),
  ...readAs('squashfs.level', '-Xcompression-level NUMBER'),
  ...readAs('squashfs.blockSize', '-b SIZE'),
  ...readAs('policy.userXattrs', '-no-xattrs', '-xattrs'),
  ...readAs('policy.ownership', '-all-root', '-root-owned'),
  ...readAs('PackerMemory', '-mem SIZE'),
  ...readAs('PackerProcessors', '-processors NUMBER'),
  ...handedOn([
    '-no-exports',
    '-exports',
    '-no-sparse',
    '-no-fragments',
    '-always-use-fragments',
    '-tailends',
    '-no-tailends',
  ]),
  ...handedOn([
    '-noI',
    '-noInodeCompression',
    '-noId',
    '-noIdTableCompression',
    '-noD',
    '-noDataCompression',
  ]),
  ...handedOn(['-noF', '-noFragmentCompression', '-noX', '-noXattrCompression']),
  ...handedOn(['-exit-on-error', '-throttle PERCENT', '-limit PERCENT']),
  ...handedOn(['-Xwindow-size BITS', '-Xstrategy NAMES'], 'gzip'),
  ...handedOn(['-Xhc'], 'lz4'),
  ...handedOn(['-Xbcj NAMES', '-Xdict-size SIZE'], 'xz'),
  ...notNeeded('-noappend', '-no-duplicates', '-reproducible', '-no-recovery', '-recovery-path DIRECTORY'),
  ...notNeeded(
    '-quiet',
    '-info',
    '-progress',
    '-no-progress',
    '-tar',
    '-no-strip',
    '-tarstyle',
    '-one-file-system',
  ),
  ...refused(
    'what is in an image, and whose it is, follows from its layers and `policy`',
    ...['-no-hardlinks', '-root-mode MODE', '-root-uid ID', '-root-gid ID', '-force-uid ID', '-force-gid ID'],
    ...['-keep-as-directory', '-action TEXT', '-log-action TEXT', '-true-action TEXT', '-false-action TEXT'],
    ...['-action-file FILE', '-log-action-file FILE', '-true-action-file FILE', '-false-action-file FILE'],
    ...['-p TEXT', '-pf FILE', '-ef FILE', '-e', '-wildcards', '-regex', '-root-becomes NAME'],
  ),
  ...refused(
    'times are those of the image and its layers',
    '-mkfs-time TIME',
    '-fstime TIME',
    '-all-time TIME',
    '-root-time TIME',
  ),
  ...refused(
    'the same image gives the same bytes, in the order of its layers',
    '-not-reproducible',
    '-sort FILE',
  ),
  ...refused('mksquashfs reads a tar from the gateway', '-cpiostyle', '-cpiostyle0'),
  ...refused('nodes could not mount the image', '-nopad', '-offset BYTES', '-o BYTES'),
  ...refused('images with lzo are not made here', '-Xalgorithm NAME'),
  ...refused('it makes no image', '-recover FILE', '-version', '-help', '-h', '-Xhelp'),
};

/** Names of options, in the order of the table. */
export function namesOf(use: MksquashfsOption['use']): readonly string[] {
  return Object.entries(MKSQUASHFS_OPTIONS).flatMap(([name, option]) => (option.use === use ? [name] : []));
}
