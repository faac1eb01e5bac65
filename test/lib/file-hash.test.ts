import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
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
      expect(await hash.digest()).toBe(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
      await file.close();
    }),
  );
});

test('a file that ends before it should, or can not be read, is said to be so', async () => {
  const file = await open(join(directory, 'short'), 'w+');
  await file.write('abc');
  const hash = hashOfFile(file, 'sha256');
  hash.advance(4);
  await expect(hash.digest()).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('ends at byte 3') });
  await file.close();
  const folder = await open(directory, 'r');
  const unreadable = hashOfFile(folder, 'sha256');
  unreadable.advance(1);
  await expect(unreadable.digest()).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('EISDIR') });
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
  hash.advance(3);
  expect(await hash.digest()).toBe(`sha256:${createHash('sha256').update('new').digest('hex')}`);
  await file.close();
});
