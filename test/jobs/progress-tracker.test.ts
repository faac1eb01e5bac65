/** What a worker says of a pull, on a clock that the test moves. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { endedSnapshot } from '../../src/jobs/ending.js';
import type { ProgressStore } from '../../src/jobs/progress/progress-store.js';
import { ProgressTracker } from '../../src/jobs/progress/progress-tracker.js';
import { sha256 } from '../../src/lib/digest.js';
import type { PullSnapshot } from '../../src/models/pull-records.js';

const DIGEST = sha256('layer');
const START: PullSnapshot = {
  id: 'pull_1',
  reference: 'test/app:latest',
  system: 'one',
  platform: 'linux/amd64',
  state: 'QUEUED',
  stage: 'QUEUE',
  message: null,
  sequence: 1,
  attempt: 1,
  bytesTotal: null,
  bytesDone: 0,
  bytesDelivered: null,
  layers: [],
  imageId: null,
  error: null,
  isStale: false,
  createdAt: new Date(0),
  startedAt: null,
  finishedAt: null,
};

/** What went out, and when (ms). */
let published: { readonly at: number; readonly snapshot: PullSnapshot }[];
let failing = false;

const store: ProgressStore = {
  publish(snapshot) {
    if (failing) return Promise.reject(new Error('Redis is away'));
    published.push({ at: Date.now(), snapshot });
    return Promise.resolve(snapshot.sequence + 1);
  },
  read: () => Promise.resolve(undefined),
};

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
  published = [];
  failing = false;
});
afterEach(() => {
  jest.useRealTimers();
});

function trackerOf(start = START): ProgressTracker {
  return new ProgressTracker({ store, start, eventsPerSecond: 4, onError: () => {} });
}

/** `seconds` of a download that tells of each of its 1000 chunks a second. */
async function download(tracker: ProgressTracker, seconds: number): Promise<void> {
  for (let chunk = 1; chunk <= seconds * 1000; chunk++) {
    tracker.layer(DIGEST, { state: 'FETCHING', bytesDone: chunk });
    await jest.advanceTimersByTimeAsync(1);
  }
}

test('never more than four states in any second, and the newest of them all in the end', async () => {
  const tracker = trackerOf();
  tracker.enter('PULLING', 'FETCH');
  tracker.setLayers([{ digest: DIGEST, size: 10_000 }]);
  await download(tracker, 5);
  await jest.advanceTimersByTimeAsync(1000);
  for (const { at } of published) {
    expect(published.filter((other) => other.at >= at && other.at < at + 1000).length).toBeLessThanOrEqual(4);
  }
  expect(published.length).toBeGreaterThanOrEqual(20);
  expect(published.at(-1)!.snapshot.bytesDone).toBe(5000);
});

test('a change of state or stage goes out at once, with all that is known', async () => {
  const tracker = trackerOf();
  tracker.enter('PULLING', 'FETCH');
  tracker.setLayers([{ digest: DIGEST, size: 10 }]);
  tracker.layer(DIGEST, { state: 'DONE', bytesDone: 10 });
  tracker.enter('CONVERTING', 'CONVERT');
  tracker.enter('CONVERTING', 'VERIFY');
  await jest.advanceTimersByTimeAsync(0);
  expect(published.map(({ at, snapshot: { stage } }) => [at, stage])).toEqual([
    [1_000_000, 'FETCH'],
    [1_000_000, 'CONVERT'],
    [1_000_000, 'VERIFY'],
  ]);
  expect(published.at(-1)!.snapshot).toMatchObject({ bytesDone: 10, layers: [{ state: 'DONE' }] });
});

test('bytes never fall, though a layer is fetched again from its beginning', async () => {
  const tracker = trackerOf();
  tracker.setLayers([{ digest: DIGEST, size: 1000 }]);
  tracker.layer(DIGEST, { state: 'FETCHING', bytesDone: 700, attempt: 1 });
  tracker.layer(DIGEST, { state: 'RETRYING', bytesDone: 0, attempt: 2 });
  expect(tracker.snapshot).toMatchObject({ bytesDone: 700, layers: [{ state: 'RETRYING', bytesDone: 700, attempt: 2 }] });
  tracker.layer(DIGEST, { state: 'FETCHING', bytesDone: 300 });
  expect(tracker.snapshot.bytesDone).toBe(700);
  await jest.advanceTimersByTimeAsync(1000);
});

test('bytes neither fall nor pass their total when a worker that takes over finds a smaller image, nor over the next take-over', async () => {
  const [other, small] = [sha256('other'), sha256('small')];
  const first = trackerOf();
  first.setLayers([{ digest: DIGEST, size: 1000 }, { digest: other, size: 50 }]);
  first.layer(DIGEST, { state: 'FETCHING', bytesDone: 700 });
  first.layer(other, { state: 'DONE', bytesDone: 50 });
  let last = first.snapshot;
  for (let attempt = 2; attempt <= 3; attempt++) {
    const tracker = trackerOf({ ...last, attempt });
    tracker.setLayers([{ digest: other, size: 50 }, { digest: small, size: 10 }]);
    // 700 of the layer that the tag has left behind, and 60.
    expect(tracker.snapshot).toMatchObject({ bytesDone: last.bytesDone, bytesTotal: 760 });
    tracker.layer(small, { state: 'FETCHING', bytesDone: 4 });
    expect(tracker.snapshot.bytesDone).toBe(754);
    last = tracker.snapshot;
    expect(endedSnapshot(last, { state: 'READY', imageId: 'x', isStale: false })).toMatchObject({ bytesDone: 760, bytesTotal: 760 });
  }
  await jest.advanceTimersByTimeAsync(1000);
});

test('while Redis is away the newest state waits, and goes out when it is back', async () => {
  const tracker = trackerOf();
  failing = true;
  tracker.enter('PULLING', 'FETCH');
  await jest.advanceTimersByTimeAsync(60_000);
  expect(published).toEqual([]);
  failing = false;
  await jest.advanceTimersByTimeAsync(1000);
  expect(published.map(({ snapshot: { stage } }) => stage)).toEqual(['FETCH']);
});
