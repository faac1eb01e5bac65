import { expect, it } from '@jest/globals';
import { putOffBy } from '../../src/jobs/put-off.js';
import { GatewayError } from '../../src/lib/errors.js';

const NOW = new Date('2026-03-01T23:50:00Z');
const limited = new GatewayError('RATE_LIMITED', 'later', { waitFor: { ms: 20 * 60_000, reason: 'rate limited by registry.test' } });
const at = (time: string): Date => new Date(`2026-03-02T${time}Z`);

it('a pull waits for the time that its registry has named, and says so', () => {
  expect(putOffBy(limited, at('00:10:01'), NOW)).toMatchObject({
    putOff: { code: 'RATE_LIMITED', notBefore: at('00:10:00'), cause: limited },
    message: 'waiting until 00:10 UTC, rate limited by registry.test',
  });
});

it('it does not wait beyond its own time limit, nor after what no waiting is known to help', () => {
  expect(putOffBy(limited, at('00:10:00'), NOW)).toBeUndefined();
  expect(putOffBy(new GatewayError('RATE_LIMITED', 'later'), at('12:00:00'), NOW)).toBeUndefined();
  expect(putOffBy(new Error('broken'), at('12:00:00'), NOW)).toBeUndefined();
});
