/**
 * The `.meta` file as the Shifter runtime reads it, written anew after what the runtime does with each byte: lines, C strings
 * and all. The judge of what the gateway writes.
 */

export interface RuntimeImage {
  readonly format: string;
  /** Undefined when the file has no such key. */
  readonly entry: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingDirectory: string | undefined;
  readonly users: readonly number[];
  readonly groups: readonly number[];
  /** As they are listed; `environment` is what becomes of them. */
  readonly variables: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
}

/** It allocates for so many arguments, and copies all. */
const ARGUMENTS_COUNTED = 1000;
const MOST_IDS = 1000;

/** Throws where the runtime finds no image, or aborts. */
export function readAsRuntime(file: Buffer): RuntimeImage {
  const values = new Map<string, string[]>();
  let open: { readonly key: string; readonly parts: readonly string[] } | undefined;
  for (const line of linesOf(file)) {
    if (line.startsWith('#')) continue;
    let { key, parts } = open ?? { key: '', parts: [] };
    let text = cString(line);
    if (open === undefined) {
      const colon = text.indexOf(':');
      if (colon < 0) continue;
      key = trimmed(text.slice(0, colon));
      text = text.slice(colon + 1);
    }
    text = trimmed(text);
    const goesOn = text.endsWith('\\');
    parts = [...parts, goesOn ? trimmed(text.slice(0, -1)) : text];
    open = goesOn ? { key, parts } : undefined;
    if (!goesOn) values.set(key, [...(values.get(key) ?? []), trimmed(parts.join(' '))]);
  }
  const unknown = [...values.keys()].filter(
    (key) => !['FORMAT', 'ENTRY', 'CMD', 'WORKDIR', 'USERACL', 'GROUPACL', 'ENV'].includes(key),
  );
  if (unknown.length > 0) throw new Error(`Couldn't understand key: ${unknown.join()}`);
  const last = (key: string): string | undefined => values.get(key)?.at(-1);
  const variables = values.get('ENV') ?? [];
  return {
    format: last('FORMAT') ?? 'VFS',
    entry: listOf(last('ENTRY')),
    command: listOf(last('CMD')),
    workingDirectory: decoded(last('WORKDIR')),
    users: idsOf(last('USERACL')),
    groups: idsOf(last('GROUPACL')),
    variables: variables.map((text) => decoded(text) ?? ''),
    // One without a value is not set.
    environment: new Map(
      variables.flatMap((text) => {
        const at = text.indexOf('=');
        return at < 0 || at === text.length - 1
          ? []
          : [[decoded(text.slice(0, at)) ?? '', decoded(text.slice(at + 1)) ?? ''] as const];
      }),
    ),
  };
}

/** One unit a byte from here on. A line feed alone ends a line, and stays with it. */
function linesOf(file: Buffer): readonly string[] {
  return file.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** isspace(3) of the locale C. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+/, '').replace(/[ \t\n\v\f\r]+$/, '');
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8');
}

function listOf(value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!value.startsWith("['") && !value.startsWith("[u'")) return [decoded(value) ?? ''];
  const found: string[] = [];
  let begun: number | undefined;
  // Neither the bracket in front nor the last character is looked at for quotes.
  for (let at = 1; at < value.length - 1; at++) {
    if (value[at] !== "'") continue;
    if (begun === undefined) begun = at + 1;
    else {
      found.push(decoded(value.slice(begun, at)) ?? '');
      begun = undefined;
    }
  }
  if (begun !== undefined || !value.endsWith(']')) throw new Error('Malformed JSON');
  if (found.length > ARGUMENTS_COUNTED) throw new Error('writes behind the end of its memory');
  return found;
}

function idsOf(value: string | undefined): readonly number[] {
  if (value === undefined || value === '') return [];
  const ids = value
    .split(',')
    .map(trimmed)
    .filter((text) => /^[+-]?\d+$/.test(text))
    // strtoul(3), cut to 32 bits.
    .map((text) => Number(BigInt.asUintN(32, BigInt(text))));
  if (ids.length === 0 || ids.length > MOST_IDS) throw new Error('failed to parse USERACL from image');
  return ids;
}
