import { expect, it } from '@jest/globals';
import { changeOf } from '../../src/jobs/pipeline/fetch-layers.js';

const told = { bytesDone: 5, attempt: 2, fromCache: false } as const;

it.each([
  [{ ...told, state: 'FETCHING' as const }, { state: 'FETCHING', bytesDone: 5, attempt: 2, fromCache: false, waitingFor: null }],
  [
    { ...told, state: 'RETRYING' as const, waiting: { seconds: 30, reason: 'rate limited by registry.test' } },
    { state: 'RETRYING', waitingFor: 'waiting 30 s, rate limited by registry.test' },
  ],
  // It is still to be read.
  [{ ...told, state: 'DONE' as const }, { state: 'READING', waitingFor: null }],
  [{ ...told, state: 'CHECKING' as const, fromCache: true }, { state: 'READING', fromCache: true, waitingFor: 'checking the cached copy' }],
])('what comes of a blob, %j, is told as %j', (progress, change) => {
  expect(changeOf(progress)).toMatchObject(change);
});
