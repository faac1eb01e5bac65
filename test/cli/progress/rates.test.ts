import { describe, expect, it } from '@jest/globals';
import { Rates } from '../../../src/cli/progress/rates.js';
import type { PullState } from '../../../src/client/index.js';
import { layerState, MIB, pullState } from '../../support/pull-states.js';

function fetching(bytesDone: number, cached = 0): PullState {
  return pullState(1, {
    state: 'PULLING',
    stage: 'FETCH',
    bytesTotal: 200 * MIB,
    layers: [
      layerState('a', { size: 100 * MIB, state: 'FETCHING', bytesDone }),
      layerState('b', {
        size: 100 * MIB,
        state: cached > 0 ? 'DONE' : 'WAITING',
        bytesDone: cached,
        fromCache: cached > 0,
      }),
    ],
  });
}

describe('rates', () => {
  it('are not told before there is a second of them', () => {
    const rates = new Rates();
    rates.observe(fetching(0), 0);
    rates.observe(fetching(MIB), 500);
    expect(rates.ofPull(500)).toBeUndefined();
    expect(rates.ofLayer(0, 500)).toBeUndefined();
    expect(rates.ofLayer(1, 500)).toBeUndefined();
    expect(rates.ofPull(1000)).toBe(MIB);
  });

  it('are those of the last seconds, and fall to 0 when nothing comes', () => {
    const rates = new Rates();
    for (let second = 0; second <= 20; second += 1)
      rates.observe(
        fetching(second <= 10 ? second * MIB : 10 * MIB + (second - 10) * 3 * MIB),
        second * 1000,
      );
    expect(rates.ofLayer(0, 20_000)).toBe(3 * MIB);
    expect(rates.ofLayer(0, 22_500)).toBeLessThan(3 * MIB);
    expect(rates.ofLayer(0, 60_000)).toBe(0);
    expect(rates.fetchTimeLeft(fetching(40 * MIB), 60_000)).toBeUndefined();
  });

  it('do not count what comes from the cache', () => {
    const rates = new Rates();
    rates.observe(fetching(0), 0);
    rates.observe(fetching(4 * MIB, 100 * MIB), 4000);
    expect(rates.ofPull(4000)).toBe(MIB);
    expect(rates.fetchTimeLeft(fetching(4 * MIB, 100 * MIB), 4000)).toBe(96_000);
  });

  it('forecast only while layers are fetched', () => {
    const rates = new Rates();
    rates.observe(fetching(0), 0);
    rates.observe(fetching(4 * MIB), 4000);
    expect(rates.fetchTimeLeft(fetching(4 * MIB), 4000)).toBe(196_000);
    expect(rates.fetchTimeLeft({ ...fetching(4 * MIB), stage: 'CONVERT' }, 4000)).toBeUndefined();
    expect(rates.fetchTimeLeft({ ...fetching(4 * MIB), bytesTotal: null }, 4000)).toBeUndefined();
  });
});
