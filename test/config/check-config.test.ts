import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig, findingLine } from '../../src/config/index.js';
import { goodFile, type JsonObject } from './good-file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-config-'));
  writeFileSync(join(directory, 'local.crt'), 'certificate');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function check(content: JsonObject | string): { problems: string[]; warnings: string[] } {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const { problems, warnings } = checkConfig(text, join(directory, 'imagemanager.json'));
  return { problems: problems.map(findingLine), warnings: warnings.map(findingLine) };
}

function withSystem(keys: JsonObject): JsonObject {
  return { ...goodFile, Platforms: { cori: { ...goodFile.Platforms.cori, ...keys } } };
}

function withRegistry(keys: JsonObject): JsonObject {
  return {
    ...goodFile,
    Locations: { ...goodFile.Locations, local: { ...goodFile.Locations.local, ...keys } },
  };
}

describe('a good file', () => {
  it('has no problems and no warnings', () => {
    expect(check(goodFile)).toEqual({ problems: [], warnings: [] });
  });

  it('may begin with a byte order mark', () => {
    expect(check(`\ufeff${JSON.stringify(goodFile)}`).problems).toEqual([]);
  });

  it('may hold the keys that Shifter has had, with one warning each', () => {
    const { problems, warnings } = check({
      ...withSystem({ usergroupService: 'ldap', ldap: {}, mountCommand: '/bin/mount', use_external: true }),
      DefaultLustreReplication: 1,
      DefaultOstCount: 16,
      DefaultImageRemote: 'x',
      Broker: 'redis://:secret-of-old@redis/',
    });
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(8);
    expect(warnings.join()).not.toContain('secret-of-old');
  });
});

