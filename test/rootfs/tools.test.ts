/** The programs, as they are found when a worker starts. */
import { expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { notesOn, packerFor, probeTools } from '../../src/rootfs/index.js';
import { inScratch } from '../support/images.js';

/** An environment in which programs lie in this directory alone, and imagegw-squash where it is. */
async function only(directory: string): Promise<NodeJS.ProcessEnv> {
  const { squash } = await probeTools();
  return { ...process.env, PATH: directory, IMAGEGW_SQUASH: squash.path };
}

/** A directory with a mksquashfs that says this when it is asked for its version (and exits with 1, as some do). */
async function withMksquashfs<T>(said: string, use: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  return await inScratch(async (directory) => {
    writeFileSync(join(directory, 'mksquashfs'), `#!/bin/sh\necho "${said}"\nexit 1\n`, { mode: 0o755 });
    return await use(await only(directory));
  });
}

const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;

it.each(['4.5.1 (2022/03/17)', '4.6.1 (2023/03/25)', '4.7 (2025/06/03)', '5.0-git (2027/01/01)'])('mksquashfs %s is taken', (version) =>
  withMksquashfs(`mksquashfs version ${version}`, async (env) => {
    expect((await probeTools(env)).mksquashfs).toMatchObject({ version: version.split(' ')[0] });
  }),
);

it.each([
  ['an older one', 'echo mksquashfs version 4.4-git.1 "(2019/08/29)"', /mksquashfs is version 4\.4-git\.1: it reads no tar; 4\.5 or newer is needed/],
  ['a much older one', 'echo mksquashfs version 3.9', /mksquashfs is version 3\.9: .*4\.5 or newer is needed/],
  ['one that says something else', 'echo something else', /does not say its version/],
  ['one that says nothing and dies', 'kill -9 $$', /does not say its version/],
])('%s is refused where options are for it, and there alone', (_which, script, says) =>
  inScratch(async (directory) => {
    writeFileSync(join(directory, 'mksquashfs'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const tools = await probeTools(await only(directory));
    expect(packerFor(tools, SQUASHFS).kind).toBe('segments');
    expect(() => packerFor(tools, { ...SQUASHFS, extraOptions: ['-no-exports'] })).toThrow(
      expect.objectContaining({ code: 'PACKER_MISSING', message: expect.stringMatching(says) as unknown }),
    );
  }),
);

it('it is needed for options of its own alone', () =>
  inScratch(async (directory) => {
    const tools = await probeTools(await only(directory));
    expect(packerFor(tools, SQUASHFS).kind).toBe('segments');
    expect(() => packerFor(tools, { ...SQUASHFS, extraOptions: ['-no-exports'] })).toThrow(/not installed/);
  }));

/** What mksquashfs of this version is given for these options. */
async function given(version: string, ...extraOptions: readonly string[]): Promise<string> {
  const tools = { ...(await probeTools()), mksquashfs: { path: '/usr/bin/mksquashfs', version } };
  return packerFor(tools, { ...SQUASHFS, extraOptions }).identity.replace(/^.* -b 131072 /, '');
}

it.each([
  ['4.5', '-no-duplicates -noI'],
  ['4.5.1', '-no-duplicates -noI'],
  ['4.6.1', '-no-duplicates -noI'],
  ['4.7', '-no-duplicates -no-sparse -noI'],
  ['4.7.0', '-no-duplicates -no-sparse -noI'],
  ['4.7.4', '-no-duplicates -no-sparse -noI'],
  ['4.7.4-abcdef', '-no-duplicates -no-sparse -noI'],
  ['4.7.5', '-no-duplicates -noI'],
  ['4.10', '-no-duplicates -noI'],
  ['5.0', '-no-duplicates -noI'],
])('version %s gets %s', async (version, arguments_) => {
  expect(await given(version, '-noI')).toBe(arguments_);
});

it.each([
  ['4.4', [/reads no tar.*: it is not used$/]],
  ['4.5.1', [/-no-duplicates is given$/, /hard link of a tar: every image is read back$/]],
  ['4.6', [/-no-duplicates is given$/, /-tailends and -always-use-fragments are refused$/, /read back$/]],
  ['4.7.4', [/-no-duplicates is given$/, /read back$/, /-no-sparse is given$/]],
  ['4.7.5', [/-no-duplicates is given$/, /read back$/]],
  ['4.7.6', [/-no-duplicates is given$/]],
])('what is known of version %s is told', (version, notes) => {
  expect(notesOn(version)).toEqual(notes.map((says) => expect.stringMatching(says) as unknown));
});

it('no option is given twice', async () => {
  expect(await given('4.7.2', '-no-sparse')).toBe('-no-duplicates -no-sparse');
});

it.each([
  ['4.6', '-tailends', /race damages its table of fragments.*take -tailends out/],
  ['4.6-git', '-always-use-fragments', /take -always-use-fragments out/],
  ['4.7', '-ef', /hangs.*take -ef out/],
])('version %s is refused with %s', async (version, option, says) => {
  await expect(given(version, option)).rejects.toMatchObject({ code: 'PACKER_MISSING', message: expect.stringMatching(says) as unknown });
});

it.each(['4.5.1', '4.6.1', '4.7'])('version %s is taken with -tailends', async (version) => {
  expect(await given(version, '-tailends')).toMatch(/ -tailends$/);
});

it('imagegw-squash is needed in any case', async () => {
  await expect(probeTools({ ...process.env, IMAGEGW_SQUASH: '/nowhere' })).rejects.toMatchObject({ code: 'PACKER_MISSING' });
});
