/**
 * What a conversion costs as images grow: over the number of entries, and over their bytes. One layer, from its blob to
 * the product read back, all checks on; each in a process that does nothing else, so that its memory can be told.
 *
 *   npx tsx bench/curve.ts [rounds]
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runChild } from '../src/lib/child.js';
import type { LayerBlob } from '../src/rootfs/index.js';
import { convert } from '../test/rootfs/convert.js';
import { manyEntries, streamLayer } from '../test/support/large-layers.js';
import { tarItem } from '../test/support/tar.js';
import type { BenchTable } from './fetch.js';
import { measure, median, roundsInWords, type Cost } from './measure.js';

const FILE_BYTES = 4 << 20;

/** Files of 4 MiB: half is text, half can't be compressed, and no two are the same. */
function* largeFiles(mib: number): Generator<Buffer> {
  const body = Buffer.alloc(FILE_BYTES, 'A line of text, as there are many in an image.\n');
  for (let file = 0; file < (mib << 20) / FILE_BYTES; file++) {
    for (let at = 0; at < FILE_BYTES; at += 64)
      createHash('sha256').update(`${String(file)} ${String(at)}`).digest().copy(body, at);
    yield tarItem({ name: `opt/file-${String(file)}`, body });
  }
  yield Buffer.alloc(1024);
}

const IMAGES: Readonly<Record<string, () => Generator<Buffer>>> = {
  '10,000 entries': () => manyEntries(10),
  '100,000 entries': () => manyEntries(100),
  '1,000,000 entries': () => manyEntries(1000),
  '64 MiB': () => largeFiles(64),
  '256 MiB': () => largeFiles(256),
  '1 GiB': () => largeFiles(1024),
};

interface Run extends Cost {
  /** The longest time that the event loop stood still (ms): jobs keep their locks only in between. */
  readonly pauseMs: number;
  readonly productMib: number;
}

/** In the process of its own. */
async function convertAlone(layer: LayerBlob, directory: string): Promise<Run> {
  let productMib = 0;
  const pauses = monitorEventLoopDelay({ resolution: 5 });
  pauses.enable();
  const cost = await measure(async () => {
    const { product } = await convert([layer], directory);
    productMib = product.size / 2 ** 20;
  });
  return { ...cost, productMib, pauseMs: pauses.max / 1e6 };
}

async function curve(rounds: number): Promise<BenchTable> {
  const rows: (string | number)[][] = [];
  for (const [name, pieces] of Object.entries(IMAGES)) {
    const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-curve-'));
    try {
      const layer = JSON.stringify(await streamLayer(join(directory, 'blob'), pieces()));
      const runs: Run[] = [];
      for (let round = 0; round < rounds; round++) {
        const output = await mkdtemp(join(directory, 'round-'));
        const args = ['--import', 'tsx', 'bench/curve.ts', '--convert', layer, output];
        runs.push(JSON.parse(await runChild({ command: process.execPath, args })) as Run);
      }
      const of = (key: keyof Run, places = 0): number => Number(median(runs.map((run) => run[key])).toFixed(places));
      rows.push([name, of('wallSeconds', 2), of('cpuSeconds', 2), of('ownMib'), of('childrenMib'), of('pauseMs'), of('productMib')]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return {
    title: `One layer to a proved squashfs, by its size; ${roundsInWords(rounds)}`,
    columns: ['layer', 'wall s', 'CPU s', 'own MiB', 'children MiB', 'longest pause ms', 'product MiB'],
    rows,
  };
}

const [what = '3', layer = '', directory = ''] = process.argv.slice(2);
if (what === '--convert') {
  process.stdout.write(JSON.stringify(await convertAlone(JSON.parse(layer) as LayerBlob, directory)));
} else {
  const table = await curve(Number(what));
  console.log(table.title);
  console.table(table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column, row[at]]))));
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/curve.json', JSON.stringify(table, undefined, 2));
}
