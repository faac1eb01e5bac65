/**
 * Look-ups that a list would otherwise do once for each of its entries: those of one request that fall together are
 * one query of the index. Nothing is remembered, because a subscription lives long and must not tell what was.
 */
import DataLoader from 'dataloader';
import type { ImageStore } from '../models/image-store.js';
import type { ImageRecord, TagRecord } from '../models/image-records.js';

export interface Loaders {
  /** An image by its `_id`. */
  readonly images: DataLoader<string, ImageRecord | undefined>;
  /** The tags of an image by the `_id` of the image, in the order of their references. */
  readonly tags: DataLoader<string, readonly TagRecord[]>;
}

export function createLoaders(store: ImageStore): Loaders {
  return {
    images: batched(async (ids) => {
      const found = new Map((await store.getImages(ids)).map((image) => [image._id, image]));
      return ids.map((id) => found.get(id));
    }),
    tags: batched(async (ids) => {
      const found = await store.tagsOfImages(ids);
      return ids.map((id) => found.get(id) ?? []);
    }),
  };
}

function batched<T>(load: (ids: readonly string[]) => Promise<T[]>): DataLoader<string, T> {
  return new DataLoader<string, T>(load, { cache: false });
}