describe('all problems at once', () => {
  it('names each with its key path', () => {
    const { problems } = check({
      Authentication: 'none',
      ExpandDirectory: 7,
      DefaultImageLocation: 'nowhere',
      WorkerThreads: 'eight',
      Platforms: { cori: { accesstype: 'locale', local: {} } },
      Locations: { 'index.docker.io': { remotetype: 'dockerhub' } },
    });
    expect(problems.map((line) => line.split(': ')[0])).toEqual([
      'CacheDirectory',
      'ExpandDirectory',
      'WorkerThreads',
      'Platforms.cori.accesstype',
      'Platforms.cori.local.imageDir',
      'Locations["index.docker.io"].remotetype',
      'DefaultImageLocation',
    ]);
  });

  it('suggests the key that was meant', () => {
    const { warnings } = check({ ...withSystem({ admin: ['root'] }), workerthread: 1, Quux: 1 });
    expect(warnings).toEqual([
      'workerthread: is not a key of this version and is ignored (did you mean "WorkerThreads"?)',
      'Quux: is not a key of this version and is ignored',
      'Platforms.cori.admin: is not a key of this version and is ignored (did you mean "admins"?)',
    ]);
  });

  it('keeps control characters of the file off the terminal', () => {
    const { warnings } = check({ ...goodFile, 'x\u001b[2J\u009b\u202e': 1 });
    expect(warnings.join()).toContain('\\u001b[2J\\u009b\\u202e');
    expect(warnings.join()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

describe('JSON errors have a line and a column', () => {
  it.each([
    ['', 'line 1, column 1: the file is empty; the file ends here'],
    ['{\n  "a": 1,\n}', 'line 3, column 1: a comma must not stand before }'],
    ['{\n  "a": 1\n  "b": 2}', 'line 3, column 3: expected , or } after the value'],
    ['{"a": tru}', 'line 1, column 7: expected a value; text needs double quotes'],
    ['{"a": "x\n"}', 'line 1, column 7: the text that begins here is not closed by " on its line'],
    ['{"a": "\\x"}', 'line 1, column 8: unknown escape: a backslash itself is written \\\\'],
    ['{ // note\n}', 'line 1, column 3: JSON has no comments'],
    ['{} x', 'line 1, column 4: text after the end of the JSON value'],
    ['{"a": [1,]}', 'line 1, column 10: a comma must not stand before ]'],
    ['{"a"', 'line 1, column 5: expected : after the key; the file ends here'],
    ['['.repeat(100_000), 'line 1, column 66: nested deeper than 64 levels'],
    ['[]', 'the file must hold one JSON object: { ... }'],
  ])('%#', (text, message) => {
    expect(check(text).problems).toEqual([message]);
  });

  it('warns of a key that is given twice', () => {
    const text = JSON.stringify(goodFile).replace('{', '{"Port": 1, "Port": 2,');
    expect(check(text).warnings).toEqual(['Port: is given more than once; the last one counts']);
  });
});

describe('Authentication', () => {
  const without = { ...goodFile, Authentication: null };

  it('is refused when it is missing, with the line to add', () => {
    expect(check(without).problems).toEqual([
      'Authentication: is missing, which means "munge", and this version does not have that yet. Write "Authentication": "none": the gateway then listens on the loopback only and takes every caller for its administrator',
    ]);
  });

  it.each([
    ['munge'],
    ['jwt'],
    ['token'],
    ['mock'],
    ['nonne'],
    [[]],
    [['munge', 'jwt']],
    [['none', 'munge']],
  ])('refuses %j', (mode) => {
    const { problems } = check({ ...goodFile, Authentication: mode });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((line) => line.startsWith('Authentication: '))).toBe(true);
  });

  it.each([['0.0.0.0'], ['::'], ['gateway.example'], ['127.0.0.1.evil.example']])(
    '"none" refuses to listen on %s',
    (host) => {
      expect(check({ ...goodFile, Host: host }).problems[0]).toMatch(/^Host: .* is not a loopback address/);
    },
  );
});

it('an image is examined in one way', () => {
  const both = { ...goodFile, examiner: '/usr/bin/examine', ExaminerHook: '/usr/bin/hook' };
  expect(check(both).problems).toEqual([expect.stringMatching(/^ExaminerHook: /)]);
  expect(check({ ...goodFile, examiner: '/usr/bin/examine' }).problems).toEqual([]);
});

describe('what this version does not have is refused, not left out', () => {
  it.each<[string, JsonObject]>([
    ['DefaultImageFormat', { ...goodFile, DefaultImageFormat: 'ext4' }],
    ['DefaultImageFormat', { ...goodFile, DefaultImageFormat: 'cramfs' }],
    ['Platforms.cori.policy_file', withSystem({ policy_file: '/etc/policy.json' })],
  ])('%s', (path, file) => {
    expect(check(file).problems.map((line) => line.split(': ')[0])).toEqual([path]);
  });
});

describe('registries', () => {
  it('names both places of a certificate authority that is not there', () => {
    const [problem = ''] = check(withRegistry({ sslcacert: 'none.crt' })).problems;
    expect(problem).toContain(join(directory, 'none.crt'));
    expect(problem).toContain(join(process.cwd(), 'none.crt'));
  });

  it('warns of a file that is found in the working directory only', () => {
    expect(check(withRegistry({ sslcacert: 'package.json' })).warnings).toEqual([
      expect.stringMatching(/^Locations.local.sslcacert: is found relative to the working directory/),
    ]);
  });

  it.each<[string, JsonObject]>([
    ['url', { url: 'ftp://localhost' }],
    ['url', { url: 'https://user:hunter2@localhost' }],
    ['url', { url: 'https://' }],
    ['allowedAddresses', { allowedAddresses: ['10.0.0.0/33'] }],
    ['serverName', { serverName: 'registry internal' }],
    ['credentials', { credentials: { username: 'u' } }],
    ['clientCert and clientKey', { clientCert: 'local.crt' }],
    ['login', { url: 'http://localhost', credentials: { username: 'u', password: 'hunter2' } }],
  ])('refuses a wrong %s', (word, keys) => {
    const { problems } = check(withRegistry(keys));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(word);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('sends a login over http where that is asked for', () => {
    const keys = { url: 'http://localhost', insecure: true, credentials: { username: 'u', password: 'p' } };
    expect(check(withRegistry(keys)).problems).toEqual([]);
  });
});

describe('no input crashes it', () => {
  it('random changes of a good file', () => {
    // The usual run repeats itself; `IMAGEGW_TEST_SEED=random` looks further.
    const requested = process.env['IMAGEGW_TEST_SEED'] ?? '1';
    const seed = requested === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(requested);
    const random = generator(seed);
    for (let round = 0; round < 500; round++) {
      const text = mutate(structuredClone(goodFile), random);
      try {
        check(text);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${text}`, { cause: error });
      }
    }
  });
});

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function mutate(file: JsonObject, random: () => number): string {
  const values = [
    null,
    true,
    -1,
    1e308,
    '',
    'x',
    '\u0000',
    [],
    [[]],
    {},
    { a: {} },
    ['none'],
    '1:2:3:4',
    'http://[',
  ];
  const keys = [
    '__proto__',
    'constructor',
    '',
    'a/b',
    'host',
    'ssh',
    'mirrors',
    'policy',
    'Port',
    'ApiLimits',
    'url',
  ];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  for (let change = 0; change < 3; change++) {
    let at: JsonObject = file;
    for (;;) {
      const inner = Object.values(at).filter(
        (value): value is JsonObject => typeof value === 'object' && value !== null,
      );
      if (inner.length === 0 || random() < 0.3) break;
      at = pick(inner);
    }
    const key = random() < 0.5 ? pick(keys) : pick([...Object.keys(at), 'x']);
    Object.defineProperty(at, key, {
      value: structuredClone(pick(values)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const text = JSON.stringify(file);
  const cut = Math.floor(random() * text.length);
  return random() < 0.2
    ? text.slice(0, cut)
    : random() < 0.2
      ? text.slice(0, cut) + text.slice(cut + 1)
      : text;
}
