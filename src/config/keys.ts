/**
 * Tables of keys: what each may hold, its default, and what it means. The tables are what the file is read with and
 * what the documentation is made from.
 */
import { z } from 'zod';
import { keyPath, quoted } from '../lib/json.js';
import type { Findings } from './findings.js';
import { suggest } from './suggest.js';

export interface Key<Value> {
  /** Turns what the file holds into a normalised value. */
  readonly schema: z.ZodType<Value>;
  /** What stands for a value that is missing, or wrong and reported. */
  readonly fallback: Value;
  readonly required: boolean;
  /** What the file may hold, in words, to follow "expected". */
  readonly type: string;
  /** For the documentation: as it would be written in the file, or in words. */
  readonly default: string;
  readonly meaning: string;
}

export type KeyTable = Readonly<Record<string, Key<unknown>>>;

/** A group of keys of one object in the file. */
export interface Section<Keys extends KeyTable> {
  readonly keys: Keys;
  /** Keys that are accepted and not used: name, and why or what is used instead. */
  readonly legacy: Readonly<Record<string, string>>;
}

export type Values<Keys extends KeyTable> = {
  readonly [Name in keyof Keys]: Keys[Name] extends Key<infer Value> ? Value : never;
};

/** What a kind of value is called, beside how it is read. */
export interface Kind<Value> {
  readonly schema: z.ZodType<Value>;
  readonly type: string;
}

/** A key without which the gateway does not start. Undefined when missing: that has then been reported. */
export function required<Value>(kind: Kind<Value>, meaning: string): Key<Value | undefined> {
  return { ...kind, fallback: undefined, required: true, default: 'required', meaning };
}

/** A key that may be missing; `otherwise` says in words what happens then. */
export function optional<Value>(
  kind: Kind<Value>,
  otherwise: string,
  meaning: string,
): Key<Value | undefined> {
  return { ...kind, fallback: undefined, required: false, default: otherwise, meaning };
}

/** A key with a default, given as it would be written in the file. */
export function withDefault<Value>(kind: Kind<Value>, value: unknown, meaning: string): Key<Value> {
  return {
    ...kind,
    fallback: kind.schema.parse(value),
    required: false,
    default: `\`${JSON.stringify(value)}\``,
    meaning,
  };
}

/**
 * Reads the keys of one object. Whatever is wrong goes to `findings`, and the other keys are read all the same.
 * `null` counts as not given.
 */
export function readSection<Keys extends KeyTable>(
  section: Section<Keys>,
  raw: Readonly<Record<string, unknown>>,
  at: string,
  findings: Findings,
): Values<Keys> {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(section.keys)) {
    values[name] = readKey(key, raw[name], keyPath(at, name), findings);
  }
  for (const [name, value] of Object.entries(raw)) {
    if (value === null || Object.hasOwn(section.keys, name)) continue;
    const path = keyPath(at, name);
    if (Object.hasOwn(section.legacy, name)) {
      findings.warning(path, `is not used any more and is ignored: ${section.legacy[name] ?? ''}`);
    } else {
      findings.warning(
        path,
        'is not a key of this version and is ignored',
        suggest(name, Object.keys(section.keys)),
      );
    }
  }
  // Built key by key from the table that the type is derived from.
  return values as Values<Keys>;
}

function readKey<Value>(key: Key<Value>, raw: unknown, at: string, findings: Findings): Value {
  if (raw === undefined || raw === null) {
    if (key.required) findings.problem(at, `is required: ${key.meaning}`);
    return key.fallback;
  }
  const parsed = key.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const path = issue.path.reduce<string>(
      (parent, part) => keyPath(parent, typeof part === 'number' ? part : String(part)),
      at,
    );
    if (issue.code === 'custom') {
      findings.problem(path, issue.message);
    } else {
      const found = valueAt(raw, issue.path);
      const words = issue.code === 'invalid_value' ? issue.values.map(String) : [];
      const meant = typeof found === 'string' ? suggest(found, words) : undefined;
      findings.problem(path, `expected ${key.type.replaceAll('`', '')}, found ${described(found)}`, meant);
    }
  }
  return key.fallback;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((parent, part) => {
    if (typeof parent !== 'object' || parent === null) return undefined;
    return (parent as Readonly<Record<PropertyKey, unknown>>)[part];
  }, value);
}

/** The kind of a value; short words and numbers as they are. Longer text may be a secret that stands in a wrong place. */
function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value.length <= 16 ? quoted(value) : 'a text';
  return JSON.stringify(value);
}
