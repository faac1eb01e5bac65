import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfFile } from '../../src/lib/file-hash.js';
import { createBatchWriter } from '../../src/registry/batch-writer.js';
import { createReceiveMemory, type ReceiveMemory } from '../../src/registry/receive-memory.js';

const sent = randomBytes(20 * 1024 * 1024);
const server = createServer((socket) => socket.end(sent));
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-receive-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

/** A socket that receives what the server sends, and into which memory. */
function receive(memory: ReceiveMemory): { socket: Socket; memories: Set<ArrayBufferLike>; readings: Uint8Array[] } {
  let socket: Socket | undefined = undefined;
  const onread = memory.onread(() => socket);
  const memories = new Set<ArrayBufferLike>();
  const readings: Uint8Array[] = [];
  const taken = (): Uint8Array => {
    const into = typeof onread.buffer === 'function' ? onread.buffer() : onread.buffer;
    memories.add(into.buffer);
    readings.push(into);
    return into;
  };
  const { port } = server.address() as AddressInfo;
  socket = connect({ port, host: '127.0.0.1', onread: { ...onread, buffer: taken } });
  return { socket, memories, readings };
}

test.each([
  ['memory of which all is given back is received into again', (piece: Buffer) => [piece.subarray(0, 100), piece.subarray(100)], 2],
  ['memory that holds anything else is not', (piece: Buffer) => [piece.subarray(1)], 30],
])('%s', async (_name, given, most) => {
  const memory = createReceiveMemory();
  const { socket, memories, readings } = receive(memory);
  const hash = createHash('sha256');
  socket.on('data', (piece: Buffer) => {
    hash.update(piece);
    for (const part of given(piece)) memory.giveBack(part);
  });
  await once(socket, 'close');
  expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  expect(readings.length).toBeGreaterThan(30);
  if (most < 30) expect(memories.size).toBeLessThanOrEqual(most);
  else expect(memories.size).toBeGreaterThan(most);
});

test('a reading begins where V8 can copy from fast, and finds room', async () => {
  const memory = createReceiveMemory();
  const { socket, readings } = receive(memory);
  socket.resume();
  await once(socket, 'close');
  expect(readings.filter((into) => into.byteOffset % 64 !== 0 || into.length < 64 * 1024)).toEqual([]);
});

test.each([
  ['whole', (piece: Buffer) => [piece]],
  ['cut in two, as the framing of HTTP does', (piece: Buffer) => [piece.subarray(0, piece.length >> 1), piece.subarray(piece.length >> 1)]],
])('pieces that come %s reach the file as they were sent', async (_name, cut) => {
  const memory = createReceiveMemory();
  const { socket } = receive(memory);
  const file = await open(join(directory, 'received'), 'w+');
  const hashed = hashOfFile(file, 'sha256');
  const writer = createBatchWriter(hashed, {
    position: 0,
    memory,
    onWritten: () => {},
    onRoom: () => socket.resume(),
    onFailure: (error) => socket.destroy(error as Error),
  });
  socket.on('data', (piece: Buffer) => {
    const hasRoom = cut(piece).map((part) => writer.push(part));
    if (hasRoom.includes(false)) socket.pause();
  });
  await once(socket, 'end');
  await writer.flush();
  expect(await hashed.digest(sent.length)).toBe(`sha256:${createHash('sha256').update(sent).digest('hex')}`);
  await file.close();
});
