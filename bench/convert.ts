/**
 * From the registry to a squashfs, beside what people use for it, in alternating runs on one machine: wall clock,
 * processor seconds, memory and size of the product. All checks of ours are on.
 *
 *   npx tsx bench/convert.ts [small|medium|large] [rounds]
 *   npx tsx bench/plot.ts                                     draws docs/conversion.svg of the results
 *
 * `floor` is the sum of two commands one after the other: inflating all layers, and packing an already flat tar.
 * `crane` is taken from PATH (`go install github.com/google/go-containerregistry/cmd/crane@latest`).
 * IMAGEGW_BENCH_SLOW=1 adds mksquashfs with its own defaults (gzip), which takes minutes.
 * IMAGEGW_BENCH_LAYOUT names an OCI layout tagged `1` to take instead of building one.
 */
import { setMaxListeners } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findProgram, runChild } from '../src/lib/child.js';
import { digestHex } from '../src/lib/digest.js';
import { takingTurns } from '../src/lib/turns.js';
import {
  createBlobCache,
  createRegistryClient,
  fetchLayer,
  hostPlatform,
  parseReference,
  registrySettings,
} from '../src/registry/index.js';
import {
  applyPolicy,
  createLayerCache,
  DEFAULT_ROOTFS_LIMITS,
  DEFAULT_ROOTFS_POLICY,
  mergeLayers,
  packSquashfs,
  probeTools,
  verifyProduct,
  type RootfsTools,
} from '../src/rootfs/index.js';
import { startDockerRegistry } from '../test/support/docker-registry.js';
import { buildDebianImage, LARGE, MEDIUM, SMALL, type ImageSize } from './debian-image.js';
import type { BenchTable } from './fetch.js';
import { measure, median, type Cost } from './measure.js';

const signal = new AbortController().signal;
// Each download and each program listens.
setMaxListeners(0, signal);
const PROCESSORS = 2;
const MEMORY_BYTES = 256 * 2 ** 20;
const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
const MKSQUASHFS = '-comp zstd -Xcompression-level 3 -no-duplicates -no-progress -quiet';

export async function benchConvert(size: ImageSize, rounds = 5): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-convert-'));
  const registry = await startDockerRegistry();
  try {
    const layout = process.env['IMAGEGW_BENCH_LAYOUT'] ?? (await buildDebianImage(directory, size));
    await sh(`skopeo copy -q --dest-tls-verify=false oci:${layout}:1 docker://${registry.host}/bench:1`);
    const tools = await probeTools();
    const warm = join(directory, 'warm');
    const flat = join(directory, 'flat.tar');
    const product = join(directory, 'out', 'product');
    const image = await pullAndConvert(registry.url, warm, product, tools);
    await sh(`sqfs2tar ${product} > ${flat}`);
    const contenders: Record<string, () => Promise<unknown>> = {
      'imagegw, cold': () => pullAndConvert(registry.url, join(directory, 'out', 'cache'), product, tools),
      'imagegw, layers cached': () => pullAndConvert(registry.url, warm, product, tools),
      'floor: inflate all layers': () =>
        sh(image.layers.map((hex) => `igzip -dc < ${layout}/blobs/sha256/${hex} > /dev/null`).join('; ')),
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
    const costs = new Map<string, (Cost & { readonly mib: number })[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, work] of Object.entries(contenders)) {
        await rm(join(directory, 'out'), { recursive: true, force: true });
        await mkdir(join(directory, 'out'));
        const cost = await measure(work);
        const mib = await stat(product).then(
          ({ size: bytes }) => bytes / 2 ** 20,
          () => 0,
        );
        costs.set(name, [...(costs.get(name) ?? []), { ...cost, mib }]);
      }
    }
    const about = `${size.name} image: ${(image.layerBytes / 2 ** 20).toFixed(0)} MiB of layers, ${String(image.entries)} entries`;
    return tableOf(about, rounds, costs);
  } finally {
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Pulled {
  /** Hex digests of the layers. */
  readonly layers: readonly string[];
  readonly layerBytes: number;
  readonly entries: number;
}

async function pullAndConvert(
  url: string,
  cacheDirectory: string,
  output: string,
  tools: RootfsTools,
): Promise<Pulled> {
  await mkdir(join(output, '..'), { recursive: true });
  const client = createRegistryClient({ registries: [registrySettings({ name: 'local', url })] });
  const cache = createBlobCache({ directory: cacheDirectory, owner: 'bench' });
  const layers = createLayerCache({ directory: cacheDirectory, owner: 'bench', tools });
  const held: { release(): Promise<void> }[] = [];
  try {
    const image = await client.resolve(
      parseReference('local/bench:1', { defaultRegistry: 'local', registries: ['local'] }),
      { platform: hostPlatform(), signal },
    );
    // As the pipeline does it with few processors.
    const takeTurn = takingTurns(1);
    const indexes = await Promise.all(
      image.layers.map(async (layer) => {
        const options = { limits: DEFAULT_ROOTFS_LIMITS, signal };
        const kept = await layers.find(layer, SQUASHFS, options);
        if (kept !== undefined) {
          held.push(kept);
          return kept.index;
        }
        const blob = await fetchLayer(client, cache, image, layer, { signal });
        held.push(blob);
        const segment = {
          squashfs: SQUASHFS,
          threads: PROCESSORS,
          memoryBytes: MEMORY_BYTES,
        };
        const read = await takeTurn(() => layers.scan({ ...layer, path: blob.path }, segment, options));
        held.push(read);
        return read.index;
      }),
    );
    const root = await mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS);
    await applyPolicy(root, DEFAULT_ROOTFS_POLICY);
    const product = await packSquashfs(root, indexes, {
      output,
      tools,
      squashfs: SQUASHFS,
      memoryBytes: MEMORY_BYTES,
      processors: PROCESSORS,
      timeLimitMs: 3_600_000,
      signal,
    });
    await verifyProduct(product, root, { tools, processors: PROCESSORS, timeLimitMs: 3_600_000, signal });
    return {
      layers: indexes.map(({ layer }) => digestHex(layer.digest)),
      layerBytes: image.layers.reduce((sum, { size }) => sum + size, 0),
      entries: product.entryCount,
    };
  } finally {
    await Promise.all(held.map((blob) => blob.release()));
    await client.close();
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
  costs: ReadonlyMap<string, readonly (Cost & { readonly mib: number })[]>,
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
    title: `Registry to squashfs (${about}), medians of ${String(rounds)} alternating runs`,
    columns: ['what', 'wall s', 'CPU s', 'imagegw cold / this', 'children MiB', 'own MiB', 'product MiB'],
    rows,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const size = [SMALL, MEDIUM, LARGE].find(({ name }) => name === process.argv[2]) ?? LARGE;
  const table = await benchConvert(size, Number(process.argv[3] ?? 5));
  console.log(table.title);
  console.table(
    table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column, row[at]]))),
  );
  await mkdir('bench/results', { recursive: true });
  await writeFile(`bench/results/convert-${size.name}.json`, JSON.stringify(table, undefined, 2));
}
