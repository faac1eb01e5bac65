import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createPublications } from '../../src/models/publications.js';
import { startTestStack, type TestStack } from '../support/stack.js';

let stack: TestStack;
let database: Database;

beforeAll(async () => {
  stack = await startTestStack();
  database = await openDatabase({ uri: stack.mongoUriOf('publications'), serverSelectionMs: 5000 });
});
afterAll(async () => {
  await database.close();
  await stack.stop();
});

it('keeps the latest moment of each system, whoever says so first and last', async () => {
  const { note, last, forget } = createPublications(database);
  expect(await last('one')).toBeNull();
  const moments = Array.from({ length: 40 }, (_, at) => new Date(1_700_000_000_000 + ((at * 17) % 40) * 1000));
  await Promise.all(moments.map((at) => note('one', at)));
  await note('two', new Date(5));
  expect(await last('one')).toEqual(new Date(1_700_000_039_000));
  await forget('one');
  expect([await last('one'), await last('two')]).toEqual([null, new Date(5)]);
});
