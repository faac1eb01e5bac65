/** A gateway that is not root: directories of an image in which their owner may not write do not stay on its disk. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../src/lib/child.js';
import { writeLayer } from '../support/images.js';
import { tarOf } from '../support/tar.js';
import { convert } from './convert.js';
import type { OtherUserOrder, OtherUserReport } from './fixtures/other-user.js';

const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const NOBODY = 65_534;

let directory: string;
let outside: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-other-user-'));
  chownSync(directory, NOBODY, NOBODY);
  // What a symbolic link of the image points at: it belongs to the same user, and must stay as it is.
  outside = join(directory, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), '');
  chownSync(outside, NOBODY, NOBODY);
  chmodSync(outside, 0o555);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function asNobody(order: OtherUserOrder): Promise<OtherUserReport> {
  const script = fileURLToPath(new URL('fixtures/other-user.ts', import.meta.url));
  const said = await runChild({
    command: 'setpriv',
    args: [
      '--reuid',
      String(NOBODY),
      '--regid',
      String(NOBODY),
      '--clear-groups',
      process.execPath,
      '--import',
      'tsx',
      script,
      JSON.stringify(order),
    ],
    env: { PATH: process.env['PATH'], TMPDIR: directory },
  });
  return JSON.parse(said) as OtherUserReport;
}

/** Converts an image with directories that are closed to their owner, and what examines it. */
async function imageAndExaminer(
  status: number,
): Promise<Required<Pick<OtherUserOrder, 'examination'>>['examination']> {
  const layer = writeLayer(
    directory,
    tarOf(
      { name: 'usr/', type: 'directory', mode: 0o555 },
      { name: 'usr/bin/', type: 'directory', mode: 0o555 },
      { name: 'usr/bin/f', body: 'a program', mode: 0o555 },
      { name: 'usr/bin/\xff\xfe/', type: 'directory', mode: 0o555 },
      { name: 'usr/bin/\xff\xfe/g', body: '' },
      { name: 'usr/bin/out', type: 'symlink', link: outside },
      { name: 'usr/shut/', type: 'directory', mode: 0o000 },
      { name: 'usr/shut/deeper/', type: 'directory', mode: 0o000 },
      { name: 'usr/shut/deeper/h', body: '' },
    ),
  );
  const { product } = await convert([layer], directory);
  const command = join(directory, 'examiner');
  writeFileSync(
    command,
    `#!/bin/sh\ntest "$(cat "$1/usr/bin/f")" = "a program" && exit ${String(status)}\nexit 99\n`,
    { mode: 0o755 },
  );
  chmodSync(product.path, 0o644);
  return { command, product: { path: product.path }, unpackInto: join(directory, 'unpacked') };
}

function expectUntouched(path: string): void {
  expect(readdirSync(path)).toEqual(['kept']);
  expect(statSync(path).mode & 0o777).toBe(0o555);
}

asRoot.each([
  [0, 'passed'],
  [7, 'EXAMINATION_FAILED'],
])(
  'an examiner that ends with %i has its verdict, and nothing of the unpacked image is left (needs root)',
  async (status, verdict) => {
    const examination = await imageAndExaminer(status);
    expect((await asNobody({ examination })).examined).toBe(verdict);
    expect(existsSync(examination.unpackInto)).toBe(false);
    expectUntouched(outside);
  },
);

asRoot(
  'what dead workers have left is removed; what can not be is told, and keeps nothing else from going (needs root)',
  async () => {
    const expand = join(directory, 'expand');
    mkdirSync(expand);
    // Nobody has such a process id.
    const dead = (start: number): string =>
      join(expand, `${hostname().replace(/[^A-Za-z0-9-]/g, '-')}.4194305.${String(start)}`);
    for (const start of [1, 2, 3, 4, 5]) {
      const tree = join(dead(start), 'pull', 'examined');
      mkdirSync(tree, { recursive: true });
      writeFileSync(join(tree, 'f'), '');
      symlinkSync(outside, join(tree, 'out'));
      for (const path of [tree, join(tree, 'f'), join(tree, '..'), dead(start)])
        chownSync(path, NOBODY, NOBODY);
      chmodSync(tree, 0o555);
    }
    chownSync(expand, NOBODY, NOBODY);
    chownSync(join(dead(3), 'pull', 'examined'), 0, 0);
    const { logged } = await asNobody({ sweep: expand });
    expect(readdirSync(expand).map((name) => join(expand, name))).toEqual([dead(3)]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(dead(3));
    expectUntouched(outside);
  },
);
