/**
 * From the registry to a squashfs, beside what people use for it, in alternating runs on one machine: wall clock,
 * processor seconds, memory and size of the product. Ours is a whole gateway with a worker in a process of its own: from
 * `pullImage` to READY, the image published and synced, all checks on; `until proved` is its time to the product read
 * back, where the others stop (they sync nothing). Processor time and memory are the worker's and its children's. A cold
 * worker has nothing of the image, but is in service: it has made one other image before.
 *
 *   npx tsx bench/convert.ts [small|medium|large] [rounds]    IMAGEGW_BENCH_SIZE, else large, and 5 when not given
 *   npx tsx bench/plot.ts                                     draws docs/conversion.svg of the results
 *
 * `floor` is the sum of two commands one after the other: inflating all layers, and packing an already flat tar.
 * `crane` is taken from PATH (`go install github.com/google/go-containerregistry/cmd/crane@latest`).
 * IMAGEGW_BENCH_SLOW=1 adds mksquashfs with its own defaults (gzip), which takes minutes.
 * IMAGEGW_BENCH_LAYOUT names an OCI layout tagged `1` to take instead of building one.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findProgram, runChild } from '../src/lib/child.js';
import { startDockerRegistry } from '../test/support/docker-registry.js';
import { layersOf, writeLayout } from '../test/support/images.js';
import { manyEntries } from '../test/support/large-layers.js';
import { startTestStack, type TestStack } from '../test/support/stack.js';
import { tarOf } from '../test/support/tar.js';
import { buildDebianImage, sizeNamed, type ImageSize } from './debian-image.js';
import type { BenchTable } from './fetch.js';
import { measure, median, roundsInWords, type Cost } from './measure.js';
import { startBenchSite } from './site.js';

const PROCESSORS = 2;
const MKSQUASHFS = '-comp zstd -Xcompression-level 3 -no-duplicates -no-progress -quiet';

export async function benchConvert(size: ImageSize, rounds = 5): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-convert-'));
  const registry = await startDockerRegistry();
  const stack = await startTestStack();
  try {
    const layout = process.env['IMAGEGW_BENCH_LAYOUT'] ?? (await buildDebianImage(directory, size));
    await sh(`skopeo copy -q --dest-tls-verify=false oci:${layout}:1 docker://${registry.host}/bench:1`);
    const other = join(directory, 'other');
    writeLayout(other, [Buffer.concat([...manyEntries(20)]), tarOf({ name: 'usr/', type: 'directory' })]);
    await sh(`skopeo copy -q --dest-tls-verify=false oci:${other}:t docker://${registry.host}/other:1`);
    const layers = layersOf(layout);
    const flat = join(directory, 'flat.tar');
    const product = join(directory, 'out', 'product');
    // A gateway that has pulled the image stays for the runs with everything cached.
    const warm = await startBenchSite(stack, registry.url, PROCESSORS);
    const { path, entries } = await warm.pull('bench:1');
    await sh(`sqfs2tar ${path} > ${flat}`);
    const others: Record<string, () => Promise<unknown>> = {
      'floor: inflate all layers': () =>
        sh(layers.map((layer) => `igzip -dc < ${layer.path} > /dev/null`).join('; ')),
      'floor: pack the flat tar (tar2sqfs)': () =>
        sh(`tar2sqfs -q -j ${String(PROCESSORS)} -c zstd -X level=3 ${product} < ${flat}`),
      'pack the flat tar (mksquashfs)': () => sh(`mksquashfs - ${product} -tar ${MKSQUASHFS} < ${flat}`),
      'skopeo, umoci, mksquashfs zstd-3': () => classic(registry.host, directory, product, MKSQUASHFS),
      ...(findProgram('crane') === undefined
        ? {}
        : {
            'crane export | mksquashfs zstd-3': () =>
              sh(
                `crane export --insecure ${registry.host}/bench:1 - | mksquashfs - ${product} -tar ${MKSQUASHFS}`,
              ),
          }),
      ...(process.env['IMAGEGW_BENCH_SLOW'] === '1'
        ? {
            'skopeo, umoci, mksquashfs defaults': () =>
              classic(registry.host, directory, product, '-no-progress -quiet'),
          }
        : {}),
    };
    const costs = new Map<string, Run[]>();
    const note = (name: string, run: Run): void => void costs.set(name, [...(costs.get(name) ?? []), run]);
    try {
      for (let round = 0; round < rounds; round++) {
        const { proved, ...cold } = await coldPull(stack, registry.url);
        note('imagegw, cold', cold);
        note('imagegw, cold, until proved', proved);
        const cached = await warm.pull('bench:1');
        note('imagegw, layers cached', cached);
        note('imagegw, layers cached, until proved', cached.proved);
        for (const [name, work] of Object.entries(others)) {
          await rm(join(directory, 'out'), { recursive: true, force: true });
          await mkdir(join(directory, 'out'));
          const cost = await measure(work);
          const mib = await stat(product).then(
            ({ size: bytes }) => bytes / 2 ** 20,
            () => 0,
          );
          note(name, { ...cost, mib });
        }
      }
    } finally {
      await warm.stop();
    }
    const layerMib = layers.reduce((sum, layer) => sum + layer.size, 0) / 2 ** 20;
    return tableOf(`${process.env['IMAGEGW_BENCH_LAYOUT'] === undefined ? size.name : 'given'} image: ${layerMib.toFixed(0)} MiB of layers, ${String(entries)} entries`, rounds, costs);
  } finally {
    await stack.stop();
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a run costs, and the size of its product. */
type Run = Cost & { readonly mib: number };

