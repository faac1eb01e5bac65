/** `imagegw doctor`, as a program of its own: what is there, what is missing, and the exit codes. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = new URL('../../dist/imagegw/main.js', import.meta.url).pathname;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-doctor-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function doctor(keys: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv = {}): { status: number | null; lines: string[]; stderr: string } {
  const file = join(directory, 'imagemanager.json');
  const base = {
    Platforms: { one: { accesstype: 'local', local: { imageDir: join(directory, 'images') } } },
    Locations: { 'index.docker.io': { remotetype: 'dockerv2' } },
    DefaultImageLocation: 'index.docker.io',
    CacheDirectory: join(directory, 'cache'),
    ExpandDirectory: join(directory, 'expand'),
    StateDirectory: directory,
    Authentication: 'none',
  };
  writeFileSync(file, JSON.stringify({ ...base, ...keys }));
  const env = { ...process.env, NODE_OPTIONS: '', ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'doctor', '--config', file], { encoding: 'utf8', env });
  return { status, lines: stdout.trim().split('\n'), stderr };
}

it('finds everything on a machine that is set up', () => {
  mkdirSync(join(directory, 'images'), { recursive: true });
  const { status, lines } = doctor({});
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(status).toBe(0);
  expect(lines.join('\n')).toMatch(/imagegw-squash +\d+ zstd [\d.]+ .*inflates gzip with isa-l/);
  expect(lines.join('\n')).toMatch(/images of one +\S+images, [\d.]+ GiB free/);
  expect(lines.join('\n')).toMatch(/CacheDirectory +\S+cache, to be made/);
});

it('names what is missing, all of it, with what to do', () => {
  const squash = join(directory, 'not-a-program');
  writeFileSync(squash, '');
  chmodSync(squash, 0o600);
  const { status, lines } = doctor(
    { Platforms: { one: { accesstype: 'local', local: { imageDir: join(directory, 'nowhere') } } } },
    { IMAGEGW_SQUASH: squash, IMAGEGW_INDEX_SERVER: squash },
  );
  expect(status).toBe(1);
  const missing = lines.filter((line) => line.startsWith('MISSING'));
  expect(missing).toHaveLength(3);
  expect(missing[0]).toContain(`IMAGEGW_SQUASH names ${squash}, which is not a program that can be run`);
  expect(missing[1]).toMatch(/^MISSING +index +IMAGEGW_INDEX_SERVER names/);
  expect(missing[2]).toMatch(/images of one +\S+nowhere can't be written in: ENOENT/);
});

it('takes a configuration that can not be read for wrong usage', () => {
  const { status, stderr } = doctor({ Authentication: 'jwt' });
  expect(status).toBe(2);
  expect(stderr).toContain('Authentication');
});
