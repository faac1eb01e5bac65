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
   * before the sender has the answer. Resolves when that has happened, with what lets the connection go on.
   */
  holdAt(test: (command: Record<string, unknown>) => boolean, when: 'before' | 'after'): Promise<() => void>;
  close(): Promise<void>;
}

interface Hold {
  readonly test: (command: Record<string, unknown>) => boolean;
  readonly when: 'before' | 'after';
  readonly held: (letGo: () => void) => void;
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
    /** Set while this connection is stopped; called when an answer comes. */
    let stopped: ((answer: Buffer) => void) | undefined;
    /** Goes on with what was kept back, on its way to `socket`. */
    const goOn = (kept: readonly Buffer[], socket: Socket): void => {
      stopped = undefined;
      for (const bytes of kept) socket.write(bytes);
    };
    client.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(message.length);
        if (hold?.test(commandOf(message)) === true) {
          const { when, held } = hold;
          hold = undefined;
          // A driver asks the next thing on a connection only when it has its answer.
          if (when === 'before') {
            stopped = () => {};
            held(() => goOn([message], index));
            continue;
          }
          const answers: Buffer[] = [];
          stopped = (answer) => {
            answers.push(answer);
            held(() => goOn(answers, client));
          };
        }
        index.write(message);
      }
    });
    index.on('data', (chunk: Buffer) => (stopped === undefined ? client.write(chunk) : stopped(chunk)));
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
