/**
 * The same in, the same out: makes the product of one image many times with each packer, imagegw-squash and mksquashfs,
 * with other numbers of processors and other memory each time, and compares the bytes. Every product is read back too.
 *
 *   npx tsx bench/soak.ts [rounds] [imagegw-squash|mksquashfs]     40 of both when not given
 *
 * IMAGEGW_BENCH_SIZE (small, medium, large) and IMAGEGW_BENCH_LAYOUT as in bench/convert.ts.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestHex } from '../src/lib/digest.js';
import {
  applyPolicy,
  DEFAULT_ROOTFS_LIMITS,
  DEFAULT_ROOTFS_POLICY,
  mergeLayers,
  packSquashfs,
  probeTools,
  scanLayer,
  verifyProduct,
  type LayerBlob,
  type RootfsTools,
  type SquashfsOptions,
  type VerifiedProduct,
} from '../src/rootfs/index.js';
import { layersOf } from '../test/support/images.js';
import { buildDebianImage, sizeNamed } from './debian-image.js';

const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
const PACKERS: Readonly<Record<string, SquashfsOptions>> = {
  'imagegw-squash': SQUASHFS,
  // Any option for it alone makes it mksquashfs; this is what it does with a tar in any case.
  mksquashfs: { ...SQUASHFS, extraOptions: ['-no-exports'] },
};
const signal = new AbortController().signal;
const limits = DEFAULT_ROOTFS_LIMITS;

interface Bounds {
  readonly processors: number;
  readonly memoryBytes: number;
}

/** Makes and proves the product in a directory, and leaves nothing there. */
async function make(directory: string, layers: readonly LayerBlob[], tools: RootfsTools, squashfs: SquashfsOptions, { processors, memoryBytes }: Bounds): Promise<VerifiedProduct> {
  const indexes = [];
  for (const layer of layers) {
    const segment = { path: join(directory, digestHex(layer.digest)), squashfs, threads: processors, memoryBytes };
    indexes.push(await scanLayer(layer, { tools, limits, signal, segment: squashfs.extraOptions === undefined ? segment : undefined }));
  }
  const root = await mergeLayers(indexes, limits);
  await applyPolicy(root, DEFAULT_ROOTFS_POLICY);
  const bounds = { tools, processors, timeLimitMs: 3_600_000, signal };
  const packed = await packSquashfs(root, indexes, { output: join(directory, 'product'), squashfs, memoryBytes, ...bounds });
  const product = await verifyProduct(packed, root, bounds);
  await rm(product.path);
  return product;
}

const rounds = Number(process.argv[2] ?? 40);
const [, , , only] = process.argv;
const size = sizeNamed(process.env['IMAGEGW_BENCH_SIZE'] ?? 'large');
const directory = await mkdtemp(join(tmpdir(), 'imagegw-soak-'));
try {
  const tools = await probeTools();
  const layers = layersOf(process.env['IMAGEGW_BENCH_LAYOUT'] ?? (await buildDebianImage(directory, size)));
  const results: Record<string, Readonly<Record<string, number>>> = {};
  for (const [name, squashfs] of Object.entries(PACKERS)) {
    if (only !== undefined && only !== name) continue;
    const products = new Map<string, number>();
    let packer = name;
    for (let round = 0; round < rounds; round++) {
      const bounds = { processors: 1 + (round % 4), memoryBytes: (64 << 20) * (1 + (round % 3)) };
      const product = await make(directory, layers, tools, squashfs, bounds);
      packer = product.packer;
      products.set(product.sha256, (products.get(product.sha256) ?? 0) + 1);
      console.log(`${name} ${String(round + 1)}/${String(rounds)} ${product.sha256} ${String(product.size)} bytes, ${String(bounds.processors)} threads, ${String(bounds.memoryBytes >> 20)} MiB`);
    }
    results[packer] = Object.fromEntries(products);
    console.log(products.size === 1 ? `${packer}: ${String(rounds)} products, all the same` : `${packer}: ${String(products.size)} DIFFERENT products`);
    if (products.size !== 1) process.exitCode = 1;
  }
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/soak.json', JSON.stringify(results, undefined, 2));
} finally {
  await rm(directory, { recursive: true, force: true });
}
