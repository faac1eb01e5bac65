/**
 * Fetching an image without converting it: the registry client and its cache beside `skopeo copy` and `crane pull` (where
 * it is here), in alternating runs against one docker-registry on the loopback. Ours is the warm process that a gateway is,
 * theirs are programs that start each time. Wall-clock medians, the processor time of each, and the peak of this process'
 * memory above idle; with IMAGEGW_BENCH_LARGE=1 also of one layer of 2 GB.
 *
 * Prints a table and writes it to bench/results/fetch.json.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runChild } from '../src/lib/child.js';
import {
  createBlobCache,
  createRegistryClient,
  fetchLayer,
  hostPlatform,
  parseReference,
  registrySettings,
  type RegistryClient,
} from '../src/registry/index.js';
import { findCrane } from '../test/support/crane.js';
import { startDockerRegistry } from '../test/support/docker-registry.js';
import { measure, median } from './measure.js';

export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const MIB = 1024 * 1024;
const ROUNDS = 9;
const WARM_UPS = 4;
const signal = new AbortController().signal;
const run = (command: string, ...args: string[]): Promise<string> => runChild({ command, args });

/** Builds an image of layers of random bytes, pushes it, fetches it in turn with each tool, and removes everything. */
export async function benchFetch(layerMib: readonly number[], rounds = ROUNDS, warmUps = WARM_UPS): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-fetch-'));
  const registry = await startDockerRegistry();
  // A gateway has one for its whole life.
  const client = createRegistryClient({ registries: [registrySettings({ name: 'local', url: registry.url })] });
  try {
    await pushImage(directory, registry.host, layerMib);
    const crane = findCrane();
    const tools: Record<string, (target: string) => Promise<unknown>> = {
      imagegw: (target) => fetchWithUs(client, target),
      'skopeo copy': (target) =>
        run(
          'skopeo',
          'copy',
          '-q',
          '--src-tls-verify=false',
          `docker://${registry.host}/bench:1`,
          `dir:${target}`,
        ),
      ...(crane === undefined
        ? {}
        : {
            'crane pull': (target) =>
              run(crane, 'pull', '--insecure', '--format=oci', `${registry.host}/bench:1`, target),
          }),
    };
    const times = new Map(Object.keys(tools).map((name) => [name, [] as number[]]));
    const processor = new Map(Object.keys(tools).map((name) => [name, [] as number[]]));
    let peak = 0;
    // The first rounds are not counted: a gateway runs for long, and what others read lies in memory by then too.
    for (let round = -warmUps; round < rounds; round += 1) {
      // Each begins in turn: what comes after another tool finds the disk as that one has left it.
      const turn = (round + warmUps) % Object.keys(tools).length;
      const ordered = [...Object.entries(tools).slice(turn), ...Object.entries(tools).slice(0, turn)];
      for (const [name, fetch] of ordered) {
        const target = join(directory, 'target');
        const idle = process.memoryUsage.rss();
        const sampler = setInterval(() => {
          if (name === 'imagegw') peak = Math.max(peak, process.memoryUsage.rss() - idle);
        }, 20);
        const { wallSeconds, cpuSeconds } = await measure(() => fetch(target));
        clearInterval(sampler);
        if (round >= 0) {
          times.get(name)?.push(wallSeconds * 1000);
          processor.get(name)?.push(cpuSeconds * 1000);
        }
        await rm(target, { recursive: true, force: true });
      }
    }
    const rows = [...times].map(([name, list]): (string | number)[] => [
      name,
      Math.round(median(list)),
      Math.round(Math.min(...list)),
      Math.round(median(processor.get(name) ?? [])),
      name === 'imagegw' ? '-' : ratio(times.get('imagegw') ?? [], list),
      name === 'imagegw' ? Math.round(peak / MIB) : '-',
    ]);
    const size = `${layerMib.length} layers, ${layerMib.reduce((sum, mib) => sum + mib, 0)} MiB`;
    return {
      title: `Fetch an image (${size}), ${rounds} rounds`,
      columns: ['tool', 'median ms', 'best ms', 'CPU ms', 'imagegw takes, round by round', 'peak MiB above idle'],
      rows,
    };
  } finally {
    await client.close();
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** As a pull does it: the largest layers first, so many at a time. */
async function fetchWithUs(client: RegistryClient, target: string): Promise<void> {
  const cache = createBlobCache({ directory: target, owner: 'bench' });
  const reference = parseReference('local/bench:1', { defaultRegistry: 'local', registries: ['local'] });
  const image = await client.resolve(reference, { platform: hostPlatform(), signal });
  const queue = [...image.layers].sort((a, b) => b.size - a.size);
  const lane = async (): Promise<void> => {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
      await (await fetchLayer(client, cache, image, layer, { signal })).release();
    }
  };
  await Promise.all(Array.from({ length: client.limits.parallelLayers }, lane));
}

async function pushImage(directory: string, host: string, layerMib: readonly number[]): Promise<void> {
  const layout = join(directory, 'layout');
  await run('umoci', 'init', '--layout', layout);
  await run('umoci', 'new', '--image', `${layout}:1`);
  for (const [at, mib] of layerMib.entries()) {
    const file = join(directory, 'data');
    const handle = await open(file, 'w');
    for (let done = 0; done < mib; done += 1) await handle.write(randomBytes(MIB));
    await handle.close();
    await run('umoci', 'insert', '--image', `${layout}:1`, file, `/data${at}`);
    await rm(file);
  }
  await run('skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci:${layout}:1`, `docker://${host}/bench:1`);
  await rm(layout, { recursive: true });
}

/** The median of what ours takes of the other's time in the same round. */
function ratio(ours: readonly number[], other: readonly number[]): string {
  return `${median(ours.map((ms, at) => ms / (other[at] ?? ms))).toFixed(2)} x`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const tables = [await benchFetch([64, 32, 16, 16, 8, 4, 2, 1])];
  if (process.env['IMAGEGW_BENCH_LARGE'] === '1') tables.push(await benchFetch([2048], 1, 1));
  for (const { title, columns, rows } of tables) {
    console.log(title);
    console.table(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))));
  }
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/fetch.json', JSON.stringify(tables, undefined, 2));
}
