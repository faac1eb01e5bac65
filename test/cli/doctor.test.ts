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

it('tells what is known of mksquashfs, and misses it where options are for it alone', () => {
  const programs = join(directory, 'programs');
  mkdirSync(programs);
  const environment = { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  const line = (version: string, squashfs: readonly string[]): string | undefined => {
    writeFileSync(join(programs, 'mksquashfs'), `#!/bin/sh\necho "mksquashfs version ${version} (2020/01/01)"\n`, { mode: 0o755 });
    return doctor({ ConverterOptions: { squashfs } }, environment).lines.find((one) => / mksquashfs /.test(one));
  };
  expect(line('4.4', ['-comp', 'gzip'])).toMatch(/^ok .*not needed.*is version 4\.4: it reads no tar/);
  expect(line('4.4', ['-noI'])).toMatch(/^MISSING .*\(-noI\).*is version 4\.4: it reads no tar/);
  expect(line('4.7.2', ['-noI'])).toMatch(/^ok .*4\.7\.2, for the ConverterOptions of one: .*-no-duplicates is given; .*read back; .*\(#340\): -no-sparse is given/);
  expect(line('4.6', ['-tailends'])).toMatch(/^MISSING .*take -tailends out/);
});

it('looks for what an examiner and imports need', () => {
  const what = (keys: Readonly<Record<string, unknown>>): string => doctor(keys).lines.join('\n');
  expect(what({})).not.toMatch(/unsquashfs|sqfs2tar/);
  expect(what({ examiner: '/bin/true' })).toMatch(/ok +unsquashfs +\//);
  expect(what({ ImportUsers: 'all', ImportPaths: [directory], ImportSquashfs: 'admins' })).toMatch(/ok +sqfs2tar +\//);
});

it('takes a configuration that can not be read for wrong usage', () => {
  const { status, stderr } = doctor({ Authentication: 'jwt' });
  expect(status).toBe(2);
  expect(stderr).toContain('Authentication');
});
