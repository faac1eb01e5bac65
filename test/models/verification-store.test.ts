/** Verifications in a real index: one that runs for each system, however many ask for it and want to do it. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '../../src/models/database.js';
import type { VerificationProgress } from '../../src/models/system-records.js';
import { createVerificationStore, type VerificationStore } from '../../src/models/verification-store.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const CLEAN: VerificationProgress = { imageCount: 0, imagesDone: 0, bytesTotal: 0, bytesDone: 0, findingCount: 0, findings: [] };
const later = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

let stack: TestStack;
const databases: Database[] = [];
/** Each on a connection of its own, as processes have them. */
let stores: VerificationStore[];
let system: string;
let systems = 0;

beforeAll(async () => {
  stack = await startTestStack();
  for (let at = 0; at < 8; at++) databases.push(await openDatabase({ uri: stack.mongoUriOf('verifications'), serverSelectionMs: 5000 }));
  stores = databases.map((database) => createVerificationStore(database));
});
afterAll(async () => {
  for (const database of databases) await database.close();
  await stack.stop();
});
beforeEach(() => {
  system = `system${String(systems++)}`;
});

it('is asked for once by many at the same time, and taken by one', async () => {
  const asked = await Promise.all(stores.map((store) => store.request(system, true)));
  expect(new Set(asked.map(({ state }) => state))).toEqual(new Set(['WAITING']));
  const claimed = await Promise.all(stores.map((store, at) => store.claim(system, `worker${String(at)}`, `lease${String(at)}`, later(60))));
  const [winner, ...others] = claimed.filter((record) => record !== undefined);
  expect(others).toEqual([]);
  expect(winner).toMatchObject({ state: 'RUNNING', _id: system });
  // Asking again while it runs changes nothing, and nobody else gets it.
  expect(await stores[0]!.request(system, false)).toMatchObject({ state: 'RUNNING', repairs: true, lease: winner!.lease });
  expect(await stores[1]!.claim(system, 'other', 'other', later(60))).toBeUndefined();
});

it('goes to another worker when the lease has run out; the first one can not write any more', async () => {
  const [store] = stores;
  await store!.request(system, true);
  await store!.claim(system, 'first', 'lease1', later(60));
  expect(await store!.save(system, 'lease1', later(-1), { ...CLEAN, findingCount: 7 })).toBe(true);
  const taken = await Promise.all(stores.map((one, at) => one.claim(system, 'second', `next${String(at)}`, later(60))));
  const winners = taken.filter((record) => record !== undefined);
  expect(winners).toHaveLength(1);
  // It begins again.
  expect(winners[0]).toMatchObject({ worker: 'second', findingCount: 0 });
  expect(await store!.save(system, 'lease1', later(60), CLEAN)).toBe(false);
  await store!.finish(system, 'lease1', CLEAN, { code: 'INTERNAL', message: 'late' });
  await store!.handBack(system, 'lease1');
  expect(await store!.get(system)).toMatchObject({ state: 'RUNNING', error: null });
  await store!.finish(system, winners[0]!.lease!, CLEAN, null);
  expect(await store!.get(system)).toMatchObject({ state: 'DONE', leaseUntil: null });
});

it('is asked for again only when the last one is old enough, where that is a condition', async () => {
  const [store] = stores;
  await store!.request(system, true);
  const { lease } = (await store!.claim(system, 'w', 'l', later(60)))!;
  await store!.finish(system, lease!, { ...CLEAN, findingCount: 1 }, null);
  expect(await store!.request(system, true, later(-60))).toMatchObject({ state: 'DONE', findingCount: 1 });
  expect(await store!.request(system, true, later(60))).toMatchObject({ state: 'WAITING', findingCount: 0, finishedAt: null });
});

it('given back, it waits for the next worker', async () => {
  const [store] = stores;
  await store!.request(system, true);
  await store!.claim(system, 'w', 'l', later(60));
  await store!.handBack(system, 'l');
  expect(await store!.get(system)).toMatchObject({ state: 'WAITING' });
  expect(await store!.claim(system, 'w', 'm', later(60))).toMatchObject({ state: 'RUNNING' });
});
