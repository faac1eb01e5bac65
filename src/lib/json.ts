/**
 * A JSON reader (RFC 8259) that says in which line and column the first error is and what was probably meant, and
 * reports keys that are given twice. `JSON.parse` of Node 20 does neither.
 */

export type JsonReading =
  | { readonly ok: true; readonly value: unknown; readonly repeatedKeys: readonly string[] }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

const MAX_DEPTH = 64;

/** Never throws. Objects have no prototype, so that `__proto__` is a key like others. */
export function readJson(text: string): JsonReading {
  const reader = new JsonReader(text);
  try {
    const value = reader.document();
    return { ok: true, value, repeatedKeys: reader.repeatedKeys };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const before = text.slice(0, error.offset);
    const line = before.split('\n').length;
    const column = error.offset - before.lastIndexOf('\n');
    return { ok: false, line, column, message: error.message };
  }
}

/** `Platforms.cori`, `host[0]`; a name that holds a dot or the like is quoted: `Locations["index.docker.io"]`. */
export function keyPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w+@-]+$/.test(key)) return `${parent}[${quoted(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** Text from outside on one line without control characters: it ends up on terminals. */
export function quoted(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  // JSON escapes what is below U+0020; C1 controls, line separators and marks that turn text round are left to us.
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

class JsonError extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

class JsonReader {
  readonly repeatedKeys: string[] = [];
  private offset: number;

  constructor(private readonly text: string) {
    // Editors on some systems put a byte order mark in front.
    this.offset = text.startsWith('\ufeff') ? 1 : 0;
  }

  document(): unknown {
    this.skipBlanks();
    if (this.offset === this.text.length) this.fail('the file is empty');
    const value = this.value('', 0);
    this.skipBlanks();
    if (this.offset < this.text.length) this.fail('text after the end of the JSON value');
    return value;
  }

  private value(path: string, depth: number): unknown {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`);
    const next = this.text[this.offset];
    if (next === '{') return this.object(path, depth);
    if (next === '[') return this.list(path, depth);
    if (next === '"') return this.string();
    const number = this.take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return Number(number);
    const start = this.offset;
    const word = this.take(/[A-Za-z]\w*/y);
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    this.offset = start;
    return this.fail(word === undefined ? 'expected a value' : 'expected a value; text needs double quotes');
  }

  private object(path: string, depth: number): Record<string, unknown> {
    const members = Object.create(null) as Record<string, unknown>;
    this.offset++;
    this.skipBlanks();
    if (this.takeCharacter('}')) return members;
    for (;;) {
      if (this.text[this.offset] !== '"') {
        this.fail(
          this.text[this.offset] === '}'
            ? 'a comma must not stand before }'
            : 'expected a key in double quotes',
        );
      }
      const key = this.string();
      const keyAt = keyPath(path, key);
      if (Object.hasOwn(members, key)) this.repeatedKeys.push(keyAt);
      this.skipBlanks();
      if (!this.takeCharacter(':')) this.fail('expected : after the key');
      this.skipBlanks();
      members[key] = this.value(keyAt, depth + 1);
      this.skipBlanks();
      if (this.takeCharacter('}')) return members;
      if (!this.takeCharacter(',')) this.fail('expected , or } after the value');
      this.skipBlanks();
    }
  }

  private list(path: string, depth: number): unknown[] {
    const items: unknown[] = [];
    this.offset++;
    this.skipBlanks();
    if (this.takeCharacter(']')) return items;
    for (;;) {
      if (this.text[this.offset] === ']') this.fail('a comma must not stand before ]');
      items.push(this.value(keyPath(path, items.length), depth + 1));
      this.skipBlanks();
      if (this.takeCharacter(']')) return items;
      if (!this.takeCharacter(',')) this.fail('expected , or ] after the value');
      this.skipBlanks();
    }
  }

  private string(): string {
    const start = this.offset;
    // RFC 8259 section 7 forbids control characters in strings.
    const literal = this.take(/"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (literal !== undefined) return JSON.parse(literal) as string;
    this.take(/"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
    if (this.text[this.offset] === '\\') this.fail('unknown escape: a backslash itself is written \\\\');
    this.offset = start;
    return this.fail('the text that begins here is not closed by " on its line');
  }

  private skipBlanks(): void {
    this.take(/[ \t\r\n]+/y);
    const start = this.text.slice(this.offset, this.offset + 2);
    if (start === '//' || start === '/*' || start.startsWith('#')) this.fail('JSON has no comments');
  }

  private takeCharacter(character: string): boolean {
    if (this.text[this.offset] !== character) return false;
    this.offset++;
    return true;
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.text)?.[0];
    this.offset += found?.length ?? 0;
    return found;
  }

  private fail(message: string): never {
    throw new JsonError(
      this.offset,
      this.offset >= this.text.length ? `${message}; the file ends here` : message,
    );
  }
}
