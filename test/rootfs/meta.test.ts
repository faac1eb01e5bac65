/** The `.meta` file as the Shifter runtime reads it. */
import { describe, expect, it } from '@jest/globals';
import { MAX_ACCESS_IDS, renderMeta, type MetaInput } from '../../src/rootfs/meta.js';

const BARE: MetaInput = { entrypoint: [], command: [], environment: [] };

/**
 * The file as the runtime parses it (shifter_parseConfig): split at the first colon and trimmed; a value that then ends in a
 * backslash goes on in the next line, whatever that line is.
 */
function runtimeReads(text: string): Map<string, string[]> {
  const read = new Map<string, string[]>();
  const lines = text.split('\n').values();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (line.startsWith('#') || colon < 0) continue;
    const key = line.slice(0, colon).trim();
    let value = line.slice(colon + 1).trim();
    while (value.endsWith('\\')) value = `${value.slice(0, -1).trim()} ${(lines.next().value ?? '').trim()}`;
    read.set(key, [...(read.get(key) ?? []), value]);
  }
  return read;
}

/** The arguments that the runtime gets of a list's value. Throws where it says "Malformed JSON". */
function runtimeList(value: string): string[] {
  if (!value.startsWith("['") && !value.startsWith("[u'")) return [value];
  if (!value.endsWith(']')) throw new Error('Malformed JSON');
  const quotes = value.split("'");
  if (quotes.length % 2 === 0) throw new Error('Malformed JSON');
  return quotes.filter((_, i) => i % 2 === 1);
}

describe('renderMeta', () => {
  it('writes the worked example byte for byte', () => {
    const { text, losses } = renderMeta({
      entrypoint: ['/bin/sh', '-c'],
      command: ['run it', '--fast'],
      workingDirectory: '/app',
      environment: ['PATH=/usr/bin:/bin', 'LANG=C.UTF-8'],
      access: { users: [1001], groups: [100] },
    });
    expect(text).toBe(
      "FORMAT: squashfs\nENTRY: ['/bin/sh', '-c']\nCMD: ['run it', '--fast']\nWORKDIR: /app\nUSERACL: 1001\nGROUPACL: 100\nENV: PATH=/usr/bin:/bin\nENV: LANG=C.UTF-8\n",
    );
    expect(losses).toEqual([]);
  });

  it('says the format and nothing else of a bare public image', () => {
    expect(renderMeta(BARE)).toEqual({ text: 'FORMAT: squashfs\n', losses: [] });
  });

  it.each<readonly [list: readonly string[]]>([
    [['a b', 'c']],
    [['a']],
    [['', 'x']],
    [['a\\b', 'c']],
    [["echo 'hi'"]],
    [['say "x"', 'y']],
    [['[x]', ':']],
    [['ünï']],
  ])('a list that the runtime gets whole: %j', (list) => {
    const { text, losses } = renderMeta({ ...BARE, command: list });
    expect(losses).toEqual([]);
    expect(runtimeList(runtimeReads(text).get('CMD')![0]!)).toEqual(list);
  });

  it.each<readonly [list: readonly string[]]>([
    [['sh', '-c', "echo 'hi'"]],
    [['sh', '-c', "it's"]],
    [['a\nUSERACL: 7']],
    [['a\rb', 'c']],
    [['a\0b']],
    [["['"]],
    [["'x\\"]],
    [["  it's"]],
  ])('a list that it would read wrongly is left out, and told: %j', (list) => {
    const { text, losses } = renderMeta({ ...BARE, entrypoint: list });
    expect(text).toBe('FORMAT: squashfs\n');
    expect(losses).toEqual([expect.stringContaining('ENTRY')]);
  });

  it.each(['A=x\nUSERACL: 7', 'A=x\rUSERACL: 7', 'A=x\0', 'A=ends in \\', 'A=ends in \\ ', 'A=ends in \\\t\v\f'])(
    'no environment variable can add a line: %j',
    (variable) => {
      const { text, losses } = renderMeta({
        ...BARE,
        environment: [variable, 'B=1'],
        access: { users: [5], groups: [] },
      });
      expect(runtimeReads(text)).toEqual(
        new Map([
          ['FORMAT', ['squashfs']],
          ['USERACL', ['5']],
          ['GROUPACL', ['']],
          ['ENV', ['B=1']],
        ]),
      );
      expect(losses).toEqual([expect.stringContaining(' A ')]);
    },
  );

  it('nor a working directory', () => {
    const { text, losses } = renderMeta({ ...BARE, workingDirectory: '/x\nENV: A=1' });
    expect(text).toBe('FORMAT: squashfs\n');
    expect(losses).toEqual([expect.stringContaining('WORKDIR')]);
  });

  it('tells what loses its blanks, which the runtime takes away', () => {
    const { text, losses } = renderMeta({ ...BARE, workingDirectory: '/x ', environment: ['PS1=# ', 'A= b'] });
    expect(runtimeReads(text)).toEqual(new Map([['FORMAT', ['squashfs']], ['ENV', ['PS1=#', 'A= b']]]));
    expect(losses).toEqual([expect.stringContaining('WORKDIR'), expect.stringContaining(' PS1 ')]);
  });

  it.each(['/x\\', '/x\\ ', '/x\\\t'])('a working directory does not swallow the access list: %j', (workingDirectory) => {
    const { text } = renderMeta({ ...BARE, workingDirectory, access: { users: [5], groups: [] } });
    expect(runtimeReads(text).get('USERACL')).toEqual(['5']);
  });

  it('never writes a private image that is open to all, nor lists that the runtime refuses', () => {
    const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
    expect(() => renderMeta({ ...BARE, access: { users: [], groups: [] } })).toThrow(RangeError);
    expect(() => renderMeta({ ...BARE, access: { users: ids(MAX_ACCESS_IDS + 1), groups: [] } })).toThrow(
      RangeError,
    );
    expect(renderMeta({ ...BARE, access: { users: ids(MAX_ACCESS_IDS), groups: [] } }).text).toMatch(
      /USERACL: (\d+,){999}1000\n/,
    );
  });
});
