/** The `.meta` file as the Shifter runtime reads it. */
import { describe, expect, it } from '@jest/globals';
import { MAX_ACCESS_IDS, MAX_ARGUMENTS, renderMeta, type MetaInput } from '../../src/rootfs/meta.js';
import { diceOf } from '../support/dice.js';
import { readAsRuntime, type RuntimeImage } from './runtime-meta.js';

const BARE: MetaInput = { entrypoint: [], command: [], environment: [] };

const runtimeReads = (text: string): RuntimeImage => readAsRuntime(Buffer.from(text));

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
    [["\u00a0it's\u2003"]],
    [["[u] isn't a list"]],
    [["[it's]"]],
    [["it's \\ not the end"]],
    [[']', '[', 'u', '#', ':']],
    [Array.from({ length: MAX_ARGUMENTS }, (_, i) => String(i))],
  ])('a list that the runtime gets whole: %j', (list) => {
    const { text, losses } = renderMeta({ ...BARE, command: list });
    expect(losses).toEqual([]);
    expect(runtimeReads(text).command).toEqual(list);
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
    [["it's\v"]],
    [["[u'x"]],
    [Array.from({ length: MAX_ARGUMENTS + 1 }, (_, i) => String(i))],
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
      expect(runtimeReads(text)).toMatchObject({ format: 'squashfs', users: [5], groups: [], variables: ['B=1'] });
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
    expect(runtimeReads(text)).toMatchObject({ format: 'squashfs', workingDirectory: undefined, variables: ['PS1=#', 'A= b'] });
    expect(losses).toEqual([expect.stringContaining('WORKDIR'), expect.stringContaining(' PS1 ')]);
  });

  it.each(['/x\\', '/x\\ ', '/x\\\t'])('a working directory does not swallow the access list: %j', (workingDirectory) => {
    const { text } = renderMeta({ ...BARE, workingDirectory, access: { users: [5], groups: [] } });
    expect(runtimeReads(text).users).toEqual([5]);
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

  it.each(['A=', 'A', 'A= ', ' A='])('tells what the runtime does not set, because it has no value: %j', (variable) => {
    const { text, losses } = renderMeta({ ...BARE, environment: [variable, 'B=1'] });
    expect([...runtimeReads(text).environment]).toEqual([['B', '1']]);
    expect(losses).toEqual([expect.stringMatching(/ A .*no value/)]);
  });

  it.each([-1, 2 ** 32, 2 ** 32 - 1, 1.5, Number.NaN])('an id that is none is never written: %d', (id) => {
    expect(() => renderMeta({ ...BARE, access: { users: [5, id], groups: [] } })).toThrow(RangeError);
    expect(() => renderMeta({ ...BARE, access: { users: [5], groups: [id] } })).toThrow(RangeError);
  });

  it('whatever an image has, the runtime gets that or is not given it, and then that is told', () => {
    const seed = Number(process.env['META_SEED'] ?? 20_261_128);
    for (let round = 0; round < 20_000; round++) {
      const dice = diceOf(seed + round);
      const input = randomInput(dice);
      expect({ seed: seed + round, input, wrong: wrongs(input) }).toEqual({ seed: seed + round, input, wrong: [] });
    }
  });
});

const PIECES = ["'", "['", "[u'", "']", "', '", '"', '\\', '\n', '\r', '\0', ' ', '\t', '\v', '\u00a0', '[', ']', 'u', ',', '#', ':', '=', 'USERACL: 7', 'é', '🙂', 'a', 'b', 'x', '/', '-c', 'A='];

function randomInput(dice: (limit: number) => number): MetaInput {
  // Most without what can't be carried, so that lists of several come through.
  const pieces = dice(3) === 0 ? PIECES : PIECES.filter((piece) => !/['\n\r\0]/.test(piece));
  const text = (most: number): string => Array.from({ length: dice(most + 1) }, () => pieces[dice(pieces.length)]).join('');
  const list = (most: number): string[] => Array.from({ length: dice(most + 1) }, () => text(4));
  const ids = (): number[] => Array.from({ length: dice(3) }, () => [0, 1, 1000, 2 ** 32 - 2][dice(4)] ?? 0);
  const access = { users: [dice(70_000), ...ids()], groups: ids() };
  return {
    entrypoint: list(3),
    command: list(2),
    environment: Array.from({ length: dice(4) }, (_, at) => `V${String(at)}${dice(8) === 0 ? '' : '='}${text(4)}`),
    ...(dice(2) === 0 ? {} : { workingDirectory: text(4) }),
    ...(dice(2) === 0 ? {} : { access }),
  };
}

/** What the runtime would do otherwise than the image says, without being told; and what is told and not so. */
function wrongs(input: MetaInput): string[] {
  const { text, losses } = renderMeta(input);
  const read = runtimeReads(text);
  const told = (what: string): boolean => losses.some((loss) => loss.includes(what));
  const found: string[] = [];
  const check = (what: string, isRight: boolean): void => {
    if (!isRight) found.push(what);
  };
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  check('format', read.format === 'squashfs');
  for (const [key, wanted, got] of [
    ['ENTRY', input.entrypoint, read.entry],
    ['CMD', input.command, read.command],
  ] as const) {
    const isGiven = wanted.length > 0 && !told(key);
    check(key, isGiven ? same(got, wanted) : got === undefined);
    // An apostrophe is what a list can't carry, and what ends a line or a text.
    if (!wanted.some((item) => /['\r\n\0]/.test(item))) check(`${key} is told for nothing`, !told(key));
  }
  const directory = input.workingDirectory ?? '';
  check('WORKDIR', directory === '' || told('WORKDIR') ? read.workingDirectory === undefined : read.workingDirectory === directory);
  if (/^[^\s\\\0]*$/.test(directory)) check('WORKDIR is told for nothing', !told('WORKDIR'));
  check('access', same([read.users, read.groups], [input.access?.users ?? [], input.access?.groups ?? []]));
  const expected = new Map<string, string>();
  for (const variable of input.environment) {
    const [name = ''] = variable.split('=', 1);
    const about = losses.filter((loss) => loss.includes(` ${name.replace(/[\r\n\0]/g, '?')} `));
    if (about.length === 0) expected.set(name, variable.slice(name.length + 1));
    else if (about.some((loss) => loss.includes('blanks'))) expected.set(name, variable.slice(name.length + 1).replace(/[ \t\v\f]+$/, ''));
    else check(`${name} is not set`, !read.environment.has(name));
    if (/^V\d=[\w/-]+$/.test(variable)) check(`${name} is told for nothing`, about.length === 0);
  }
  check('environment', same([...read.environment].sort(), [...expected].sort()));
  return found;
}
