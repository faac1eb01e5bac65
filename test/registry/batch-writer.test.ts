import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBatchWriter } from '../../src/registry/batch-writer.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-batch-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test.each([
  ['small', 3000, 10],
  ['large', 40, 200_000],
  ['of any size', 300, 70_000],
])('%s pieces: all bytes in their order, from the position on, told as they lie there', async (_name, count, most) => {
  const path = join(directory, 'file');
  const file = await open(path, 'w+');
  let told = 0;
  const writer = createBatchWriter(file, 5, (bytes) => (told += bytes));
  const pieces = Array.from({ length: count }, () => randomBytes(randomInt(1, most)));
  for (const piece of pieces) await writer.push(piece);
  await writer.flush();
  const all = Buffer.concat(pieces);
  expect(told).toBe(all.length);
  expect((await readFile(path)).subarray(5).equals(all)).toBe(true);
  await file.close();
  await rm(path);
});

test('a full disk is told to the sender, once it is known, and to who waits for the end', async () => {
  const file = await open('/dev/full', 'w');
  const writer = createBatchWriter(file, 0, () => {});
  const sending = async (): Promise<void> => {
    for (;;) await writer.push(Buffer.alloc(100_000));
  };
  await expect(sending()).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
  await file.close();
});
