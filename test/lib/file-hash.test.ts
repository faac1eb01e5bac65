import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfFile } from '../../src/lib/file-hash.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-hash-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('of a file that grows, many at a time, with both algorithms', async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const algorithm = at % 2 === 0 ? 'sha256' : 'sha512';
      const bytes = randomBytes(at * 70_000);
      const file = await open(join(directory, String(at)), 'w+');
      const hash = hashOfFile(file, algorithm);
      for (let done = 0; done < bytes.length; done += 65_536) {
        const piece = bytes.subarray(done, done + 65_536);
        await file.write(piece, 0, piece.length, done);
        hash.advance(done + piece.length);
      }
      expect(await hash.digest(bytes.length)).toBe(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
      await file.close();
    }),
  );
});

test('a file that ends before it should, or can not be read, is said to be so', async () => {
  const file = await open(join(directory, 'short'), 'w+');
  await file.write('abc');
  const hash = hashOfFile(file, 'sha256');
  await expect(hash.digest(4)).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('ends at byte 3') });
  await file.close();
  const folder = await open(directory, 'r');
  const unreadable = hashOfFile(folder, 'sha256');
  await expect(unreadable.digest(1)).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('EISDIR') });
  await folder.close();
});

test('given up: nothing is read any more, and the next one begins anew', async () => {
  const file = await open(join(directory, 'again'), 'w+');
  await file.write('old');
  const old = hashOfFile(file, 'sha256');
  old.advance(3);
  await old.drop();
  await file.write('new', 0);
  const hash = hashOfFile(file, 'sha256');
  expect(await hash.digest(3)).toBe(`sha256:${createHash('sha256').update('new').digest('hex')}`);
  await file.close();
});

test.each([
  ['in their order', [0, 1, 2, 3, 4, 5]],
  ['in any order', [3, 0, 1, 5, 2, 4]],
  ['from the start on once more', [0, 1, 2, 0, 1, 2, 3, 4, 5]],
  ['in part once more', [0, 1, 2, 1, 2, 3, 4, 5]],
])('pieces written %s: the file has them, and its digest is theirs', async (_name, order) => {
  const pieces = Array.from({ length: 6 }, () => randomBytes(100_000));
  const path = join(directory, 'written');
  const file = await open(path, 'w+');
  const hashed = hashOfFile(file, 'sha256');
  for (const [nth, at] of order.entries()) {
    // What is written twice was something else the first time.
    const isLast = order.lastIndexOf(at) === nth;
    const piece = isLast ? pieces[at]! : randomBytes(100_000);
    await hashed.write([piece.subarray(0, 1), piece.subarray(1)], at * 100_000);
  }
  const all = Buffer.concat(pieces);
  expect(await hashed.digest(all.length)).toBe(`sha256:${createHash('sha256').update(all).digest('hex')}`);
  expect((await readFile(path)).equals(all)).toBe(true);
  await file.close();
});

test('shared memory is read where it lies, the rest is copied at once', async () => {
  const path = join(directory, 'shared');
  const file = await open(path, 'w+');
  const shared = Buffer.from(new SharedArrayBuffer(8), 2, 3);
  shared.write('abc');
  const own = Buffer.from('def');
  const hashed = hashOfFile(file, 'sha256');
  const writing = hashed.write([shared, own], 0);
  own.fill('x');
  await writing;
  expect(await hashed.digest(6)).toBe(`sha256:${createHash('sha256').update('abcdef').digest('hex')}`);
  expect(await readFile(path, 'utf8')).toBe('abcdef');
  await file.close();
});

test('a disk that takes nothing says so by its code', async () => {
  const file = await open('/dev/full', 'w');
  const hashed = hashOfFile(file, 'sha256');
  await expect(hashed.write([Buffer.from('abc')], 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  await hashed.drop();
  await file.close();
});
