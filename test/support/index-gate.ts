/**
 * A door in front of the index: what goes through it can be stopped at one command, so that a process can be killed
 * exactly there. It reads OP_MSG of the MongoDB wire protocol as far as it must: length, and the command's document.
 */
import mongoose from 'mongoose';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

export interface IndexGate {
  /** The address of the index through this door. */
  readonly uri: string;
  /**
   * Stops the connection that sends the first command for which `test` is true: before the index has it, or (`after`)
   * before the sender has the answer. Resolves when that has happened.
   */
  holdAt(test: (command: Record<string, unknown>) => boolean, when: 'before' | 'after'): Promise<void>;
  close(): Promise<void>;
}

interface Hold {
  readonly test: (command: Record<string, unknown>) => boolean;
  readonly when: 'before' | 'after';
  readonly held: () => void;
}

const OP_MSG = 2013;

/** @param path of the socket to listen on. */
export async function startIndexGate(mongoUri: string, path: string): Promise<IndexGate> {
  const [, target = ''] = /^mongodb:\/\/([^/]+)\//.exec(mongoUri) ?? [];
  let hold: Hold | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const index = createConnection(decodeURIComponent(target));
    for (const socket of [client, index]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        index.destroy();
      });
    }
    let pending = Buffer.alloc(0);
    /** Set when this connection is stopped; called when an answer comes. */
    let stopped: (() => void) | undefined;
    client.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(message.length);
        if (stopped !== undefined) continue;
        if (hold?.test(commandOf(message)) === true) {
          const { when, held } = hold;
          hold = undefined;
          stopped = when === 'after' ? held : () => {};
          if (when === 'before') {
            held();
            continue;
          }
        }
        index.write(message);
      }
    });
    index.on('data', (chunk: Buffer) => (stopped === undefined ? client.write(chunk) : stopped()));
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    uri: mongoUri.replace(target, encodeURIComponent(path)),
    holdAt: (test, when) =>
      new Promise((held) => {
        hold = { test, when, held };
      }),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function commandOf(message: Buffer): Record<string, unknown> {
  // Header (16 bytes), flags (4), then a section of kind 0: the command.
  if (message.readInt32LE(12) !== OP_MSG || message[20] !== 0) return {};
  return mongoose.mongo.BSON.deserialize(message.subarray(21, 21 + message.readInt32LE(21)));
}
