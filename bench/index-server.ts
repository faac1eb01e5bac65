/**
 * The private index at 10,000 documents: conditional updates and look-ups a second, by concurrent clients.
 *
 * Prints a table and writes it to bench/results/index-server.json.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import mongoose from 'mongoose';
import { startEmbedded } from '../src/embedded/stack.js';

export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

interface Pull {
  _id: string;
  state: number;
  owner: string;
  text: string;
}

const DOCUMENTS = 10_000;
const BATCH = 1_000;
const CLIENTS = 16;
const UPDATES = 2_000;
const FINDS = 4_000;
const LISTS = 8;

/** Starts a private index (no given address is used), fills it, measures, and removes it. */
export async function benchIndexServer(): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-'));
  const stack = await startEmbedded({ stateDirectory: directory });
  const client = new mongoose.mongo.MongoClient(stack.mongoUri, { maxPoolSize: CLIENTS });
  try {
    const pulls = client.db().collection<Pull>('bench');
    for (let from = 0; from < DOCUMENTS; from += BATCH) {
      await pulls.insertMany(
        Array.from({ length: BATCH }, (_, at) => ({
          _id: idOf(from + at),
          state: 0,
          owner: `u${at}`,
          text: 'x'.repeat(500),
        })),
      );
    }
    const update = async (turn: number): Promise<void> => {
      const _id = idOf((turn * 7919) % DOCUMENTS);
      const { modifiedCount } = await pulls.updateOne(
        { _id, state: { $lt: turn + 1 } },
        { $set: { state: turn + 1 } },
      );
      if (modifiedCount !== 1) throw new Error(`update ${turn} changed nothing`);
    };
    const find = async (turn: number): Promise<void> => {
      if ((await pulls.findOne({ _id: idOf((turn * 7919) % DOCUMENTS) })) === null)
        throw new Error(`find ${turn}`);
    };
    const list = async (turn: number): Promise<void> => {
      await pulls.find({ owner: `u${turn}` }).toArray();
    };
    return {
      title: `Index (${stack.started.index}) at ${DOCUMENTS} documents`,
      columns: ['operation', 'clients', 'a second', 'median ms', '99 % ms'],
      rows: [
        await measure('conditional update', UPDATES, CLIENTS, update),
        await measure('conditional update', UPDATES / 4, 1, (turn) => update(UPDATES + turn)),
        await measure('find by _id', FINDS, CLIENTS, find),
        await measure('find by _id', FINDS / 4, 1, find),
        await measure('list by another field', LISTS, 1, list),
      ],
    };
  } finally {
    await client.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function idOf(number: number): string {
  return `cluster/pull-${number}`;
}

/** Runs `operation` `total` times by `clients` at once. */
async function measure(
  name: string,
  total: number,
  clients: number,
  operation: (turn: number) => Promise<void>,
): Promise<readonly (string | number)[]> {
  const times: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < total) {
      const turn = next++;
      const began = performance.now();
      await operation(turn);
      times.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, work));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => rounded(times[Math.floor(times.length * share)] ?? 0);
  return [name, clients, rounded(total / seconds), at(0.5), at(0.99)];
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const table = await benchIndexServer();
  console.log(table.title);
  console.table(
    table.rows.map((row) => Object.fromEntries(row.map((cell, at) => [table.columns[at] ?? at, cell]))),
  );
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/index-server.json', `${JSON.stringify(table, null, 2)}\n`);
}