/** A pull by a gateway that has nothing of the image. Its start is not in the time. */
async function coldPull(stack: TestStack, url: string): Promise<Run & { readonly proved: Run }> {
  const site = await startBenchSite(stack, url, PROCESSORS);
  try {
    await site.pull('other:1');
    return await site.pull('bench:1');
  } finally {
    await site.stop();
  }
}

function classic(host: string, directory: string, product: string, options: string): Promise<string> {
  const at = join(directory, 'out');
  return sh(
    `skopeo copy -q --src-tls-verify=false docker://${host}/bench:1 oci:${at}/layout:1 && umoci --log=error unpack --image ${at}/layout:1 ${at}/bundle && mksquashfs ${at}/bundle/rootfs ${product} ${options}`,
  );
}

function sh(script: string): Promise<string> {
  return runChild({ command: 'bash', args: ['-o', 'pipefail', '-c', script] });
}

function tableOf(
  about: string,
  rounds: number,
  costs: ReadonlyMap<string, readonly Run[]>,
): BenchTable {
  const ours = median((costs.get('imagegw, cold') ?? []).map(({ wallSeconds }) => wallSeconds));
  const rows = [...costs].map(([contender, list]) => {
    const of = (key: keyof Cost | 'mib', digits = 1): number =>
      Number(median(list.map((cost) => cost[key])).toFixed(digits));
    const wall = median(list.map(({ wallSeconds }) => wallSeconds));
    return [
      contender,
      of('wallSeconds', 2),
      of('cpuSeconds', 2),
      (ours / wall).toFixed(2),
      of('childrenMib', 0),
      contender.startsWith('imagegw') ? of('ownMib', 0) : '-',
      of('mib'),
    ];
  });
  return {
    title: `Registry to published squashfs (${about}), ${roundsInWords(rounds, 'alternating runs')}`,
    columns: ['what', 'wall s', 'CPU s', 'imagegw cold / this', 'children MiB', 'own MiB', 'product MiB'],
    rows,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const size = sizeNamed(process.argv[2] ?? process.env['IMAGEGW_BENCH_SIZE'] ?? 'large');
  const table = await benchConvert(size, Number(process.argv[3] ?? 5));
  console.log(table.title);
  console.table(
    table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column, row[at]]))),
  );
  await mkdir('bench/results', { recursive: true });
  await writeFile(`bench/results/convert-${size.name}.json`, JSON.stringify(table, undefined, 2));
}
