/** The programs, as they are found when a worker starts. */
import { expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packerFor, probeTools } from '../../src/rootfs/index.js';
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

it.each(['4.5.1 (2022/03/17)', '4.6.1 (2023/03/25)', '4.7 (2025/06/03)', '5.0-git (2027/01/01)'])('mksquashfs %s is taken', (version) =>
  withMksquashfs(`mksquashfs version ${version}`, async (env) => {
    const { mksquashfs } = await probeTools(env);
    expect(mksquashfs?.version).toBe(version.split(' ')[0]);
  }),
);

it.each([
  ['mksquashfs version 4.4 (2019/08/29)', /mksquashfs is version 4\.4; 4\.5 or newer is needed/],
  ['mksquashfs version 3.9', /mksquashfs is version 3\.9; 4\.5 or newer is needed/],
  ['something else', /mksquashfs is version unknown; 4\.5 or newer is needed/],
])('an older one is refused: %s', (said, says) =>
  withMksquashfs(said, async (env) => {
    await expect(probeTools(env)).rejects.toMatchObject({ code: 'PACKER_MISSING', message: expect.stringMatching(says) as unknown });
  }),
);

it('it is needed for ConverterOptions alone, and always told not to look for duplicates', () =>
  inScratch(async (directory) => {
    const tools = await probeTools(await only(directory));
    expect(tools.mksquashfs).toBeUndefined();
    const squashfs = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
    expect(packerFor(tools, squashfs).kind).toBe('segments');
    const own = { ...squashfs, extraOptions: ['-no-exports'] };
    expect(() => packerFor(tools, own)).toThrow(/not installed/);
    expect(packerFor({ ...tools, mksquashfs: { path: '/x', version: '4.7' } }, own).identity).toMatch(/-no-duplicates/);
  }));

it('imagegw-squash is needed in any case', async () => {
  await expect(probeTools({ ...process.env, IMAGEGW_SQUASH: '/nowhere' })).rejects.toMatchObject({ code: 'PACKER_MISSING' });
});
