/** The whole conversion as the pipeline does it, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyPolicy,
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  packerFor,
  packSquashfs,
  probeTools,
  scanLayer,
  verifyProduct,
  type LayerBlob,
  type PackOptions,
  type SegmentOptions,
  type RootfsLimits,
  type RootfsPolicy,
  type Tree,
  type VerifiedProduct,
} from '../../src/rootfs/index.js';

/** Keeps everything: the product is then comparable with what other tools unpack. */
export const KEEP_ALL: RootfsPolicy = {
  ownership: 'keep',
  widenPermissions: false,
  setuid: 'keep',
  capabilities: 'keep',
  userXattrs: 'keep',
  devices: 'keep',
  fifos: 'keep',
  systemDirectories: 'keep',
};

export interface ConvertOptions {
  readonly policy?: RootfsPolicy;
  readonly limits?: Partial<RootfsLimits>;
  readonly signal?: AbortSignal;
  readonly pack?: Partial<PackOptions>;
}

export interface Converted {
  readonly product: VerifiedProduct;
  readonly policyNotes: readonly string[];
  readonly root: Tree;
}

export async function convert(
  layers: readonly LayerBlob[],
  directory: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  const work = await mkdtemp(join(directory, 'work-'));
  try {
    return await convertIn(work, layers, directory, options);
  } finally {
    await rm(work, { recursive: true });
  }
}

async function convertIn(
  work: string,
  layers: readonly LayerBlob[],
  directory: string,
  options: ConvertOptions,
): Promise<Converted> {
  const tools = options.pack?.tools ?? (await probeTools());
  const signal = options.signal ?? new AbortController().signal;
  const limits = { ...DEFAULT_ROOTFS_LIMITS, ...options.limits };
  const { squashfs, memoryBytes, processors } = { ...PACKING, ...options.pack };
  const segment =
    packerFor(tools, squashfs).kind === 'segments'
      ? { squashfs, threads: processors, memoryBytes }
      : undefined;
  const segmentOf = ({ digest }: LayerBlob): SegmentOptions | undefined =>
    segment === undefined ? undefined : { ...segment, path: join(work, digest.slice(7)) };
  // A layer can stand in an image twice; it is read once.
  const scans = new Map(
    layers.map((layer) => [layer.digest, () => scanLayer(layer, { tools, limits, segment: segmentOf(layer), signal })]),
  );
  const settled = await Promise.allSettled([...scans.values()].map((scan) => scan()));
  const scanned = new Map(
    settled.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return [result.value.layer.digest, result.value];
    }),
  );
  const indexes = layers.flatMap(({ digest }) => scanned.get(digest) ?? []);
  const root = await mergeLayers(indexes, limits);
  const policyNotes = await applyPolicy(root, options.policy ?? KEEP_ALL);
  const packed = await packSquashfs(root, indexes, {
    output: join(directory, 'product.squashfs'),
    tools,
    ...PACKING,
    timeLimitMs: 600_000,
    fileMode: 0o600,
    signal,
    ...options.pack,
  });
  const product = await verifyProduct(packed, root, { tools, processors, timeLimitMs: 600_000, signal });
  return { product, policyNotes, root };
}

const PACKING = {
  squashfs: { compression: 'zstd', level: 3, blockSize: 131_072 },
  memoryBytes: 256 << 20,
  processors: 2,
} as const;
