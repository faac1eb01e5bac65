/**
 * Doors in front of Redis and the index, for a process that is to be killed in the middle of several things at once. Of each of
 * these only the first writes pass; what comes behind them is as if the process had died before.
 */
import mongoose from 'mongoose';
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { redisOptions } from '../../src/lib/redis-address.js';

export interface Watch {
  /** Resolves when a write was kept back. */
  readonly stopped: Promise<void>;
  readonly isStopped: boolean;
  /** Writes that have passed. */
  readonly passed: number;
}

export interface WriteGate {
  /** The addresses through these doors. */
  readonly environment: { readonly REDIS_URL: string; readonly MONGODB_URI: string };
  /** From now on only the first `limit` writes pass that have one of these words in them, or the id of a pull or a check that was in such a write. */
  watch(words: readonly string[], limit: number): Watch;
  /** All writes pass again. */
  forget(): void;
  close(): Promise<void>;
}

/** Commands of Redis that change nothing which others see. All else is a write: scripts, too. */
const READS = new Set('get mget hget hmget hgetall exists type ttl llen lpos lrange zcard zrange zscore smembers info ping echo hello auth select client script subscribe unsubscribe quit'.split(' '));
const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify']);
const OP_MSG = 2013;
const PING = '*1\r\n$4\r\nPING\r\n';

/** @param directory for the sockets. */
export async function startWriteGate(environment: NodeJS.ProcessEnv, directory: string): Promise<WriteGate> {
  const watches = new Set<{ readonly words: Set<string>; readonly limit: number; passed: number; isStopped: boolean; readonly stop: () => void }>();
  const mayPass = (text: string): boolean => {
    const watch = [...watches].find(({ words }) => [...words].some((word) => text.includes(word)));
    if (watch === undefined) return true;
    for (const [id] of text.matchAll(/\b(?:pull|check)_[0-9A-Za-z]+/g)) watch.words.add(id);
    if (!watch.isStopped && watch.passed < watch.limit) {
      watch.passed += 1;
      return true;
    }
    watch.isStopped = true;
    watch.stop();
    return false;
  };

  const open = new Set<Socket>();
  const redisUrl = environment['REDIS_URL'] ?? '';
  const redis = door({ path: redisOptions(redisUrl).path ?? '' }, open, (pending, upstream) => {
    for (;;) {
      const command = readCommand(pending);
      if (command === undefined) return pending;
      const { end, words } = command;
      const passes = READS.has((words[0] ?? '').toLowerCase()) || mayPass(words.join(' '));
      // Answers come in the order of the commands: one that is kept back has to have one, too.
      upstream.write(passes ? pending.subarray(0, end) : PING);
      pending = pending.subarray(end);
    }
  });
  const mongoUri = environment['MONGODB_URI'] ?? '';
  const [, mongoSocket = ''] = /^mongodb:\/\/([^/]+)\//.exec(mongoUri) ?? [];
  const index = door({ path: decodeURIComponent(mongoSocket) }, open, (pending, upstream) => {
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const message = pending.subarray(0, pending.readInt32LE(0));
      pending = pending.subarray(message.length);
      const command = commandOf(message);
      const isWrite = Object.keys(command).some((name) => WRITES.has(name));
      // Without an answer the connection asks nothing more.
      if (!isWrite || mayPass(JSON.stringify(command))) upstream.write(message);
    }
    return pending;
  });

  const [redisPath, indexPath] = [join(directory, 'gate-redis.sock'), join(directory, 'gate-index.sock')];
  for (const [server, path] of [[redis, redisPath], [index, indexPath]] as const) {
    server.listen(path);
    await once(server, 'listening');
  }
  return {
    environment: {
      REDIS_URL: redisUrl.replace(/^unix:\/\/[^?]*/, `unix://${redisPath}`),
      MONGODB_URI: mongoUri.replace(mongoSocket, encodeURIComponent(indexPath)),
    },
    watch(words, limit) {
      let stop = (): void => {};
      const stopped = new Promise<void>((resolve) => (stop = resolve));
      const watch = { words: new Set(words), limit, passed: 0, isStopped: false, stop, stopped };
      watches.add(watch);
      return watch;
    },
    forget: () => watches.clear(),
    async close() {
      for (const socket of open) socket.destroy();
      for (const server of [redis, index]) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param take passes on what is whole of what has come, and gives the rest back. */
function door(target: { readonly path: string }, open: Set<Socket>, take: (pending: Buffer, upstream: Socket) => Buffer): Server {
  return createServer((client) => {
    const upstream = createConnection(target);
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => (pending = take(Buffer.concat([pending, chunk]), upstream)));
    upstream.pipe(client);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
}

/** The first command (an array of texts, as clients of Redis send it), when all of it is here. */
function readCommand(bytes: Buffer): { readonly end: number; readonly words: readonly string[] } | undefined {
  const line = (from: number): { readonly number: number; readonly next: number } | undefined => {
    const end = bytes.indexOf('\r\n', from);
    return end === -1 ? undefined : { number: Number(bytes.toString('latin1', from + 1, end)), next: end + 2 };
  };
  const head = line(0);
  if (head === undefined) return undefined;
  const words: string[] = [];
  let at = head.next;
  while (words.length < head.number) {
    const size = line(at);
    if (size === undefined || bytes.length < size.next + size.number + 2) return undefined;
    words.push(bytes.toString('latin1', size.next, size.next + size.number));
    at = size.next + size.number + 2;
  }
  return { end: at, words };
}

function commandOf(message: Buffer): Record<string, unknown> {
  // Header (16 bytes), flags (4), then a section of kind 0: the command.
  if (message.readInt32LE(12) !== OP_MSG || message[20] !== 0) return {};
  return mongoose.mongo.BSON.deserialize(message.subarray(21, 21 + message.readInt32LE(21)));
}
