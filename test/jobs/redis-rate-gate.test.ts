import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../src/lib/child.js';
import { connectRedis, type RedisConnections } from '../../src/jobs/redis-connections.js';
import { createRedisRateGate } from '../../src/jobs/redis-rate-gate.js';
import {
  createMemoryRateGate,
  createRegistryClient,
  parseReference,
  registrySettings,
  type Caller,
  type RateGate,
  type RegistryClient,
  type RegistryLimits,
  type RegistrySettings,
} from '../../src/registry/index.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { startTestStack, type TestStack } from '../support/stack.js';

let stack: TestStack;
let redis: RedisConnections;
let serial = 0;
const failures: unknown[] = [];

/** A gate as another worker has it. */
function gateOf(prefix: string): RateGate {
  return createRedisRateGate({ redis: redis.commands, prefix, onError: (error) => failures.push(error) });
}

const at = (host: string, account = 'anonymous'): Caller => ({ host, account });

beforeAll(async () => {
  stack = await startTestStack();
  redis = await connectRedis(stack.redis, () => {});
});
afterAll(async () => {
  redis.close();
  await stack.stop();
});

describe.each([
  ['in Redis', (): readonly [RateGate, RateGate] => [gateOf(`t${String(++serial)}`), gateOf(`t${String(serial)}`)]],
  [
    'of one process',
    (): readonly [RateGate, RateGate] => {
      const gate = createMemoryRateGate();
      return [gate, gate];
    },
  ],
])('a rate gate %s', (_name, make) => {
  let one: RateGate;
  let two: RateGate;
  beforeEach(() => {
    [one, two] = make();
  });

  test('a hold holds everybody who asks as that account, at its host alone; a shorter one does not shorten it', async () => {
    await one.hold(at('a'), 100_000, 'rate limited');
    await two.hold(at('a'), 50_000, 'another reason');
    const held = await two.reserve(at('a'), 5);
    expect(held).toMatchObject({ reason: 'rate limited', taken: false });
    expect(held.waitMs).toBeGreaterThan(90_000);
    for (const free of [at('b'), at('a', 'service')]) expect(await two.reserve(free)).toEqual({ waitMs: 0, reason: expect.any(String), taken: true });
  });

  test('places in line are given once, whoever asks', async () => {
    // One request in a hundred seconds: what passes between two calls does not matter.
    const waits = [];
    for (const [gate, account] of [[one, 'anonymous'], [two, 'service'], [one, 'user-1'], [two, 'anonymous']] as const)
      waits.push(Math.round((await gate.reserve(at('a', account), 0.01)).waitMs / 100_000));
    expect(waits).toEqual([0, 1, 2, 3]);
    expect((await one.reserve(at('b'), 0.01)).waitMs).toBeLessThan(100);
  });

  test('retries are counted together, and come back with time', async () => {
    const taken = [];
    for (const gate of [one, two, one, two]) taken.push(await gate.takeRetry('a', 3, 100_000));
    expect(taken).toEqual([true, true, true, false]);
    expect(await one.takeRetry('b', 1, 100_000)).toBe(true);
    // A window that is over: what was taken before it does not count.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await one.takeRetry('a', 3, 1)).toBe(true);
  });

  test('no retries at all', async () => {
    expect(await one.takeRetry('a', 0, 100_000)).toBe(false);
  });
});

