/** The whole conversion as the pipeline does it, for tests. */
import { join } from 'node:path';
import {
  applyPolicy,
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  packSquashfs,
  probeTools,
  scanLayer,
  verifyProduct,
  type LayerBlob,
  type PackedProduct,
  type PackOptions,
  type RootfsLimits,
  type RootfsPolicy,
  type TreeNode,
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
  readonly product: PackedProduct;
  readonly policyNotes: readonly string[];
  readonly root: TreeNode;
}

export async function convert(
  layers: readonly LayerBlob[],
  directory: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  const tools = options.pack?.tools ?? (await probeTools());
  const signal = options.signal ?? new AbortController().signal;
  const limits = { ...DEFAULT_ROOTFS_LIMITS, ...options.limits };
  const indexes = await Promise.all(layers.map((layer) => scanLayer(layer, { tools, limits, signal })));
  const root = await mergeLayers(indexes, limits);
  const policyNotes = await applyPolicy(root, options.policy ?? KEEP_ALL);
  const product = await packSquashfs(root, indexes, {
    output: join(directory, 'product.squashfs'),
    tools,
    squashfs: { compression: 'zstd', level: 3, blockSize: 131_072 },
    memoryBytes: 256 << 20,
    processors: 2,
    timeLimitMs: 600_000,
    fileMode: 0o600,
    signal,
    ...options.pack,
  });
  await verifyProduct(product, root, { tools, timeLimitMs: 600_000, signal });
  return { product, policyNotes, root };
}
