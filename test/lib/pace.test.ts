import { expect, it } from '@jest/globals';
import { GatewayError } from '../../src/lib/errors.js';
import { createPace } from '../../src/lib/pace.js';

/** A clock that only moves when somebody sleeps, or by hand. */
function fakeClock(): { ms: number; now: () => number; sleep: (ms: number) => Promise<void> } {
  const clock = {
    ms: 0,
    now: () => clock.ms,
    sleep: async (ms: number) => {
      clock.ms += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

it('lets through so many bytes a second, whatever their pieces', async () => {
  for (const piece of [1, 1000, 50_000]) {
    const clock = fakeClock();
    const pace = createPace(100_000, clock);
    for (let bytes = 0; bytes < 1_000_000; bytes += piece) await pace(Math.min(piece, 1_000_000 - bytes));
    expect(Math.abs(clock.ms - 10_000)).toBeLessThanOrEqual(2);
  }
});

it('does not make up for time that was not used', async () => {
  const clock = fakeClock();
  const pace = createPace(1000, clock);
  clock.ms = 60_000;
  await pace(1000);
  expect(clock.ms).toBe(61_000);
});

it('stops at once on abort, also in the middle of a pause', async () => {
  const pace = createPace(1);
  const controller = new AbortController();
  const waiting = pace(1_000_000, controller.signal);
  controller.abort(new GatewayError('CANCELLED', 'no more'));
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED', message: 'no more' });
  await expect(pace(1, controller.signal)).rejects.toMatchObject({ message: 'no more' });
});
