import { beforeEach, expect, it } from '@jest/globals';
import { createLargeImages, type LargeImages, type Reading } from '../../src/jobs/pipeline/large-images.js';
import { GatewayError } from '../../src/lib/errors.js';

const live = new AbortController().signal;
let images: LargeImages;

beforeEach(() => void (images = createLargeImages(10)));

function read(reading: Reading, entries: number): Reading {
  for (let at = 0; at < entries; at += 1) reading.onEntry();
  return reading;
}

it('small images are made beside a large one', () => {
  expect(read(images.begin(live), 11).signal.aborted).toBe(false);
  for (let at = 0; at < 5; at += 1) expect(read(images.begin(live), 10).signal.aborted).toBe(false);
});

it('a second large one is broken off at its first entry too many, and goes on when the first has ended', async () => {
  const first = read(images.begin(live), 11);
  const second = read(images.begin(live), 10);
  expect(second.hasToWait).toBe(false);
  expect(read(second, 1)).toMatchObject({ hasToWait: true, signal: { aborted: true } });
  const turn = second.waitForTurn();
  first.end();
  await turn;
  // All that it read before is gone, and it may be as large as it likes.
  expect(read(second, 1000)).toMatchObject({ hasToWait: false, signal: { aborted: false } });
  expect(read(images.begin(live), 11).hasToWait).toBe(true);
});

it('of many that wait, one at a time goes on', async () => {
  const first = read(images.begin(live), 11);
  const log: string[] = [];
  const others = Array.from({ length: 5 }, () => read(images.begin(live), 11)).map(async (reading, at) => {
    await reading.waitForTurn();
    log.push(`begin ${String(at)}`);
    await Promise.resolve();
    log.push(`end ${String(at)}`);
    reading.end();
  });
  first.end();
  await Promise.all(others);
  expect(log).toEqual([0, 1, 2, 3, 4].flatMap((at) => [`begin ${String(at)}`, `end ${String(at)}`]));
});

it('the end of one that never was large frees nothing', () => {
  read(images.begin(live), 11);
  read(images.begin(live), 3).end();
  const waiting = read(images.begin(live), 11);
  waiting.end();
  expect(read(images.begin(live), 11).hasToWait).toBe(true);
});

it('a pull that is cancelled does not wait, and takes no turn', async () => {
  const first = read(images.begin(live), 11);
  const pull = new AbortController();
  const cancelled = read(images.begin(pull.signal), 11);
  const turn = cancelled.waitForTurn();
  const reason = new GatewayError('CANCELLED', 'Enough.');
  pull.abort(reason);
  await expect(turn).rejects.toBe(reason);
  expect(cancelled.hasToWait).toBe(false);
  cancelled.end();
  first.end();
  expect(read(images.begin(live), 11).hasToWait).toBe(false);
});