describe('two workers and one registry', () => {
  let fake: FakeRegistry;
  let clients: RegistryClient[];
  const signal = new AbortController().signal;
  const limits: Partial<RegistryLimits> = { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 5 };

  async function start(more: Partial<RegistryLimits> = {}, settings: Partial<RegistrySettings> = {}): Promise<void> {
    fake = await startFakeRegistry();
    const prefix = `t${String(++serial)}`;
    fake.putImage([Buffer.from('layer')], '1');
    clients = [0, 1].map(() =>
      createRegistryClient({
        registries: [registrySettings({ name: 'local', url: fake.url, ...settings })],
        limits: { ...limits, ...more },
        gate: gateOf(prefix),
        environment: {},
      }),
    );
  }
  async function stop(): Promise<void> {
    for (const client of clients) await client.close();
    await fake.stop();
  }
  const pull = (worker: number): Promise<unknown> =>
    clients[worker]!.resolve(parseReference('local/app:1', { defaultRegistry: 'local', registries: ['local'] }), {
      platform: { os: 'linux', architecture: 'amd64' },
      signal,
    });

  test('what one is told to wait, the other waits without asking', async () => {
    await start();
    fake.hook = (_request, response) => Boolean(response.writeHead(429, { 'retry-after': '3000' }).end());
    await expect(pull(0)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    await expect(pull(1)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(fake.seen).toHaveLength(1);
    await stop();
  });

  test('retries of both come out of one budget', async () => {
    await start({ retriesPerHost: 7, retriesWindowMs: 1_000_000 });
    fake.hook = (_request, response) => Boolean(response.writeHead(503).end());
    const outcomes = await Promise.allSettled([pull(0), pull(1), pull(0), pull(1)]);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    // Each asks once of its own right.
    expect(fake.seen).toHaveLength(4 + 7);
    await stop();
  });

  test.each([
    ['as anybody', undefined],
    ['with the login of the Location', { username: 'annabel', password: 'open-sesame' }],
  ])('two processes together ask no more often than the Location allows, %s', async (_what, credentials) => {
    await start();
    const arrivals: number[] = [];
    fake.hook = ({ headers }, response) => {
      arrivals.push(Date.now());
      return credentials !== undefined && headers.authorization === undefined && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    };
    const requestsPerSecond = 20;
    const order = { redis: stack.redis, prefix: `t${String(serial)}`, url: fake.url, requestsPerSecond, times: 5, credentials };
    const script = fileURLToPath(new URL('fixtures/rated-worker.ts', import.meta.url));
    const worker = (): Promise<string> => runChild({ command: process.execPath, args: ['--import', 'tsx', script, JSON.stringify(order)] });
    const begin = Math.min(...(await Promise.all([worker(), worker()])).map(Number));
    // HEAD, manifest and config, by two processes; with a login HEAD is asked as anybody before.
    expect(arrivals.length).toBeGreaterThanOrEqual(2 * 5 * (credentials === undefined ? 3 : 4));
    // Whoever is late is later still: each comes after its turn in one line.
    const early = arrivals.filter((arrived, turn) => arrived < begin + (turn * 1000) / requestsPerSecond - 5);
    expect(early).toEqual([]);
    await stop();
  });

  test('a login is in no name and no value in Redis', async () => {
    const credentials = { username: 'annabel', password: 'open-sesame' };
    await start({}, { insecure: true, requestsPerSecond: 100, credentials });
    fake.hook = (request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(429, { 'retry-after': '3000' }).end();
      return true;
    };
    await expect(pull(0)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const keys = (await redis.commands.keys('*')).filter((key) => key.startsWith(`t${String(serial)}:`));
    expect(keys.length).toBeGreaterThan(0);
    const values = await Promise.all(keys.map((key) => redis.commands.dump(key)));
    expect(`${keys.join()} ${values.join()}`).not.toMatch(/annabel|open-sesame/);
    await stop();
  });

  test('without Redis each goes on by itself', async () => {
    const gone = await connectRedis(stack.redis, () => {});
    gone.close();
    const gate = createRedisRateGate({ redis: gone.commands, prefix: 'gone', onError: (error) => failures.push(error) });
    const before = failures.length;
    await gate.hold(at('a'), 100_000, 'rate limited');
    expect(await gate.reserve(at('a'))).toMatchObject({ reason: 'rate limited', taken: false });
    expect(await gate.takeRetry('a', 1, 1000)).toBe(true);
    expect(failures.length).toBe(before + 3);
  });
});
