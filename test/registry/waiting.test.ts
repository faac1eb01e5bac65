import { describe, expect, test } from '@jest/globals';
import { DEFAULT_REGISTRY_LIMITS } from '../../src/registry/settings.js';
import { backoffMs, parseRetryAfter } from '../../src/registry/waiting.js';

const now = Date.parse('2026-03-01T10:00:00Z');

test.each([
  ['30', 30_000],
  ['0', 0],
  [' 7 ', 7000],
  ['Sun, 01 Mar 2026 10:00:45 GMT', 45_000],
  ['Sunday, 01-Mar-26 10:01:00 GMT', 60_000],
  ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
  ['', undefined],
  ['soon', undefined],
  ['-3', undefined],
  ['1.5', undefined],
  ['99999999999999', undefined],
  [undefined, undefined],
])('Retry-After %j is %p ms from now', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});

describe('the wait before the next try', () => {
  const limits = { ...DEFAULT_REGISTRY_LIMITS, retryDelayMaxMs: 10_000 };
  test.each([
    [1, 1000],
    [2, 2000],
    [4, 8000],
    [5, 10_000],
    [60, 10_000],
  ])('after %i failures is at most %i ms, at least half of that, and not the same for all', (failures, most) => {
    const waits = Array.from({ length: 200 }, () => backoffMs(failures, 1000, limits));
    expect(Math.max(...waits)).toBeLessThanOrEqual(most);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });
});
