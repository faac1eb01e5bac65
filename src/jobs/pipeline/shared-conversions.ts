/**
 * Products that several pulls of one worker need at the same time (one image for several systems) are made once. Each
 * pull gets a name of its own for the file, so that it outlives the pull that has made it; what one system's pull
 * suffers, or its cancelling, is its own matter.
 */
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAborted } from '../../lib/unless-aborted.js';
import type { Conversion } from './results.js';

export interface SharedConversions {
  /** Tells that a pull is going to need the product of `key`; it is kept until all who have told so have left. */
  join(key: string): Participation;
}

export interface Participation {
  /**
   * The product, at a path in `directory`: made by `make` unless another pull makes it or has made it. When that one is
   * cancelled, the next one makes it; when it fails otherwise, all who wait fail with it.
   * @param onWait told when another pull is making it.
   * @throws what `make` throws, or the reason of the signal.
   */
  convert(directory: string, signal: AbortSignal, make: () => Promise<Conversion>, onWait: () => void): Promise<Conversion>;
  leave(): Promise<void>;
}

interface Shared {
  participants: number;
  making: { readonly done: Promise<Conversion>; readonly signal: AbortSignal } | undefined;
  /** There is a name for the product that no pull owns. */
  hasProduct: boolean;
}

const NAME = 'shared.squashfs';
const directoryOf = (key: string): string => `product-${key}`;

/** @param directories on the file system of the pulls' own work directories. */
export function createSharedConversions(directories: { make(name: string): Promise<string>; remove(name: string): Promise<void> }): SharedConversions {
  const entries = new Map<string, Shared>();

  async function lead(key: string, entry: Shared, make: () => Promise<Conversion>): Promise<Conversion> {
    const conversion = await make();
    const path = join(await directories.make(directoryOf(key)), NAME);
    entry.hasProduct = true;
    await link(conversion.product.path, path);
    return { ...conversion, product: { ...conversion.product, path } };
  }

  return {
    join(key) {
      const entry = entries.get(key) ?? { participants: 0, making: undefined, hasProduct: false };
      entries.set(key, entry);
      entry.participants += 1;
      return {
        async convert(directory, signal, make, onWait) {
          for (;;) {
            const path = join(directory, NAME);
            const others = entry.making;
            if (others === undefined) {
              const own = { done: lead(key, entry, make), signal };
              entry.making = own;
              own.done.catch(() => {
                if (entry.making === own) entry.making = undefined;
              });
              return named(await own.done, path);
            }
            onWait();
            const made = await unlessAborted(others.done, signal).catch((error: unknown) => {
              // It was given up for its own system alone: this one still wants the image.
              if (others.signal.aborted && !signal.aborted) return undefined;
              throw error;
            });
            if (made !== undefined) return named(made, path);
          }
        },
        async leave() {
          entry.participants -= 1;
          if (entry.participants > 0) return;
          if (entries.get(key) === entry) entries.delete(key);
          if (entry.hasProduct) await directories.remove(directoryOf(key));
        },
      };
    },
  };
}

async function named(conversion: Conversion, path: string): Promise<Conversion> {
  await link(conversion.product.path, path);
  return { ...conversion, product: { ...conversion.product, path } };
}
