/** `imagegw config check`, as a program. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = new URL('../../dist/imagegw/main.js', import.meta.url).pathname;
let directory: string;
let file: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-config-'));
  file = join(directory, 'imagemanager.json');
  mkdirSync(join(directory, 'images'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const valid = (): Record<string, unknown> => ({
  Platforms: { one: { accesstype: 'local', local: { imageDir: join(directory, 'images') } } },
  Locations: { 'index.docker.io': { remotetype: 'dockerv2', url: 'https://registry-1.docker.io' } },
  DefaultImageLocation: 'index.docker.io',
  CacheDirectory: join(directory, 'cache'),
  ExpandDirectory: join(directory, 'expand'),
  Authentication: 'none',
});

function check(content: unknown): { readonly code: number | null; readonly lines: string[]; readonly stderr: string } {
  writeFileSync(file, JSON.stringify(content));
  return checkFile(file);
}

function checkFile(path: string): { readonly code: number | null; readonly lines: string[]; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(MAIN, ['config', 'check', path], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  return { code: status, lines: stdout.split('\n').slice(0, -1), stderr };
}

it('exits with 0 and says so when the file can be used', () => {
  expect(check(valid())).toEqual({ code: 0, lines: [`${file}: 0 problem(s), 0 warning(s)`], stderr: '' });
});

it('prints all problems at once, each with its key, and what a misspelt one may have meant; exits with 1', () => {
  const { code, lines, stderr } = check({ ...valid(), WorkerThreads: 'many', CacheDirektory: '/x', DefaultImageLocation: 'nowhere' });
  expect(code).toBe(1);
  expect(stderr).toBe('');
  expect(lines).toEqual([
    'error: WorkerThreads: expected a whole number from 1 to 1024, found "many"',
    'error: DefaultImageLocation: "nowhere" is no key of Locations',
    'warning: CacheDirektory: is not a key of this version and is ignored (did you mean "CacheDirectory"?)',
    `${file}: 2 problem(s), 1 warning(s)`,
  ]);
});

it('exits with 2 when the file can not be read', () => {
  const missing = join(directory, 'missing.json');
  expect(checkFile(missing)).toMatchObject({ code: 2, lines: [], stderr: expect.stringContaining(`${missing} can't be read: ENOENT`) });
});
