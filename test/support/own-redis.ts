/** A redis-server as a site runs one: nobody starts it again when it dies, and it can stop answering. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { redisServer } from '../../src/embedded/programs.js';
import { kill } from './gateway.js';

export interface OwnRedis {
  readonly address: string;
  /** Starts it again on what it had written down; resolves when it takes connections. */
  start(): Promise<void>;
  /** Connections stay, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Ends it and removes what it has written. */
  remove(): Promise<void>;
}

export async function startOwnRedis(): Promise<OwnRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'imagegw-redis-'));
  const program = redisServer(directory, directory);
  mkdirSync(program.dataDirectory);
  let server: ChildProcess;

  async function start(): Promise<void> {
    server = spawn(program.command, program.args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: server.stdout! })) if (program.readyLine.test(line)) break;
    server.stdout!.resume();
    if (server.exitCode !== null) throw new Error('redis-server did not start');
  }

  await start();
  return {
    address: program.address,
    start,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    kill: () => kill(server),
    async remove() {
      await kill(server);
      rmSync(directory, { recursive: true });
    },
  };
}
