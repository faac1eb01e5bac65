/** Paths that users name, and what they try with them. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImportPath, splitImportPath, type ImportingUser } from '../../src/archives/open-beneath.js';
import { GatewayError } from '../../src/lib/errors.js';

const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const uid = process.geteuid?.() ?? 0;
const me: ImportingUser = { uid, administrators: [] };

let root: string;
let inbox: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imagegw-open-'));
  inbox = join(root, 'inbox');
  mkdirSync(join(inbox, 'a', 'b'), { recursive: true });
  writeFileSync(join(inbox, 'a', 'b', 'file'), 'inside');
  mkdirSync(join(root, 'secret', 'b'), { recursive: true });
  writeFileSync(join(root, 'secret', 'b', 'file'), 'SECRET');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function read(path: string, user = me): Promise<string> {
  const { handle, kind } = await openImportPath(path, [inbox], user);
  try {
    return kind === 'file' ? await handle.readFile('utf8') : 'a directory';
  } finally {
    await handle.close();
  }
}

it('reads plain paths, and those below the nearest root', async () => {
  expect(await read(join(inbox, 'a/b/file'))).toBe('inside');
  expect(await read(join(inbox, 'a/b/'))).toBe('a directory');
  expect(splitImportPath('/x/y/z', ['/x', '/x/y'])).toEqual({ root: '/x/y', components: ['z'] });
  expect(splitImportPath('/x/y', ['/'])).toEqual({ root: '/', components: ['x', 'y'] });
  expect(() => splitImportPath('/x/y\0z', ['/x'])).toThrow(/absolute path/);
  expect(() => splitImportPath(`/x/${'y'.repeat(5000)}`, ['/x'])).toThrow(/absolute path/);
});

it('reads what the site itself has reached by a link', async () => {
  symlinkSync(inbox, join(root, 'link'));
  const { handle } = await openImportPath(join(root, 'link/a/b/file'), [join(root, 'link')], me);
  expect(await handle.readFile('utf8')).toBe('inside');
  await handle.close();
});

it('never leaves the directory, however fast names on the way are exchanged', async () => {
  // Exchanges inbox/a (a directory) with a link to the secret, and inbox/a/b/file with a link, as fast as it can.
  const program = `
    const { renameSync, symlinkSync } = require('node:fs');
    process.chdir(${JSON.stringify(inbox)});
    symlinkSync(${JSON.stringify(join(root, 'secret'))}, 'evil');
    symlinkSync(${JSON.stringify(join(root, 'secret/b/file'))}, 'evil-file');
    console.log('ready');
    for (;;) {
      renameSync('a', 'kept'); renameSync('evil', 'a'); renameSync('a', 'evil'); renameSync('kept', 'a');
      renameSync('a/b/file', 'kept-file'); renameSync('evil-file', 'a/b/file'); renameSync('a/b/file', 'evil-file'); renameSync('kept-file', 'a/b/file');
    }`;
  const swapper = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
  await once(swapper.stdout, 'data');
  const seen = new Map<string, number>();
  try {
    for (let round = 0; round < 5000; round++) {
      const what = await read(join(inbox, 'a/b/file')).catch((error: unknown) => (error instanceof GatewayError ? error.code : String(error)));
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  } finally {
    swapper.kill('SIGKILL');
    await once(swapper, 'exit');
  }
  // Both have happened: it was read, and it was refused because of a link.
  expect([...seen.keys()].sort()).toEqual(expect.arrayContaining(['FORBIDDEN', 'inside']));
  expect([...seen.keys()].filter((what) => !['FORBIDDEN', 'NOT_FOUND', 'inside'].includes(what))).toEqual([]);
}, 60_000);

it('gives the very file that was looked at, whatever stands under the name afterwards', async () => {
  const { handle } = await openImportPath(join(inbox, 'a/b/file'), [inbox], me);
  rmSync(join(inbox, 'a/b/file'));
  symlinkSync(join(root, 'secret/b/file'), join(inbox, 'a/b/file'));
  expect(await handle.readFile('utf8')).toBe('inside');
  await handle.close();
});

asRoot('takes files of the caller and of administrators, those of administrators only when all may read them', async () => {
  const file = join(inbox, 'a/b/file');
  const ada: ImportingUser = { uid: 4711, administrators: [0] };
  chmodSync(file, 0o644);
  expect(await read(file, ada)).toBe('inside');
  chmodSync(file, 0o640);
  await expect(read(file, ada)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(/not open to everybody/) });
  chmodSync(file, 0o644);
  chmodSync(join(inbox, 'a'), 0o700);
  await expect(read(file, ada)).rejects.toMatchObject({ message: expect.stringMatching(/not open to everybody/) });
  // A name of one's own for it changes nothing: its directory is open, the file is not.
  chmodSync(file, 0o600);
  mkdirSync(join(inbox, 'ada'));
  chownSync(join(inbox, 'ada'), 4711, 4711);
  linkSync(file, join(inbox, 'ada/mine'));
  await expect(read(join(inbox, 'ada/mine'), ada)).rejects.toMatchObject({ message: expect.stringMatching(/not open to everybody/) });
  chownSync(file, 4711, 4711);
  expect(await read(join(inbox, 'ada/mine'), ada)).toBe('inside');
  chownSync(file, 4712, 4712);
  await expect(read(join(inbox, 'ada/mine'), ada)).rejects.toMatchObject({ message: expect.stringMatching(/belongs to uid 4712/) });
});

it('leaves no file open', async () => {
  const count = async (): Promise<number> => {
    const { readdir } = await import('node:fs/promises');
    return (await readdir('/proc/self/fd')).length;
  };
  const first = await open(join(inbox, 'a/b/file'));
  await first.close();
  const before = await count();
  for (let round = 0; round < 20; round++) {
    await read(join(inbox, 'a/b/file'));
    await read(join(inbox, 'a/missing/file')).catch(() => {});
    await read(join(inbox, 'a/b/file/x')).catch(() => {});
  }
  expect(await count()).toBe(before);
});
