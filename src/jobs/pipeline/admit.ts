/**
 * ADMIT: whether there is room, on the worker and on the system, before anything is written.
 */
import { mkdir } from 'node:fs/promises';
import { GatewayError } from '../../lib/errors.js';
import type { ResolvedImage } from '../../registry/index.js';
import { roomIn } from '../work-directories.js';
import type { PullContext } from './context.js';

/**
 * Products come out near the size of the compressed layers: zstd-3 packs a little tighter than the gzip of most
 * layers. The margin is for those that do not.
 */
const PRODUCT_MARGIN = 1.1;

/**
 * @throws GatewayError NO_SPACE with path, need and have.
 */
export async function admit(context: PullContext, image: ResolvedImage): Promise<void> {
  const { config } = context.services;
  await mkdir(config.cacheDirectory, { recursive: true });
  const product = Math.ceil(image.bytesTotal * PRODUCT_MARGIN);
  await requireRoom(config.cacheDirectory, image.bytesTotal, 'the layers');
  await requireRoom(context.workDirectory, product, 'the squashfs');
}

async function requireRoom(path: string, need: number, what: string): Promise<void> {
  const have = await roomIn(path);
  if (have >= need) return;
  throw new GatewayError('NO_SPACE', `There is not enough room for ${what} in ${path}: about ${String(need)} bytes are needed, ${String(have)} are free. Free some room there and pull again.`);
}
