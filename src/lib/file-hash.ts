/**
 * Files that are written, and whose digests are reckoned, in threads of their own: both would keep the event loop from
 * everything else, and a second processor idle.
 *
 * What is written in its order is hashed from memory; what came before its turn is read from the file once the bytes
 * before it are there.
 */
import type { FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { parseDigest, type Digest } from './digest.js';
import { GatewayError } from './errors.js';

export interface HashedFile {
  /**
   * Writes pieces one behind the other, from `position` on. What lies in shared memory is read there, and must stay as it is
   * for that time; the rest is copied. What had been written there before is forgotten.
   *
   * @throws Error with the `code` of the disk.
   */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** The bytes before `end` are in the file, and stay as they are: they can be hashed already. */
  advance(end: number): void;
  /**
   * The same, and resolves when they have been hashed.
   *
   * @throws GatewayError INTERNAL when the file can't be read.
   */
  reach(end: number): Promise<void>;
  /**
   * The digest of the bytes before `end`.
   *
   * @throws GatewayError INTERNAL when the file can't be read.
   */
  digest(end: number): Promise<Digest>;
  /** Gives up. Once this (or `digest`) has resolved, the file may be closed. */
  drop(): Promise<void>;
}

type Order =
  | { readonly kind: 'write'; readonly pieces: readonly Uint8Array[]; readonly position: number }
  | { readonly kind: 'advance'; readonly end: number }
  /** Forget it afterwards. */
  | { readonly kind: 'digest'; readonly end: number };

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (answer: Answer) => void>;
  isDead: boolean;
}

const MAX_THREADS = 4;
/** The number of a request to which nobody waits for an answer. */
const UNANSWERED = 0;
/** Plain text, so that it runs as it is whatever has compiled this file. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { readSync, writevSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');
const buffer = Buffer.allocUnsafe(256 * 1024);
const states = new Map();

function write(fd, state, pieces, position) {
  let rest = pieces;
  for (let at = position; rest.length > 0;) {
    let written = writevSync(fd, rest, at);
    at += written;
    let first = 0;
    while (first < rest.length && written >= rest[first].length) written -= rest[first++].length;
    rest = rest.slice(first);
    if (rest.length > 0) rest[0] = rest[0].subarray(written);
  }
  if (position < state.at) Object.assign(state, { hash: createHash(state.algorithm), at: 0 });
  if (position !== state.at) return;
  for (const piece of pieces) {
    state.hash.update(piece);
    state.at += piece.length;
  }
}

function catchUp(fd, state, end) {
  while (state.at < end) {
    const length = readSync(fd, buffer, 0, Math.min(buffer.length, end - state.at), state.at);
    if (length === 0) throw new Error('it ends at byte ' + state.at);
    state.hash.update(buffer.subarray(0, length));
    state.at += length;
  }
}

parentPort.on('message', ({ file, fd, algorithm, request, kind, ...order }) => {
  const state = states.get(file) ?? { algorithm, hash: createHash(algorithm), at: 0 };
  states.set(file, state);
  const failed = (error) => ({ message: String(error.message), code: error.code });
  if (kind === 'write') {
    let failure;
    try {
      write(fd, state, order.pieces, order.position);
    } catch (error) {
      failure = failed(error);
    }
    return parentPort.postMessage({ request, failure });
  }
  try {
    if (state.failure === undefined) catchUp(fd, state, order.end);
  } catch (error) {
    state.failure = failed(error);
  }
  if (kind === 'advance') return request > 0 && parentPort.postMessage({ request, failure: state.failure });
  states.delete(file);
  parentPort.postMessage({ request, failure: state.failure, hex: state.hash.digest('hex') });
});
`;
const answerSchema = z.object({
  request: z.number(),
  failure: z.object({ message: z.string(), code: z.string().optional() }).optional(),
  hex: z.string().default(''),
});
type Answer = Omit<z.infer<typeof answerSchema>, 'request'>;

const threads: (Thread | undefined)[] = [];
const DEAD: Answer = { failure: { message: 'the thread that had it has died' }, hex: '' };
let files = 0;
let requests = 0;

/** Begins the digest of a file from its first byte. */
export function hashOfFile(handle: FileHandle, algorithm: 'sha256' | 'sha512'): HashedFile {
  files += 1;
  const file = files;
  const thread = threadFor(file);

  function post(request: number, order: Order): void {
    thread.worker.postMessage({ file, fd: handle.fd, algorithm, request, ...order });
  }

  function ask(order: Order): Promise<Answer> {
    return new Promise((resolve) => {
      if (thread.isDead) return resolve(DEAD);
      requests += 1;
      post(requests, order);
      thread.waiting.set(requests, resolve);
      thread.worker.ref();
    });
  }

  return {
    async write(pieces, position) {
      // Of what is not shared all memory behind it would be copied.
      const own = pieces.map((piece) => (piece.buffer instanceof SharedArrayBuffer ? piece : new Uint8Array(piece)));
      const { failure } = await ask({ kind: 'write', pieces: own, position });
      if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code });
    },
    advance(end) {
      post(UNANSWERED, { kind: 'advance', end });
    },
    async reach(end) {
      const { failure } = await ask({ kind: 'advance', end });
      if (failure !== undefined) throw unreadable(failure.message);
    },
    async digest(end) {
      const { failure, hex } = await ask({ kind: 'digest', end });
      if (failure !== undefined) throw unreadable(failure.message);
      return parseDigest(`${algorithm}:${hex}`);
    },
    async drop() {
      await ask({ kind: 'digest', end: 0 });
    },
  };
}

function unreadable(message: string): GatewayError {
  return new GatewayError('INTERNAL', `A file can't be read to reckon its digest: ${message}.`);
}

/** The threads are started when they are first needed, and keep no process alive by themselves. */
function threadFor(file: number): Thread {
  const slot = file % Math.min(MAX_THREADS, availableParallelism());
  const present = threads[slot];
  if (present !== undefined) return present;
  const worker = new Worker(PROGRAM, { eval: true, execArgv: [], env: {} });
  const waiting: Thread['waiting'] = new Map();
  const thread: Thread = { worker, waiting, isDead: false };
  const settle = (request: number, answer: Answer): void => {
    waiting.get(request)?.(answer);
    waiting.delete(request);
    if (waiting.size === 0) worker.unref();
  };
  worker.on('message', (message: unknown) => {
    const { request, ...answer } = answerSchema.parse(message);
    settle(request, answer);
  });
  // Out of memory, at worst: its files fail, and the next one gets a new thread.
  worker.on('error', () => {
    thread.isDead = true;
    threads[slot] = undefined;
    for (const request of [...waiting.keys()]) settle(request, DEAD);
  });
  worker.unref();
  threads[slot] = thread;
  return thread;
}
