/** Look-ups of one request that fall together are one query of the index. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sha256 } from '../../src/lib/digest.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createImageStore, type ImageStore } from '../../src/models/image-store.js';
import { imageKey } from '../../src/models/image-records.js';
import { createLoaders } from '../../src/resolvers/loaders.js';
import { startTestStack, type TestStack } from '../support/stack.js';

let stack: TestStack;
let database: Database;
let store: ImageStore;
let queries = 0;

beforeAll(async () => {
  stack = await startTestStack();
  database = await openDatabase({ uri: stack.mongoUri, serverSelectionMs: 5000 });
  const real = createImageStore(database);
  store = {
    ...real,
    tagsOfImages: (ids) => {
      queries++;
      return real.tagsOfImages(ids);
    },
  };
  for (const system of ['one', 'two']) {
    for (const [reference, imageId] of [['b', 'first'], ['a', 'first'], ['c', 'second']] as const) {
      await database.tags.create({
        _id: `${system}/${reference}`,
        system,
        reference,
        platform: null,
        imageId,
        topDigest: sha256('x'),
        principals: ['public'],
        movedAt: new Date(),
        checkedAt: new Date(),
        history: [],
        revision: 1,
      });
    }
  }
});

afterAll(async () => {
  await database.close();
  await stack.stop();
});

it('tags of many images: one query, each image with its own on its own system', async () => {
  const { tags } = createLoaders(store);
  const keys = [imageKey('one', 'first'), imageKey('two', 'second'), imageKey('one', 'none')];
  const found = await Promise.all(keys.map((key) => tags.load(key)));
  expect(found.map((list) => list.map(({ _id }) => _id))).toEqual([['one/a', 'one/b'], ['two/c'], []]);
  expect(queries).toBe(1);
});

it('what was looked up is looked up again: nothing is remembered', async () => {
  const { tags } = createLoaders(store);
  await tags.load(imageKey('one', 'first'));
  await database.tags.deleteOne({ _id: 'one/a' });
  expect((await tags.load(imageKey('one', 'first'))).map(({ _id }) => _id)).toEqual(['one/b']);
});
