/**
 * Digests of files, reckoned in threads of their own: hashing a layer would keep the event loop from everything else,
 * and a second processor idle.
 *
 * A thread reads what is in the file already while more is being written to it, so the digest is that of the bytes that
 * lie on the disk, and is there as soon as the last of them is.
 */
import type { FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { parseDigest, type Digest } from './digest.js';
import { GatewayError } from './errors.js';

export interface FileHash {
  /** The bytes before `end` are in the file, and stay as they are. */
  advance(end: number): void;
  /**
   * The digest of the bytes before the last `end`.
   *
   * @throws GatewayError INTERNAL when the file can't be read.
   */
  digest(): Promise<Digest>;
  /** Gives up. Once this (or `digest`) has resolved, the file may be closed. */
  drop(): Promise<void>;
}

interface Message {
  readonly id: number;
  readonly fd: number;
  readonly algorithm: 'sha256' | 'sha512';
  readonly end: number;
  /** Answer with the digest, and forget it. */
  readonly isLast: boolean;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (answer: Answer) => void>;
  isDead: boolean;
}

const MAX_THREADS = 2;
/** Plain text, so that it runs as it is whatever has compiled this file. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { readSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');
const buffer = Buffer.allocUnsafe(256 * 1024);
const states = new Map();
parentPort.on('message', ({ id, fd, algorithm, end, isLast }) => {
  const state = states.get(id) ?? { hash: createHash(algorithm), at: 0 };
  states.set(id, state);
  try {
    while (state.at < end && state.failure === undefined) {
      const length = readSync(fd, buffer, 0, Math.min(buffer.length, end - state.at), state.at);
      if (length === 0) throw new Error('it ends at byte ' + state.at);
      state.hash.update(buffer.subarray(0, length));
      state.at += length;
    }
  } catch (error) {
    state.failure = String(error.message);
  }
  if (!isLast) return;
  states.delete(id);
  parentPort.postMessage({ id, hex: state.hash.digest('hex'), failure: state.failure });
});
`;
const answerSchema = z.object({ id: z.number(), hex: z.string(), failure: z.string().optional() });
type Answer = Pick<z.infer<typeof answerSchema>, 'hex' | 'failure'>;

const threads: (Thread | undefined)[] = [];
const DEAD: Answer = { hex: '', failure: 'the thread that read it has died' };
let serial = 0;

/** Begins the digest of a file from its first byte. */
export function hashOfFile(file: FileHandle, algorithm: Message['algorithm']): FileHash {
  serial += 1;
  const id = serial;
  const thread = threadFor(id);
  let end = 0;
  const send = (isLast: boolean): void => {
    const message: Message = { id, fd: file.fd, algorithm, end, isLast };
    thread.worker.postMessage(message);
  };
  const finish = (): Promise<Answer> =>
    new Promise((resolve) => {
      if (thread.isDead) return resolve(DEAD);
      thread.waiting.set(id, resolve);
      thread.worker.ref();
      send(true);
    });
  return {
    advance(to) {
      if (to <= end) return;
      end = to;
      send(false);
    },
    async digest() {
      const { hex, failure } = await finish();
      if (failure === undefined) return parseDigest(`${algorithm}:${hex}`);
      throw new GatewayError('INTERNAL', `A file that was just written can't be read: ${failure}.`);
    },
    async drop() {
      end = 0;
      await finish();
    },
  };
}

/** The threads are started when they are first needed, and keep no process alive by themselves. */
function threadFor(id: number): Thread {
  const slot = id % Math.min(MAX_THREADS, availableParallelism());
  const present = threads[slot];
  if (present !== undefined) return present;
  const worker = new Worker(PROGRAM, { eval: true, execArgv: [], env: {} });
  const waiting: Thread['waiting'] = new Map();
  const thread: Thread = { worker, waiting, isDead: false };
  const settle = (of: number, answer: Answer): void => {
    waiting.get(of)?.(answer);
    waiting.delete(of);
    if (waiting.size === 0) worker.unref();
  };
  worker.on('message', (message: unknown) => {
    const { id: of, ...answer } = answerSchema.parse(message);
    settle(of, answer);
  });
  // Out of memory, at worst: its files fail, and the next one gets a new thread.
  worker.on('error', () => {
    thread.isDead = true;
    threads[slot] = undefined;
    for (const of of [...waiting.keys()]) settle(of, DEAD);
  });
  worker.unref();
  threads[slot] = thread;
  return thread;
}
