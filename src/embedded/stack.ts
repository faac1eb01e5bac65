/**
 * The embedded stack: Redis and the index for a gateway on one machine, given or private.
 */
import { access, mkdir } from 'node:fs/promises';
import { findProgram } from '../lib/child.js';
import { GatewayError, messageOf } from '../lib/errors.js';
import type { RedisAddress } from '../lib/redis-address.js';
import { findIndexServer } from './find-index-server.js';
import { checkMongo, checkRedis } from './given-addresses.js';
import { endLeftovers } from './leftovers.js';
import type { Log } from './log.js';
import {
  indexDirectory,
  indexServer,
  mongodDirectory,
  mongoServer,
  redisServer,
  type EmbeddedProgram,
} from './programs.js';
import { makeSocketDirectory } from './socket-directory.js';
import { lockStateDirectory } from './state-lock.js';
import { superviseServer, type SupervisedServer } from './supervised-server.js';

export interface EmbeddedOptions {
  /** Holds the data and the lock; made when missing. */
  readonly stateDirectory: string;
  /** An address given here is used, or it is an error; it is never replaced by a private server. */
  readonly redisUrl?: string | undefined;
  readonly mongoUri?: string | undefined;
  /** The program to use as index server; default: `findIndexServer()`. With it, no mongod is looked for on PATH. */
  readonly indexServerBinary?: string | undefined;
  readonly log?: Log;
  /** How long a given address may take to answer, in ms. Default 10 000. */
  readonly answerLimitMs?: number;
}

export type IndexKind = 'given' | 'mongod' | 'ferretdb';

export interface EmbeddedStack {
  readonly redis: RedisAddress;
  readonly mongoUri: string;
  readonly started: { readonly redis: boolean; readonly index: IndexKind };
  /** The private servers; undefined where the address was given. */
  readonly servers: {
    readonly redis: SupervisedServer | undefined;
    readonly index: SupervisedServer | undefined;
  };
  /** Resolves when a server died so often that it is given up; never rejects, and stays pending otherwise. */
  readonly failure: Promise<GatewayError>;
  /** Ends the servers in order and gives the state directory free. May be called again. */
  stop(): Promise<void>;
}

const ANSWER_LIMIT_MS = 10_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

/**
 * Locks the state directory, checks the given addresses and starts what is not given.
 *
 * @throws GatewayError CONFLICT when another process uses the directory; QUEUE_UNAVAILABLE or INDEX_UNAVAILABLE when a
 *   given address does not answer or a private server can't be started; BAD_CONFIG when the index server is not built.
 *   Nothing is left running then.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedStack> {
  const log = options.log ?? SILENT;
  const limit = options.answerLimitMs ?? ANSWER_LIMIT_MS;
  const undo: (() => Promise<void>)[] = [];
  try {
    const lock = await lockStateDirectory(options.stateDirectory);
    undo.push(() => lock.release());
    const sockets = await makeSocketDirectory(lock.directory);
    undo.push(() => sockets.remove());

    const start = async (program: EmbeddedProgram): Promise<Part> => {
      const server = await startProgram(program, log);
      undo.push(() => server.stop());
      return { address: program.address, server };
    };
    const provideRedis = async (): Promise<Part> => {
      if (options.redisUrl === undefined) return start(redisServer(lock.directory, sockets.path));
      await checkRedis(options.redisUrl, limit);
      return { address: options.redisUrl };
    };
    const provideIndex = async (): Promise<Part & { readonly kind: IndexKind }> => {
      if (options.mongoUri === undefined) {
        const { kind, program } = await chooseIndex(lock.directory, sockets.path, options.indexServerBinary);
        return { kind, ...(await start(program)) };
      }
      await checkMongo(options.mongoUri, limit);
      return { kind: 'given', address: options.mongoUri };
    };
    const [redis, index] = await bothSettled(provideRedis(), provideIndex());

    return {
      redis: redis.address,
      mongoUri: index.address,
      started: { redis: redis.server !== undefined, index: index.kind },
      servers: { redis: redis.server, index: index.server },
      failure: Promise.race(
        [redis, index].flatMap(({ server }) => (server === undefined ? [] : [server.failure])),
      ),
      stop: once(() => runBackwards(undo)),
    };
  } catch (error) {
    await runBackwards(undo).catch((second: unknown) => log.warn(`Cleaning up failed: ${messageOf(second)}`));
    throw error;
  }
}

interface Part {
  readonly address: string;
  /** Undefined when the address was given. */
  readonly server?: SupervisedServer;
}

async function startProgram(program: EmbeddedProgram, log: Log): Promise<SupervisedServer> {
  await mkdir(program.dataDirectory, { recursive: true, mode: 0o700 });
  const ended = await endLeftovers(program.dataOption, program.dataDirectory);
  if (ended.length > 0)
    log.warn(`Ended a ${program.name} that an earlier gateway left behind: process ${ended.join(', ')}.`);
  const server = await superviseServer(program, { log });
  log.info(`Started a private ${program.name} on ${program.dataDirectory}.`);
  return server;
}

/** A mongod of the machine, else our own server; but a state directory stays with what wrote its data. */
async function chooseIndex(
  stateDirectory: string,
  sockets: string,
  binary: string | undefined,
): Promise<{ readonly kind: IndexKind; readonly program: EmbeddedProgram }> {
  const hasOurs = await exists(indexDirectory(stateDirectory));
  const mongod = hasOurs || binary !== undefined ? undefined : findProgram('mongod');
  if (mongod !== undefined) return { kind: 'mongod', program: mongoServer(stateDirectory, sockets, mongod) };
  if (!hasOurs && (await exists(mongodDirectory(stateDirectory)))) {
    throw new GatewayError(
      'INDEX_UNAVAILABLE',
      `The index in ${mongodDirectory(stateDirectory)} was written by a mongod, which is not used now: put it on PATH, or give MONGODB_URI.`,
      { retryable: false },
    );
  }
  return {
    kind: 'ferretdb',
    program: indexServer(stateDirectory, sockets, binary ?? (await findIndexServer())),
  };
}

/** Both results, or an error; in any case only after both have settled, so that what one started is known. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

/** Runs all steps, the last one first, also when one fails; throws the first failure. */
async function runBackwards(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps.toReversed()) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
