/** The set-up on machines where something is missing: a copy of it, so that it finds nothing built. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What every machine has. */
const ESSENTIAL = ['bash', 'cut', 'dirname', 'find', 'head', 'id', 'sed', 'sha256sum', 'sort', 'tr', 'uname', 'xargs'];
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-setup-'));
  chmodSync(directory, 0o755);
  for (const name of ['scripts', 'embedded/index-server']) cpSync(name, join(directory, name), { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A directory with the essential programs and these, which say what their text says. */
function path(name: string, programs: Readonly<Record<string, string>>): string {
  const own = join(directory, name);
  mkdirSync(own);
  for (const program of ESSENTIAL) symlinkSync(execFileSync('which', [program], { encoding: 'utf8' }).trim(), join(own, program));
  for (const [program, says] of Object.entries(programs)) writeFileSync(join(own, program), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
  return own;
}

function setup(PATH: string): { readonly code: number | null; readonly lines: readonly string[] } {
  const before = readdirSync(directory);
  const command = [join(PATH, 'bash'), 'scripts/setup.sh'];
  const [program = '', ...args] = process.getuid?.() === 0 ? ['/usr/bin/setpriv', ...NOBODY, ...command] : command;
  const { status, stderr } = spawnSync(program, args, { cwd: directory, env: { PATH, HOME: '/nonexistent' }, encoding: 'utf8' });
  expect(readdirSync(directory)).toEqual(before);
  return { code: status, lines: stderr.trimEnd().split('\n') };
}

it('tells all that is missing in one list, and does nothing', () => {
  const { code, lines } = setup(path('bare', {}));
  expect(code).toBe(1);
  expect(lines).toEqual([
    'setup: this is missing:',
    expect.stringMatching(/^ {2}Node\.js 20\.19 or newer, with npm \(here: none\): /),
    expect.stringMatching(/^ {2}Go 1\.24 or newer \(here: none\): /),
    expect.stringMatching(/^ {2}Debian packages \(as root: apt-get install apache2-utils .*\bredis-server .*\bzstd\)$/),
    'setup: nothing has been done; install it and run this again',
  ]);
});

it('tells of a Node.js and a Go that are too old', () => {
  const { lines } = setup(path('old', { node: 'v20.18.3', npm: '10', go: 'go1.19.8' }));
  expect(lines[1]).toContain('Node.js 20.19 or newer, with npm (here: v20.18.3)');
  expect(lines[2]).toContain('Go 1.24 or newer (here: go1.19.8)');
});

it('takes those that are new enough', () => {
  const { lines } = setup(path('new', { node: 'v20.19.0', npm: '10', go: 'go1.24' }));
  expect(lines.join('\n')).not.toMatch(/Node\.js|Go /);
  expect(lines).toHaveLength(3);
});
