/**
 * The servers of the embedded stack: how each is called so that only its own user can reach it.
 */
import { join } from 'node:path';
import type { ServerProgram } from './supervised-server.js';

/** A server, where clients find it, and the argument pair that tells its process from others. */
export interface EmbeddedProgram extends ServerProgram {
  readonly address: string;
  readonly dataDirectory: string;
  readonly dataOption: string;
}

const DATABASE = 'imagegw';

/** Redis on a Unix socket only, persistent, and never dropping a job to make room. */
export function redisServer(stateDirectory: string, sockets: string): EmbeddedProgram {
  const socket = join(sockets, 'redis.sock');
  const dataDirectory = join(stateDirectory, 'redis');
  return {
    name: 'redis-server',
    command: 'redis-server',
    args: [
      ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700'],
      // Each command is handed to the kernel before it is answered: only a crash of the machine loses the last second.
      ...['--dir', dataDirectory, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
      ...['--maxmemory-policy', 'noeviction'],
      // Its arguments are how a leftover is known.
      ...['--daemonize', 'no', '--set-proc-title', 'no'],
    ],
    readyLine: /ready to accept connections/i,
    errorCode: 'QUEUE_UNAVAILABLE',
    address: `unix://${encodeURI(socket).replace(/[?#]/g, encodeURIComponent)}`,
    dataDirectory,
    dataOption: '--dir',
  };
}

/** Our own index server (embedded/index-server). */
export function indexServer(stateDirectory: string, sockets: string, binary: string): EmbeddedProgram {
  const socket = join(sockets, 'index.sock');
  const dataDirectory = indexDirectory(stateDirectory);
  return {
    name: 'index server',
    command: binary,
    args: ['--data', dataDirectory, '--socket', socket],
    readyLine: /^ready /,
    errorCode: 'INDEX_UNAVAILABLE',
    address: mongoUri(socket),
    dataDirectory,
    dataOption: '--data',
  };
}

/** A MongoDB of this machine, on a Unix socket only. */
export function mongoServer(stateDirectory: string, sockets: string, binary: string): EmbeddedProgram {
  // Both options lead to this one socket, whichever a version of mongod lets count.
  const socket = join(sockets, 'mongodb-27017.sock');
  const dataDirectory = mongodDirectory(stateDirectory);
  return {
    name: 'mongod',
    command: binary,
    args: [
      ...['--dbpath', dataDirectory, '--bind_ip', socket, '--port', '27017'],
      ...['--unixSocketPrefix', sockets, '--filePermissions', '0700'],
    ],
    readyLine: /waiting for connections/i,
    errorCode: 'INDEX_UNAVAILABLE',
    address: mongoUri(socket),
    dataDirectory,
    dataOption: '--dbpath',
  };
}

export function indexDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'index');
}

export function mongodDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'mongod');
}

function mongoUri(socket: string): string {
  return `mongodb://${encodeURIComponent(socket)}/${DATABASE}`;
}
