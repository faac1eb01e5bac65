import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findIndexServer } from '../../src/embedded/find-index-server.js';
import { findProgram, runChild } from '../../src/lib/child.js';

describe('findIndexServer', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imagegw-find-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('takes the program that the environment names', async () => {
    const env = { ...process.env, IMAGEGW_INDEX_SERVER: '/bin/true' };
    expect(await findIndexServer(env)).toBe('/bin/true');
  });

  it('does not look elsewhere when that one is not there', async () => {
    const IMAGEGW_INDEX_SERVER = join(directory, 'none');
    await expect(findIndexServer({ ...process.env, IMAGEGW_INDEX_SERVER })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(IMAGEGW_INDEX_SERVER) as unknown,
    });
  });

  it('finds what the build script built, and says what to do when there is nothing', async () => {
    const built = await findIndexServer();
    expect(await runChild({ command: 'bash', args: ['scripts/build-index-server.sh'] })).toBe(`${built}\n`);
    await expect(findIndexServer({ ...process.env, IMAGEGW_CACHE: directory })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('npm run setup') as unknown,
    });
  });
});

describe('scripts/build-index-server.sh', () => {
  it('says that Go is missing, and leaves nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'imagegw-build-'));
    try {
      const tools = join(directory, 'bin');
      const cache = join(directory, 'cache');
      await runChild({ command: 'mkdir', args: [tools, cache] });
      // Everything that the script uses except Go.
      for (const name of ['bash', 'dirname', 'uname', 'find', 'sort', 'xargs', 'sha256sum', 'cut']) {
        await symlink(findProgram(name) ?? '', join(tools, name));
      }
      const building = runChild({
        command: 'bash',
        args: ['scripts/build-index-server.sh'],
        env: { PATH: tools, IMAGEGW_CACHE: cache },
      });
      await expect(building).rejects.toThrow(/Go is not installed.*MONGODB_URI/s);
      expect(await readdir(cache)).toEqual([]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
