/**
 * What the index server's front and patch are for; each with the counterpart that shows the need.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { findIndexServer } from '../../src/embedded/find-index-server.js';
import { indexServer } from '../../src/embedded/programs.js';
import { superviseServer, type SupervisedServer } from '../../src/embedded/supervised-server.js';
import { mongoClient, type Collection, type MongoClient } from './mongo-client.js';

const CONNECTIONS = 40;
const CALLERS = 100;
const SILENT = { info: () => {}, warn: () => {} };

interface Counter {
  _id: string;
  count: number;
  owner?: string;
  text?: string;
}

describe('index server', () => {
  let directory: string;
  let server: SupervisedServer | undefined;
  let client: MongoClient | undefined;

  async function start(...extra: string[]): Promise<MongoClient> {
    const program = indexServer(directory, directory, await findIndexServer());
    server = await superviseServer({ ...program, args: [...program.args, ...extra] }, { log: SILENT });
    client = await mongoClient(program.address, CONNECTIONS);
    return client;
  }

  /** All callers at once, over all connections. */
  async function increments(of: MongoClient): Promise<number | undefined> {
    const counters = of.db().collection<Counter>('counters');
    await counters.insertOne({ _id: 'a', count: 0 });
    await Promise.all(
      Array.from({ length: CALLERS }, () => counters.updateOne({ _id: 'a' }, { $inc: { count: 1 } })),
    );
    return (await counters.findOne({ _id: 'a' }))?.count;
  }

  /** How many of the callers believe that they took the document. */
  async function winners(of: MongoClient, round: number): Promise<number> {
    const counters = of.db().collection<Counter>('locks');
    const _id = `round ${round}`;
    await counters.insertOne({ _id, count: 0, owner: 'nobody' });
    const results = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) =>
        counters.findOneAndUpdate({ _id, owner: 'nobody' }, { $set: { owner: `caller ${caller}` } }),
      ),
    );
    return results.filter((result) => result !== null).length;
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imagegw-index-'));
  });

  afterEach(async () => {
    await client?.close();
    await server?.stop();
    client = server = undefined;
    await rm(join(directory, 'index'), { recursive: true, force: true });
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('counts 100 concurrent increments over 40 connections as 100', async () => {
    expect(await increments(await start())).toBe(CALLERS);
  });

  it('gives a conditional update to one of 100 concurrent callers', async () => {
    const own = await start();
    for (let round = 0; round < 5; round++) expect(await winners(own, round)).toBe(1);
  });

  it('lets one of 100 concurrent inserts of one key win', async () => {
    const keys = (await start()).db().collection<Counter>('keys');
    const results = await Promise.allSettled(
      Array.from({ length: CALLERS }, (_, count) => keys.insertOne({ _id: 'key', count })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await keys.countDocuments({})).toBe(1);
  });

  it('loses increments and has many winners without the front', async () => {
    const own = await start('--front=false');
    expect(await increments(own)).toBeLessThan(CALLERS);
    // One round may end well by luck.
    const counts = [];
    for (let round = 0; round < 5; round++) counts.push(await winners(own, round));
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });

  it('does not hold up updates behind slow lists', async () => {
    const counters = (await start()).db().collection<Counter>('counters');
    await fill(counters, 10_000);
    const updates = 20;
    let listsEnded = 0;
    let stopped = false;
    // No index serves this filter: each list reads the whole collection, and there are always some on their way.
    const lists = Array.from({ length: 4 }, async () => {
      while (!stopped) {
        await counters.find({ text: 'nothing like this' }).toArray();
        listsEnded++;
      }
    });
    for (let update = 0; update < updates; update++) {
      await counters.updateOne({ _id: `c${update}` }, { $inc: { count: 1 } });
    }
    const endedBefore = listsEnded;
    stopped = true;
    await Promise.all(lists);
    // If lists and updates took turns, at least one list would have ended before each update.
    expect(endedBefore).toBeLessThan(updates / 2);
  });

  it('finds a document by _id through the index, whatever else is asked of it', async () => {
    const counters = (await start()).db().collection<Counter>('counters');
    await fill(counters, 100);
    for (const filter of [
      { _id: 'c5' },
      { _id: 'c5', count: 0 },
      { _id: { $in: ['c5', 'c6'] }, count: { $gte: 0 } },
    ]) {
      const plan = JSON.stringify(await counters.find(filter).explain());
      expect(plan).toContain('USING INDEX');
      expect(plan).not.toContain('SCAN');
    }
    expect(JSON.stringify(await counters.find({ count: 0 }).explain())).toContain('SCAN');
    // The rest of the filter still counts.
    expect(await counters.find({ _id: 'c5', count: 7 }).toArray()).toEqual([]);
    expect(await counters.find({ _id: { $in: ['c5', 'c6', 'no'] }, count: 0 }).toArray()).toHaveLength(2);
  });

  it('finishes and keeps what it acknowledged when it is told to stop', async () => {
    const keys = (await start()).db().collection<Counter>('keys');
    const acknowledged: string[] = [];
    const writes = Array.from({ length: 500 }, (_, count) =>
      keys.insertOne({ _id: `k${count}`, count }).then(({ insertedId }) => acknowledged.push(insertedId)),
    );
    await Promise.any(writes);
    await server?.stop();
    await client?.close();
    await Promise.allSettled(writes);
    const again = (await start()).db().collection<Counter>('keys');
    const kept = await again.find({}).toArray();
    expect(kept.map(({ _id }) => _id)).toEqual(expect.arrayContaining(acknowledged));
  });

  it('ends in order when its standard input ends', async () => {
    const child = await run('--data', join(directory, 'index'), '--socket', join(directory, 'index.sock'));
    expect(await nextLine(child)).toBe(`ready ${join(directory, 'index.sock')}`);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('listens on the loopback and nowhere else', async () => {
    const data = ['--data', join(directory, 'index')];
    const local = await run(...data, '--listen', '127.0.0.1:0');
    expect(await nextLine(local)).toMatch(/^ready 127\.0\.0\.1:[1-9]\d*$/);
    local.kill('SIGTERM');
    expect(await once(local, 'exit')).toEqual([0, null]);
    for (const address of ['0.0.0.0:0', '[::]:0', ':0', '192.0.2.1:27017']) {
      expect(await once(await run(...data, '--listen', address), 'exit')).toEqual([1, null]);
    }
  });

  it('refuses files that another one works on', async () => {
    await start();
    const second = await run('--data', join(directory, 'index'), '--socket', join(directory, 'second.sock'));
    expect(await once(second, 'exit')).toEqual([1, null]);
  });

  it('keeps its socket and its files from other users', async () => {
    await start();
    expect((await stat(join(directory, 'index.sock'))).mode & 0o077).toBe(0);
    expect((await stat(join(directory, 'index'))).mode & 0o777).toBe(0o700);
  });
});

/** The program by itself, not tied to this process. */
async function run(...args: string[]): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  return spawn(await findIndexServer(), args, { stdio: ['pipe', 'pipe', 'ignore'] });
}

async function nextLine(child: ChildProcessByStdio<Writable, Readable, null>): Promise<unknown> {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as unknown[];
  return line;
}

async function fill(counters: Collection<Counter>, count: number): Promise<void> {
  await counters.insertMany(
    Array.from({ length: count }, (_, at) => ({ _id: `c${at}`, count: 0, text: 'x'.repeat(100) })),
  );
}
