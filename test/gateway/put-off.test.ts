/** A registry that wants no requests for longer than a pull may keep its worker: the pull waits in its queue. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const WORDS = /^waiting until \d\d:\d\d UTC, rate limited by /;

let stack: TestStack;
let registry: FakeRegistry;
let busy: FakeRegistry;
let site: Site;
let gateway: RunningGateway | undefined;
let client: GatewayClient;

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  busy = await startFakeRegistry();
  for (const one of [registry, busy]) one.putImage([tarOf({ name: 'name', body: one.host })], 'latest');
  const location = { remotetype: 'dockerv2' };
  site = makeSite(stack, registry.url, {
    Locations: { test: { ...location, url: registry.url }, busy: { ...location, url: busy.url } },
    RegistryLimits: { retryDelayMax: 0, retryAfterMax: 2000 },
    WorkerThreads: 1,
    // A pull that was put off and counted as one whose worker died would fail.
    JobMaxStalledCount: 0,
  });
  gateway = await startInProcess(site, { api: true, worker: true });
  client = clientOf(gateway);
});

afterEach(async () => {
  await gateway?.close();
  await registry.stop();
  await busy.stop();
  await stack.stop();
  site.remove();
});

const begin = async (reference: string): Promise<string> => (await client.pull({ reference, systems: ['one'] })).pulls[0]!.id;

/** The next `count` requests are answered so. */
function limit(count: number, seconds: number): void {
  let left = count;
  busy.hook = (_request, response) => left-- > 0 && Boolean(response.writeHead(429, { 'retry-after': String(seconds) }).end());
}

it('it goes on when the time has come, as often as that takes', async () => {
  limit(2, 1);
  const states = await statesOf(client, await begin('busy/app'));
  const waits = states.filter(({ message }) => WORDS.test(message ?? ''));
  expect(waits.map(({ state, stage, attempt }) => ({ state, stage, attempt }))).toEqual(
    [1, 2].map((attempt) => ({ state: 'QUEUED', stage: 'QUEUE', attempt })),
  );
  expect(states.at(-1)).toMatchObject({ state: 'READY', attempt: 3, message: null });
  expect(await allLeftovers(site)).toEqual([]);
});

it('others get its worker meanwhile, another request joins it, and it can be cancelled', async () => {
  limit(Infinity, 1800);
  const id = await begin('busy/app');
  await until(client, id, ({ message }) => WORDS.test(message ?? ''));
  expect((await statesOf(client, await begin('app'))).at(-1)).toMatchObject({ state: 'READY' });
  const asked = busy.seen.length;
  expect(await begin('busy/app')).toBe(id);
  await client.cancelPull(id);
  expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'CANCELLED', error: { code: 'CANCELLED', stage: 'QUEUE' } });
  expect(busy.seen).toHaveLength(asked);
  expect(await allLeftovers(site)).toEqual([]);
});

it('it ends as RATE_LIMITED when the registry asks for more than any pull waits', async () => {
  limit(Infinity, 2001);
  expect((await statesOf(client, await begin('busy/app'))).at(-1)).toMatchObject({
    state: 'FAILED',
    error: { code: 'RATE_LIMITED', stage: 'RESOLVE', retryable: true },
  });
});
