/** Room on disks that is promised to several pulls. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import { createBlobCache, createRooms, type BlobCache, type Rooms } from '../../src/registry/index.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';

const withMounts = (await canMount()) ? test : test.skip;
const { signal } = new AbortController();
const never = (): void => {
  throw new Error('it waits');
};
let directory: string;
let cache: BlobCache;
let rooms: Rooms;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-rooms-'));
  useCacheAt(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function useCacheAt(path: string): void {
  cache = createBlobCache({ directory: path, owner: 'a' });
  rooms = createRooms(cache);
}

/** So much of what is free there. */
async function share(part: number): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.floor(bavail * bsize * part);
}

test('too little room is NO_SPACE with path, need and have', async () => {
  (await rooms.reserve([{ path: directory, bytes: 1 }], signal, never)).release();
  await expect(rooms.reserve([{ path: directory, bytes: 2 ** 60 }], signal, never)).rejects.toMatchObject({
    code: 'NO_SPACE',
    message: expect.stringMatching(
      new RegExp(`${directory}: ${String(2 ** 60)} bytes are needed and \\d+ are free`),
    ),
  });
});

test('what goes to one file system must fit together', async () => {
  const need = { path: directory, bytes: await share(0.6) };
  (await rooms.reserve([need], signal, never)).release();
  await expect(rooms.reserve([need, { ...need, path: tmpdir() }], signal, never)).rejects.toMatchObject({
    code: 'NO_SPACE',
    message: expect.stringContaining(`${directory} and ${tmpdir()}: ${String(need.bytes * 2)} bytes`),
  });
});

test('what is promised is not promised again, until it is given back', async () => {
  const need = { path: directory, bytes: await share(0.6) };
  const [first, second] = await Promise.all([rooms.take([need]), rooms.take([{ ...need }])]);
  expect([first === undefined, second === undefined]).toEqual([false, true]);
  first?.release();
  expect(await rooms.take([need])).toBeDefined();
});

test('what has been written by now, and what two need together, counts once', async () => {
  const bytes = await share(0.6);
  let written = 0;
  await rooms.take([{ path: directory, bytes, key: 'layer', written: () => Promise.resolve(written) }]);
  expect(await rooms.take([{ path: directory, bytes, key: 'layer' }])).toBeDefined();
  expect(await rooms.take([{ path: directory, bytes }])).toBeUndefined();
  written = bytes;
  expect(await rooms.take([{ path: directory, bytes }])).toBeDefined();
});

test('who waits goes on when another has ended, is told NO_SPACE when nobody is left, and leaves when it is cancelled', async () => {
  const need = { path: directory, bytes: await share(0.6) };
  const first = await rooms.take([need]);
  const leaver = new AbortController();
  const log: string[] = [];
  const waiting = (bytes: number, name: string, until = signal): Promise<unknown> =>
    rooms
      .reserve([{ path: directory, bytes }], until, () => log.push(name))
      .catch((error: unknown) => (error instanceof GatewayError ? error.code : error));
  const [fits, large, cancelled] = [
    waiting(need.bytes, 'fits'),
    waiting(2 ** 60, 'large'),
    waiting(need.bytes, 'cancelled', leaver.signal),
  ];
  // The three look one after the other, and this one after them.
  expect(await rooms.take([need])).toBeUndefined();
  expect(log).toEqual(['fits', 'large', 'cancelled']);
  leaver.abort(new GatewayError('CANCELLED', 'left'));
  expect(await cancelled).toBe('CANCELLED');
  first?.release();
  const room = (await fits) as { release(): void };
  room.release();
  expect(await large).toBe('NO_SPACE');
});

withMounts('the cache gives up what is missing, and nothing when that is not enough', async () => {
  const mounted = join(directory, 'small');
  await mountTmpfs(mounted, 'size=1m');
  try {
    useCacheAt(mounted);
    await cache.sweep();
    for (const [at, letter] of ['a', 'b', 'c'].entries()) {
      const path = join(mounted, 'sha256', letter.repeat(64));
      await writeFile(path, Buffer.alloc(300_000));
      await utimes(path, at, at);
    }
    const left = async (): Promise<string> =>
      (await readdir(join(mounted, 'sha256'))).map((name) => name[0]).join('');
    await expect(rooms.reserve([{ path: mounted, bytes: 2_000_000 }], signal, never)).rejects.toMatchObject({
      code: 'NO_SPACE',
    });
    expect(await left()).toBe('abc');
    await rooms.reserve([{ path: mounted, bytes: 400_000 }], signal, never);
    expect(await left()).toBe('bc');
    // Of what is left a part is promised.
    await rooms.take([{ path: mounted, bytes: 200_000 }]);
    expect(await left()).toBe('c');
  } finally {
    await unmount(mounted);
  }
});
