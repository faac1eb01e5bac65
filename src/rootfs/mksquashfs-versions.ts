/**
 * What is known to be wrong with versions of mksquashfs, and what is done about it. Whatever it writes is read back; this
 * keeps it from failing there again and again.
 */

export interface VersionRule {
  /** The first version that has the fault, and the first that has not; without it, all later ones do, as far as is known. */
  readonly from: string;
  readonly before?: string;
  readonly fault: string;
  /** The version is not used. */
  readonly isRefused?: boolean;
  /** Options that are refused with it. */
  readonly refusedOptions?: readonly string[];
  /** Options that it is always given. */
  readonly addedOptions?: readonly string[];
}

export const MKSQUASHFS_RULES: readonly VersionRule[] = [
  { from: '0', before: '4.5', fault: 'it reads no tar; 4.5 or newer is needed', isRefused: true },
  {
    from: '4.5',
    fault:
      'with its check for duplicates it writes unreadable images now and then (4.5 to 4.6.1), or has races in it (#361, #362)',
    addedOptions: ['-no-duplicates'],
  },
  {
    from: '4.6',
    before: '4.6.1',
    fault: 'a race damages its table of fragments when it packs the ends of files',
    refusedOptions: ['-tailends', '-always-use-fragments'],
  },
  {
    from: '4.7',
    before: '4.7.1',
    fault: 'it hangs when it leaves entries of a tar out',
    refusedOptions: ['-e', '-ef', '-wildcards', '-regex'],
  },
  { from: '4.5.1', before: '4.7.6', fault: 'a race can lose a hard link of a tar' },
  {
    from: '4.7',
    before: '4.7.5',
    fault: 'it damages files with blocks of zeros (#340)',
    addedOptions: ['-no-sparse'],
  },
];

/** The rules for a version as the program says it, such as `4.6.1` or `4.5.1-git`. */
export function rulesFor(version: string): readonly VersionRule[] {
  return MKSQUASHFS_RULES.filter(
    ({ from, before }) =>
      compare(version, from) >= 0 && (before === undefined || compare(version, before) < 0),
  );
}

/** What is known of a version and what is done about it, for people. */
export function notesOn(version: string): readonly string[] {
  return rulesFor(version).map((rule) => `${rule.fault}: ${remedyOf(rule)}`);
}

function remedyOf({ isRefused, refusedOptions, addedOptions }: VersionRule): string {
  if (isRefused === true) return 'it is not used';
  if (refusedOptions !== undefined) return `${refusedOptions.join(' and ')} are refused`;
  return addedOptions === undefined ? 'every image is read back' : `${addedOptions.join(' ')} is given`;
}

function compare(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Major, minor and patch. */
function numbersOf(version: string): readonly number[] {
  const [, major = '0', minor = '0', patch = '0'] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version) ?? [];
  return [major, minor, patch].map(Number);
}
