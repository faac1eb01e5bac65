/**
 * `ConverterOptions.squashfs` of an existing file: arguments for mksquashfs. Those that say what keys of ours say are
 * defaults of these keys, and no option is given twice; images are packed by mksquashfs only where some are left.
 */
import { keyPath, quoted } from '../lib/json.js';
import type { Findings } from './findings.js';
import { MKSQUASHFS_OPTIONS, type MksquashfsOption } from './mksquashfs-options.js';
import { BLOCK_SIZES, HIGHEST_LEVELS } from './squashfs-ranges.js';
import type { ConverterOptions, SquashfsCompression } from './types.js';

const MEMORY_LEAST = 64 * 2 ** 20;
const PROCESSORS_MOST = 1024;
/** mksquashfs takes this one where none is named, so options of it name it. */
const ITS_DEFAULT = 'gzip';

interface Given {
  readonly name: string;
  readonly value: string;
  readonly option: MksquashfsOption;
  readonly at: string;
}

/** Whatever is wrong is told, each with its place. */
export function readConverterOptions(
  args: readonly string[],
  at: string,
  findings: Findings,
): ConverterOptions {
  const given = split(args, at, findings);
  // Of an option that is there twice the last one counts, as for most programs.
  const last = <Value>(
    name: string,
    read: (value: string) => Value | undefined,
    expected: string,
  ): Value | undefined => {
    const found = given.findLast((one) => one.name === name);
    if (found === undefined) return undefined;
    const value = read(found.value);
    if (value === undefined)
      findings.problem(found.at, `${name} ${quoted(found.value)}: expected ${expected}`);
    return value;
  };
  const named = last('-comp', compressionOf, 'zstd, gzip, lz4 or xz, which the gateway can read back');
  const ofCompressor = given.filter(({ option }) => option.compressor !== undefined);
  const compression = named ?? (ofCompressor.length === 0 ? undefined : ITS_DEFAULT);
  for (const { name, option, at: place } of ofCompressor) {
    if (option.compressor !== compression)
      findings.problem(
        place,
        `${name} is for ${option.compressor ?? ''}, and the list makes ${compression ?? ''}`,
      );
  }
  // Without a compressor it is the level of the one that systems have: the highest there is, until they are read.
  const highest = HIGHEST_LEVELS[compression ?? 'zstd'];
  const level = last(
    '-Xcompression-level',
    (value) => wholeNumber(value, 1, highest ?? 0),
    highest === undefined
      ? `no level: ${compression ?? ''} has none`
      : `a number from 1 to ${String(highest)}`,
  );
  const blockSize = last(
    '-b',
    (value) => [sizeOf(value)].find((size) => BLOCK_SIZES.includes(size)),
    'a power of two from 4K to 1M',
  );
  const memoryBytes = last(
    '-mem',
    (value) => [sizeOf(value)].find((size) => size >= MEMORY_LEAST),
    'at least 64M',
  );
  const processors = last(
    '-processors',
    (value) => wholeNumber(value, 1, PROCESSORS_MOST),
    `a number from 1 to ${String(PROCESSORS_MOST)}`,
  );
  const handedOn = given.filter(({ option }) => option.use === 'handed on');
  const textsOf = (some: readonly Given[]): string[] =>
    some.flatMap(({ name, value, option }) => (option.hasValue ? [name, value] : [name]));
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(level === undefined ? {} : { level }),
    ...(blockSize === undefined ? {} : { blockSize }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(processors === undefined ? {} : { processors }),
    // In Shifter a list takes the place of `-no-xattrs`.
    userXattrs: given.some(({ name }) => name === '-no-xattrs') ? 'drop' : 'keep',
    handedOn: textsOf(handedOn.filter(({ option }) => option.compressor === undefined)),
    ofCompressor: textsOf(ofCompressor),
  };
}

/** The options one by one, with their values; those that are refused or lack their value are told and left out. */
function split(args: readonly string[], at: string, findings: Findings): readonly Given[] {
  const given: Given[] = [];
  for (let index = 0; index < args.length; index++) {
    const name = args[index] ?? '';
    const place = keyPath(at, index);
    const option = Object.hasOwn(MKSQUASHFS_OPTIONS, name) ? MKSQUASHFS_OPTIONS[name] : undefined;
    if (option === undefined) {
      if (/\s/.test(name))
        findings.problem(
          place,
          `${quoted(name)} is one argument for mksquashfs: write a list, ["-comp", "gzip"]`,
        );
      else {
        findings.warning(place, `${quoted(name)} is not known here and is handed to mksquashfs as it is`);
        given.push({ name, value: '', option: { use: 'handed on', hasValue: false }, at: place });
      }
      continue;
    }
    const value = option.hasValue ? args[index + 1] : '';
    if (option.hasValue) index++;
    if (option.use === 'refused') findings.problem(place, `${name} is refused: ${option.why ?? ''}`);
    else if (value === undefined) findings.problem(place, `${name} wants a value behind it`);
    else given.push({ name, value, option, at: place });
  }
  return given;
}

function compressionOf(name: string): SquashfsCompression | undefined {
  return (['zstd', 'gzip', 'lz4', 'xz'] as const).find((known) => known === name);
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

/** As mksquashfs reads sizes: bytes, or with a K, M or G behind them. */
function sizeOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? [];
  return digits === '' ? Number.NaN : Number(digits) * 2 ** (10 * ' KMG'.indexOf(unit.toUpperCase() || ' '));
}
