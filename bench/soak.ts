/**
 * The same in, the same out: makes the product of one large image many times, with other numbers of processors and other
 * memory each time, and compares the bytes. Every product is read back too.
 *
 *   npx tsx bench/soak.ts [rounds]          40 when not given; IMAGEGW_BENCH_LAYOUT as in bench/convert.ts
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
} from '../src/rootfs/index.js';
import { layersOf } from '../test/support/images.js';
import { buildDebianImage, LARGE } from './debian-image.js';

const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
const rounds = Number(process.argv[2] ?? 40);
const signal = new AbortController().signal;
const limits = DEFAULT_ROOTFS_LIMITS;
const directory = await mkdtemp(join(tmpdir(), 'imagegw-soak-'));
try {
  const tools = await probeTools();
  const layers = layersOf(process.env['IMAGEGW_BENCH_LAYOUT'] ?? (await buildDebianImage(directory, LARGE)));
  const products = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const processors = 1 + (round % 4);
    const memoryBytes = (64 << 20) * (1 + (round % 3));
    const indexes = [];
    for (const layer of layers) {
      const path = join(directory, digestHex(layer.digest));
      indexes.push(await scanLayer(layer, { tools, limits, signal, segment: { path, squashfs: SQUASHFS, threads: processors, memoryBytes } }));
    }
    const root = await mergeLayers(indexes, limits);
    await applyPolicy(root, DEFAULT_ROOTFS_POLICY);
    const bounds = { tools, processors, timeLimitMs: 3_600_000, signal };
    const packed = await packSquashfs(root, indexes, { output: join(directory, 'product'), squashfs: SQUASHFS, memoryBytes, ...bounds });
    const { sha256, size, path } = await verifyProduct(packed, root, bounds);
    await rm(path);
    products.set(sha256, (products.get(sha256) ?? 0) + 1);
    console.log(`${String(round + 1)}/${String(rounds)} ${sha256} ${String(size)} bytes, ${String(processors)} threads`);
  }
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/soak.json', JSON.stringify(Object.fromEntries(products), undefined, 2));
  console.log(products.size === 1 ? `${String(rounds)} products, all the same` : `${String(products.size)} DIFFERENT products`);
  process.exitCode = products.size === 1 ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
