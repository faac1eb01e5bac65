/**
 * ADMIT: whether there is room on the worker, before anything is written; what is in the cache and nobody needs goes for
 * it. What this pull will need of the cache is held from here on. The room on the system is looked at by `publish`, when
 * the size of the product is known.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { admission, compressedAgain, type LayerDescriptor, type PromisedRoom, type ResolvedImage, type RoomNeed } from '../../registry/index.js';
import { packerFor } from '../../rootfs/index.js';
import type { PullContext } from './context.js';

export interface Admitted {
  /** There is room to keep the layers as they will have been compressed. */
  readonly keepsSegments: boolean;
  /** Gives back the room and what was held: to be called when nothing of the pull lies in the work directory any more. */
  release(): Promise<void>;
}

/**
 * @param productKey the same for all pulls that make their product together.
 * @throws GatewayError NO_SPACE with paths, need and have, or the reason of the signal. Nothing is held then.
 */
export async function admit(context: PullContext, image: ResolvedImage, productKey: string): Promise<Admitted> {
  const { services, system, workDirectory, progress, signal, log } = context;
  const { blobs, layers, rooms, tools, config } = services;
  const { squashfs } = system;
  const held: (() => Promise<void>)[] = [];
  const letGo = async (): Promise<void> => {
    await Promise.all(held.splice(0).map((one) => one()));
  };
  /** True when it is there; then it stays. */
  async function keep(holding: Promise<(() => Promise<void>) | undefined>): Promise<boolean> {
    const hold = await holding;
    if (hold !== undefined) held.push(hold);
    return hold !== undefined;
  }
  const admitted = (room: PromisedRoom, keepsSegments: boolean): Admitted => ({
    keepsSegments,
    async release() {
      await letGo();
      room.release();
      await blobs.trim().catch((error: unknown) => log.warn({ err: error }, 'the cache could not be brought back within its limit'));
    },
  });

  const blobNeed = (layer: LayerDescriptor): RoomNeed => ({
    path: config.cacheDirectory,
    bytes: layer.size,
    key: `blob ${layer.digest}`,
    written: () => blobs.bytesHere(layer),
  });
  const segmentNeed = ({ digest, size }: LayerDescriptor): RoomNeed => {
    const bytes = compressedAgain(size);
    const written = async (): Promise<number> => ((await layers.has(digest, squashfs)) ? bytes : 0);
    return { path: config.cacheDirectory, bytes, key: `segment ${digest} ${JSON.stringify(squashfs)}`, written };
  };
  const productNeed = (bytes: number): RoomNeed => ({ path: workDirectory, bytes, key: `product ${productKey}`, written: () => bytesIn(workDirectory) });

  try {
    if (config.cacheSegments && packerFor(tools, squashfs).kind === 'segments') {
      const keeping = await admission(image, (layer) => keep(layers.hold(layer.digest, squashfs)));
      // Both are there for a while: the blob that is fetched, and the segment that is made of it.
      const fetching = await admission({ ...image, layers: keeping.toFetch }, (layer) => keep(blobs.hold(layer)));
      const room = await rooms.take([...fetching.toFetch.map(blobNeed), ...keeping.toFetch.map(segmentNeed), productNeed(keeping.productBytes)]);
      if (room !== undefined) return admitted(room, true);
      await letGo();
    }
    const { toFetch, productBytes } = await admission(image, (layer) => keep(blobs.hold(layer)));
    const room = await rooms.reserve([...toFetch.map(blobNeed), productNeed(productBytes)], signal, () =>
      progress.enter('PULLING', 'ADMIT', 'waiting for room that another pull has been promised'),
    );
    return admitted(room, false);
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** What the files of a directory take of the disk. */
async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(directory, name)).catch(() => undefined);
      // stat(2) counts blocks of 512 bytes.
      return (found?.blocks ?? 0) * 512;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
