/** How the product comes to lie under its temporary name: kept where it is, linked, continued or copied. */
import { open } from 'node:fs/promises';
import { deliveryFailed, explainProduct } from './failures.js';
import { closeAfter, digestOfFile } from './file-io.js';
import type { TargetName } from './names.js';
import { requireRoom } from './room.js';
import type { Target } from './target.js';
import type { ImagePlacement, Prepared, Product, PublishRequest } from './types.js';
import { isPublished, verifiedVersion } from './verify.js';

export interface PlacedProduct {
  readonly placement: ImagePlacement;
  /** What is to be renamed; nothing when it was kept. */
  readonly prepared: readonly Prepared[];
}

/**
 * Brings the product to the target, verified, under its temporary name, unless it is published already. Checks the
 * room for it and for the `textSizes` that follow, before the first byte.
 */
export async function placeProduct(
  target: Target,
  temporary: TargetName,
  final: TargetName,
  { product, signal, onBytes }: PublishRequest,
  textSizes: readonly number[],
): Promise<PlacedProduct> {
  const path = target.pathOf(final);
  if (await isPublished(target, final, product, signal)) {
    await target.remove(temporary);
    await requireRoom(target, path, textSizes, 0);
    onBytes?.(product.size);
    return { placement: 'kept', prepared: [] };
  }

  const offset = await leftoverBytes(target, temporary, product.size);
  if (offset === 0 && (await target.adopt(temporary, product.path))) {
    await requireRoom(target, path, textSizes, 0);
    // What was read just now for its digest, and is still that file, need not be read again under its new name.
    const linked = (await target.stat(temporary))?.version;
    const isProved = linked !== undefined && linked === product.version;
    const version = isProved ? linked : await verifiedVersion(target, temporary, product, signal);
    if (version === undefined) throw await mismatch(target, temporary, product, signal);
    onBytes?.(product.size);
    return { placement: 'linked', prepared: [{ temporary, final, version }] };
  }

  await requireRoom(target, path, [product.size - offset, ...textSizes], target.reserveBytes);
  const write = (from: number): Promise<void> =>
    target.writeFile(temporary, product.path, product.size, {
      offset: from,
      signal,
      ...(onBytes === undefined ? {} : { onBytes }),
    });
  await write(offset);
  let version = await verifiedVersion(target, temporary, product, signal);
  if (version === undefined && offset > 0) {
    // The leftover began with other bytes: another product's, or ones that a crash of the machine lost.
    await target.remove(temporary);
    await write(0);
    version = await verifiedVersion(target, temporary, product, signal);
  }
  if (version === undefined) throw await mismatch(target, temporary, product, signal);
  return { placement: 'copied', prepared: [{ temporary, final, version }] };
}

/** How many bytes of a killed attempt can be built upon; a leftover that can't be is removed. */
async function leftoverBytes(target: Target, temporary: TargetName, size: number): Promise<number> {
  const found = await target.stat(temporary);
  if (found === undefined) return 0;
  if (found.resumable && found.size > 0 && found.size <= size) return found.size;
  await target.remove(temporary);
  return 0;
}

/** Says whose fault it is that the target's bytes are not the recorded ones; worth a second reading of the source. */
async function mismatch(
  target: Target,
  temporary: TargetName,
  product: Product,
  signal: AbortSignal,
): Promise<Error> {
  const file = await open(product.path, 'r').catch((error: unknown) => {
    throw explainProduct(error, product.path);
  });
  const actual = await closeAfter(file, () => digestOfFile(file, signal));
  if (actual !== product.sha256) {
    return deliveryFailed(
      `The product ${product.path} is damaged: it was recorded as ${product.sha256} and is ${actual}. ` +
        'Remove it and pull the image again.',
    );
  }
  return deliveryFailed(
    `${target.pathOf(temporary)} does not hold the bytes of ${product.path} that were written to it. ` +
      'Check the file system for errors, and try again.',
  );
}
