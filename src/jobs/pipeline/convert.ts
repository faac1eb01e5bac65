/**
 * CONVERT and VERIFY: the layers merged into one squashfs, and that read back.
 */
import { join } from 'node:path';
import type { ResolvedImage } from '../../registry/index.js';
import { applyPolicy, CONVERSION_VERSION, mergeLayers, packSquashfs, verifyProduct, type LayerIndex } from '../../rootfs/index.js';
import type { PullContext } from './context.js';
import type { Conversion } from './results.js';

/**
 * @throws GatewayError as merging, packing and verifying do; the product is gone then.
 */
export async function convert(context: PullContext, image: ResolvedImage, indexes: readonly LayerIndex[]): Promise<Conversion> {
  const { services, system, progress, signal } = context;
  const { packer, rootfsLimits } = services.config;
  // What takes long is told with its size: a million entries or a hundred gigabytes are no fault of the gateway.
  const entryCount = indexes.reduce((sum, { entries }) => sum + entries.length, 0);
  progress.enter('CONVERTING', 'CONVERT', `merging ${counted(entryCount)} entries`);
  const tree = await mergeLayers(indexes, rootfsLimits, signal);
  const changes = await applyPolicy(tree, system.policy, signal);
  const created = new Date(image.config.created ?? 0);
  progress.say('packing the squashfs');
  const packed = await packSquashfs(tree, indexes, {
    output: join(context.workDirectory, 'image.squashfs'),
    tools: services.tools,
    squashfs: system.squashfs,
    memoryBytes: packer.memoryBytes,
    processors: packer.processors,
    timeLimitMs: packer.timeLimitMs,
    fileMode: system.delivery.fileMode,
    ...(Number.isNaN(created.getTime()) ? {} : { created }),
    signal,
  });
  progress.enter('CONVERTING', 'VERIFY', `${counted(packed.entryCount)} paths and ${counted(packed.size)} bytes`);
  const product = await verifyProduct(packed, tree, {
    tools: services.tools,
    processors: packer.processors,
    timeLimitMs: packer.timeLimitMs,
    signal,
  });
  return { product, tree, changes, rules: { version: CONVERSION_VERSION, policy: system.policy } };
}

function counted(number: number): string {
  return number.toLocaleString('en-US');
}
