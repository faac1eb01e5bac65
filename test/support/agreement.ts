/**
 * What lies on systems, and what the index says of it: when nobody publishes, they agree in every byte. The image is what was
 * recorded, the files beside it say what its names say, and there is nothing else, under no name at all.
 */
import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptionOf, isDescriber } from '../../src/jobs/describe-image.js';
import { sha256 } from '../../src/lib/digest.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createImageStore, type ImageStore } from '../../src/models/image-store.js';
import { filesBelow } from '../delivery/fixtures/workspace.js';
import type { Site } from './gateway.js';

/**
 * Call it while a worker of these systems lives: it waits for what is still to be done with their images.
 * @param directories where the images of each system are, as this process sees them.
 */
export async function expectAgreement({ environment }: Pick<Site, 'environment'>, directories: Readonly<Record<string, string>>): Promise<void> {
  const database = await openDatabase({ uri: environment['MONGODB_URI'] ?? '', serverSelectionMs: 5000 });
  try {
    const images = createImageStore(database);
    for (const [system, directory] of Object.entries(directories)) {
      await tasksAreDone(database, system);
      expect(await foundIn(directory)).toEqual(await recordedOn(images, system));
    }
  } finally {
    await database.close();
  }
}

async function tasksAreDone({ tasks }: Database, system: string): Promise<void> {
  // A check is about no image, and waits a minute for a caller who has died.
  while ((await tasks.countDocuments({ system, imageId: { $ne: null } }).exec()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Files by name: of an image its size and digest, of all others the text. */
async function foundIn(directory: string): Promise<Record<string, string>> {
  const names = (await filesBelow(directory)).filter((name) => name !== '.imagegw');
  return Object.fromEntries(
    names.map((name) => {
      const content = readFileSync(join(directory, name));
      return [name, name.endsWith('.squashfs') ? `${String(content.length)} bytes, ${sha256(content)}` : content.toString('utf8')];
    }),
  );
}

async function recordedOn(images: ImageStore, system: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const image of await images.imagesOn(system, '', 1000)) {
    const { imageId, product, provenance, state } = image;
    const names = await images.tagsOf(system, imageId);
    expect({ imageId, state, tags: image.tags, holders: image.holders.filter((holder) => !isDescriber(holder)) }).toEqual({ imageId, state: 'READY', tags: names.map(({ _id }) => _id), holders: [] });
    if (provenance === undefined) throw new Error(`${imageId} is recorded without its provenance`);
    const { meta, sidecar } = descriptionOf({ ...image, provenance }, names);
    files[`${imageId}.squashfs`] = `${String(product.size)} bytes, ${product.sha256}`;
    files[`${imageId}.meta`] = meta;
    files[`.imagegw/${imageId}.json`] = sidecar;
  }
  return files;
}
