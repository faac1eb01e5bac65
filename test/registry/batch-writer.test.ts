import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfFile } from '../../src/lib/file-hash.js';
import { createBatchWriter, type BatchWriter, type BatchWriterOptions } from '../../src/registry/batch-writer.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-batch-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A writer whose sender waits when it is told to. */
function waitingWriter(file: Parameters<typeof createBatchWriter>[0], options: Partial<BatchWriterOptions>): { writer: BatchWriter; send: (piece: Buffer) => Promise<void> } {
  let goOn: (() => void) | undefined;
  const writer = createBatchWriter(file, {
    position: 0,
    onWritten: () => {},
    onFailure: () => {},
    onRoom: () => goOn?.(),
    ...options,
  });
  return {
    writer,
    async send(piece) {
      const room = new Promise<void>((resolve) => (goOn = resolve));
      if (!writer.push(piece)) await room;
    },
  };
}

test.each([
  ['small', 3000, 10],
  ['large', 40, 200_000],
  ['of any size', 300, 70_000],
])('%s pieces: all bytes in their order, from the position on, told as they lie there', async (_name, count, most) => {
  const path = join(directory, 'file');
  const file = await open(path, 'w+');
  const hashed = hashOfFile(file, 'sha256');
  let told = 0;
  const { writer, send } = waitingWriter(hashed, { position: 5, onWritten: (bytes) => (told += bytes) });
  const pieces = Array.from({ length: count }, () => randomBytes(randomInt(1, most)));
  for (const piece of pieces) await send(piece);
  await writer.flush();
  const all = Buffer.concat(pieces);
  expect(told).toBe(all.length);
  expect((await readFile(path)).subarray(5).equals(all)).toBe(true);
  await hashed.drop();
  await file.close();
  await rm(path);
});

test('who sends faster than the disk takes is told to wait, and to go on', async () => {
  const written: (() => void)[] = [];
  const slow = {
    write: () => new Promise<void>((resolve) => written.push(resolve)),
  };
  let rooms = 0;
  const writer = createBatchWriter(slow, { position: 0, onWritten: () => {}, onFailure: () => {}, onRoom: () => (rooms += 1) });
  let sent = 0;
  while (writer.push(Buffer.alloc(64 * 1024))) {
    sent += 1;
    await Promise.resolve();
  }
  // Two batches at the disk, and one that waits.
  expect(sent * 64).toBeLessThan(2048);
  expect(written).toHaveLength(2);
  expect(rooms).toBe(0);
  const flushed = writer.flush();
  for (let open = written.shift(); open !== undefined; open = written.shift()) {
    open();
    await new Promise(setImmediate);
  }
  await flushed;
  expect(rooms).toBe(1);
});

test('a full disk is told to the sender as soon as it is known, and to who waits for the end', async () => {
  const file = await open('/dev/full', 'w');
  const hashed = hashOfFile(file, 'sha256');
  const told = new Promise((resolve) => {
    const writer = createBatchWriter(hashed, { position: 0, onWritten: () => {}, onRoom: () => {}, onFailure: (error) => resolve([error, writer]) });
    for (let count = 0; count < 8; count += 1) writer.push(Buffer.alloc(100_000));
  });
  const [error, writer] = (await told) as [unknown, BatchWriter];
  expect(error).toMatchObject({ code: 'ENOSPC' });
  await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
  await hashed.drop();
  await file.close();
});

test('what is written behind a batch that failed is not told as there', async () => {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const told: number[] = [];
  const failures: unknown[] = [];
  const file = { write: () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })) };
  const writer = createBatchWriter(file, { position: 0, onWritten: (bytes) => told.push(bytes), onFailure: (error) => failures.push(error), onRoom: () => {} });
  for (let count = 0; count < 3; count += 1) writer.push(Buffer.alloc(512 * 1024));
  const flushed = writer.flush();
  ends[0]!.reject(new Error('full'));
  ends[1]!.resolve();
  await expect(flushed).rejects.toThrow('full');
  expect([told, failures.length, ends.length]).toEqual([[], 1, 2]);
});
