/**
 * The embedded stack: private, persistent, one a directory, gone with its owner.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findIndexServer } from '../../src/embedded/find-index-server.js';
import { redisServer } from '../../src/embedded/programs.js';
import { startEmbedded, type EmbeddedOptions, type EmbeddedStack } from '../../src/embedded/stack.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { startTestStack } from '../support/stack.js';
import { mongoClient } from './mongo-client.js';

interface Note {
  _id: string;
  text: string;
}

interface GatewayProcess {
  readonly child: ChildProcess;
  readonly redis: string;
  readonly mongoUri: string;
  readonly started: EmbeddedStack['started'];
  readonly pids: readonly number[];
}

describe('embedded stack', () => {
  let directory: string;
  let stacks: EmbeddedStack[];
  let children: ChildProcess[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imagegw-embedded-'));
    stacks = [];
    children = [];
  });

  afterEach(async () => {
    for (const stack of stacks) await stack.stop();
    for (const child of children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  });

  async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedStack> {
    const stack = await startEmbedded({
      stateDirectory: directory,
      indexServerBinary: await findIndexServer(),
      ...options,
    });
    stacks.push(stack);
    return stack;
  }

  async function startProcess(env: NodeJS.ProcessEnv = process.env): Promise<GatewayProcess> {
    const script = join(process.cwd(), 'test/embedded/gateway-process.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, directory], {
      env: { ...env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return { child, ...(JSON.parse(line) as Omit<GatewayProcess, 'child'>) };
  }

  it('starts a Redis that only its user can reach and that forgets nothing', async () => {
    const { redis, started, servers } = await start();
    expect(started).toEqual({ redis: true, index: 'ferretdb' });
    expect(servers.redis?.pid()).toBeGreaterThan(0);
    expect((await stat(join(directory, 'run'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'run', 'redis.sock'))).mode & 0o077).toBe(0);
    const client = new Redis(redisOptions(redis));
    const config = await client.config('GET', 'port', 'maxmemory-policy', 'appendonly');
    expect(config).toEqual(
      expect.arrayContaining(['port', '0', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes']),
    );
    client.disconnect();
  });

  it('keeps its state over a restart', async () => {
    const first = await start();
    await write(first, 'kept');
    await first.stop();
    expect(await read(await start())).toEqual(['kept', 'kept']);
  });

  it('is the only one on its directory', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(new RegExp(`${directory} \\(process ${process.pid}\\)`)) as unknown,
    });
    await first.stop();
    await start();
  });

  it('lets one of several starts at the same time win', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
  });

  it('leaves no child and no lock when its owner is killed', async () => {
    const owner = await startProcess();
    await expect(start()).rejects.toMatchObject({ code: 'CONFLICT' });
    await write(owner, 'before the kill');
    owner.child.kill('SIGKILL');
    await Promise.all(owner.pids.map(isGone));
    expect(await read(await start())).toEqual(['before the kill', 'before the kill']);
  });

  it('stops its children when its owner is asked to stop', async () => {
    const owner = await startProcess();
    owner.child.kill('SIGTERM');
    expect(await once(owner.child, 'exit')).toEqual([0, null]);
    await Promise.all(owner.pids.map(isGone));
  });

  it('ends a server that an earlier gateway left behind', async () => {
    const program = redisServer(directory, directory);
    await mkdir(program.dataDirectory);
    // Not tied to this process, as on a machine without setpriv.
    const leftover = spawn(program.command, program.args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(leftover);
    for await (const line of createInterface({ input: leftover.stdout })) {
      if (program.readyLine.test(line)) break;
    }
    const ended = once(leftover, 'exit');
    const warnings: string[] = [];
    await start({ log: { info: () => {}, warn: (message) => warnings.push(message) } });
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(warnings).toEqual([expect.stringContaining(`process ${leftover.pid}`)]);
  });

  it('starts a server that died again, on the same address and data', async () => {
    const stack = await start();
    await write(stack, 'before the crash');
    const before = [stack.servers.redis?.pid(), stack.servers.index?.pid()] as number[];
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await Promise.all(before.map(isGone));
    expect(await read(stack)).toEqual(['before the crash', 'before the crash']);
    expect([stack.servers.redis?.pid(), stack.servers.index?.pid()]).not.toEqual(before);
  });

  it('uses given addresses and leaves their servers alone', async () => {
    const given = await startTestStack();
    try {
      const stack = await start({ redisUrl: given.redis, mongoUri: given.mongoUri });
      expect(stack).toMatchObject({
        redis: given.redis,
        mongoUri: given.mongoUri,
        started: { redis: false, index: 'given' },
        servers: { redis: undefined, index: undefined },
      });
      await stack.stop();
      await write(given, 'still there');
      expect(await read(given)).toEqual(['still there', 'still there']);
    } finally {
      await given.stop();
    }
  });

  it.each([
    ['QUEUE_UNAVAILABLE', 'redisUrl', 'redis'],
    ['INDEX_UNAVAILABLE', 'mongoUri', 'mongodb'],
  ])(
    'fails with %s when the given address does not answer, and starts nothing instead',
    async (code, key, scheme) => {
      const port = await closedPort();
      const attempt = start({ [key]: `${scheme}://user:secret@127.0.0.1:${port}/`, answerLimitMs: 500 });
      const error = (await attempt.catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code, message: expect.stringContaining(`127.0.0.1:${port}`) as unknown });
      expect(error.message).not.toContain('secret');
      // The lock and the other server are gone.
      await start();
    },
  );

  it('puts its sockets elsewhere when the path is too long for one, and removes them', async () => {
    directory = join(directory, 'd'.repeat(100));
    const stack = await start();
    const sockets = await readlink(join(directory, 'sockets'));
    expect((await stat(sockets)).mode & 0o777).toBe(0o700);
    await write(stack, 'far');
    expect(await read(stack)).toEqual(['far', 'far']);
    await stack.stop();
    await expect(access(sockets)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('removes such sockets of a gateway that was killed', async () => {
    directory = join(directory, 'd'.repeat(100));
    const owner = await startProcess();
    const sockets = await readlink(join(directory, 'sockets'));
    owner.child.kill('SIGKILL');
    await Promise.all(owner.pids.map(isGone));
    await start();
    await expect(access(sockets)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('prefers a mongod of the machine, but stays with the data that is there', async () => {
    const programs = join(directory, 'bin');
    await mkdir(programs);
    // It takes the options of mongod and is our own server behind them.
    await writeFile(
      join(programs, 'mongod'),
      `#!/bin/bash
while [ $# -gt 0 ]; do case $1 in --dbpath) data=$2;; --bind_ip) socket=$2;; esac; shift 2; done
exec "${await findIndexServer()}" --data "$data" --socket "$socket" > >(sed -u 's/^ready.*/{"msg":"Waiting for connections"}/')
`,
    );
    await chmod(join(programs, 'mongod'), 0o755);
    const withMongod = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };

    const first = await startProcess(withMongod);
    expect(first.started).toEqual({ redis: true, index: 'mongod' });
    await write(first, 'by mongod');
    expect(await read(first)).toEqual(['by mongod', 'by mongod']);
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    await expect(start()).rejects.toMatchObject({ code: 'INDEX_UNAVAILABLE', retryable: false });

    await rm(join(directory, 'mongod'), { recursive: true });
    await (await start()).stop();
    const second = await startProcess(withMongod);
    expect(second.started.index).toBe('ferretdb');
  });
});

type Addresses = Pick<EmbeddedStack, 'redis' | 'mongoUri'>;

/** Leaves one text in Redis and one in the index. */
async function write({ redis, mongoUri }: Addresses, text: string): Promise<void> {
  const queue = new Redis(redisOptions(redis));
  await queue.set('note', text);
  queue.disconnect();
  const index = await mongoClient(mongoUri, 1);
  await index.db().collection<Note>('notes').updateOne({ _id: 'note' }, { $set: { text } }, { upsert: true });
  await index.close();
}

async function read({ redis, mongoUri }: Addresses): Promise<readonly (string | null | undefined)[]> {
  const queue = new Redis(redisOptions(redis));
  // It connects again by itself; each failed attempt is told here.
  queue.on('error', () => {});
  const index = await mongoClient(mongoUri, 1);
  const note = await index.db().collection<Note>('notes').findOne({ _id: 'note' });
  const found = [await queue.get('note'), note?.text];
  queue.disconnect();
  await index.close();
  return found;
}

async function isGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(10);
  }
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
