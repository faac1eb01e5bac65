/**
 * The `.meta` file, exactly as the Shifter runtime parses it: one `KEY: value` a line, split at the first colon, no
 * escapes. Lists are Python lists of texts in single quotes, verbatim.
 *
 * A value that the format can't carry is left out and told, never written in a way that means something else: a
 * newline in an environment variable would be a line of its own, and could replace the access list.
 */

export interface MetaInput {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory?: string | undefined;
  /** `NAME=value` each. */
  readonly environment: readonly string[];
  /** Absent for a public image. Two empty lists would open it to everybody: the caller names at least the owner. */
  readonly access?: { readonly users: readonly number[]; readonly groups: readonly number[] } | undefined;
}

export interface Meta {
  readonly text: string;
  /** What could not be written, one sentence each. */
  readonly losses: readonly string[];
}

/** The runtime refuses longer lists, and with them the image. */
export const MAX_ACCESS_IDS = 1000;

/** For so many arguments of a list the runtime has room when it puts lists together; it writes them all. */
export const MAX_ARGUMENTS = 1000;

/** The highest number of a user or a group; the one above it means none. */
const HIGHEST_ID = 2 ** 32 - 2;

/**
 * @throws RangeError for a private image without anybody who may use it, with more ids than the runtime takes, or with what
 *   is no id.
 */
export function renderMeta(input: MetaInput): Meta {
  const lines = ['FORMAT: squashfs'];
  const losses: string[] = [];
  for (const [key, list] of [
    ['ENTRY', input.entrypoint],
    ['CMD', input.command],
  ] as const) {
    if (list.length === 0) continue;
    const value = renderList(list);
    if (list.length > MAX_ARGUMENTS) losses.push(`${key} has more than ${String(MAX_ARGUMENTS)} arguments, which the runtime has no room for; it was left out.`);
    else if (value === undefined)
      losses.push(`${key} holds characters that the metadata file can't carry; it was left out.`);
    else lines.push(`${key}: ${value}`);
  }
  const { workingDirectory } = input;
  if (workingDirectory !== undefined && workingDirectory !== '') {
    if (isPlain(workingDirectory) && !hasOuterBlanks(workingDirectory)) lines.push(`WORKDIR: ${workingDirectory}`);
    else losses.push("WORKDIR holds characters that the metadata file can't carry; it was left out.");
  }
  if (input.access !== undefined) {
    const { users, groups } = input.access;
    if (users.length + groups.length === 0)
      throw new RangeError('a private image without anybody who may use it would be open to all');
    if (users.length > MAX_ACCESS_IDS || groups.length > MAX_ACCESS_IDS)
      throw new RangeError(`more than ${String(MAX_ACCESS_IDS)} users or groups`);
    if (![...users, ...groups].every((id) => Number.isInteger(id) && id >= 0 && id <= HIGHEST_ID)) throw new RangeError('a user or a group that is no number of one');
    lines.push(`USERACL: ${users.join(',')}`, `GROUPACL: ${groups.join(',')}`);
  }
  for (const variable of input.environment) {
    const name = (variable.split('=', 1)[0] ?? '').slice(0, 80).replace(/[\r\n\0]/g, '?');
    if (!isPlain(variable)) losses.push(`The environment variable ${name} holds characters that the metadata file can't carry; it was left out.`);
    else {
      lines.push(`ENV: ${variable}`);
      if (hasNoValue(variable)) losses.push(`The environment variable ${name} has no value, and the runtime sets no such variable.`);
      else if (hasOuterBlanks(variable)) losses.push(`The environment variable ${name} loses the blanks around it, which the metadata file can't carry.`);
    }
  }
  return { text: `${lines.join('\n')}\n`, losses };
}

/**
 * A line of its own, or an end of the text, would be read as something else; a final backslash swallows the next line, which
 * may be the access list: also with blanks behind it, which the runtime takes away first.
 */
function isPlain(value: string): boolean {
  return !/[\r\n\0]|\\[ \t\v\f]*$/.test(value);
}

/** The runtime takes them away. */
function hasOuterBlanks(value: string): boolean {
  return /^[ \t\v\f]|[ \t\v\f]$/.test(value);
}

/** Without the blanks, which the runtime takes away first. */
function hasNoValue(variable: string): boolean {
  return !/=.*[^ \t\v\f]/s.test(variable);
}

/** Undefined when the list can't be written. */
function renderList(list: readonly string[]): string | undefined {
  if (list.some((item) => /[\r\n\0]/.test(item))) return undefined;
  if (!list.some((item) => item.includes("'"))) return `[${list.map((item) => `'${item}'`).join(', ')}]`;
  // A sole argument may stand as plain text, which the runtime takes whole; but not where it would look like a list.
  const [only] = list;
  if (
    list.length === 1 &&
    only !== undefined &&
    isPlain(only) &&
    !hasOuterBlanks(only) &&
    !only.startsWith("['") &&
    !only.startsWith("[u'")
  ) {
    return only;
  }
  return undefined;
}
