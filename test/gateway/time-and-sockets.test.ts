import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway;

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url, { PullTimeLimit: 1, ApiLimits: { socketsPerAddress: 2 } });
  gateway = await startInProcess(site, { api: true, worker: true });
});
afterAll(async () => {
  await gateway.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

it('an address has so many sockets at a time, and another when one has closed', async () => {
  const open = (): WebSocket => new WebSocket((gateway.url ?? '').replace('http', 'ws'), 'graphql-transport-ws');
  const sockets = [open(), open()];
  await Promise.all(sockets.map((socket) => once(socket, 'open')));
  const [error] = (await once(open(), 'error')) as [Error];
  expect(error.message).toContain('429');
  sockets[0]?.close();
  await once(sockets[0]!, 'close');
  // The gateway may hear of it a moment later than we do.
  for (let opened = false; !opened;) {
    const socket = open();
    opened = await once(socket, 'open').then(
      () => true,
      () => false,
    );
    socket.terminate();
  }
  sockets[1]?.terminate();
});

it('a pull that takes longer than its limit is TIMED_OUT, leaves nothing, and can be tried again', async () => {
  registry.putImage([tarOf({ name: 'name', body: 'x' })], 'slow');
  // No answer, ever.
  registry.hook = (request) => request.method === 'GET';
  const client = clientOf(gateway);
  const { pulls } = await client.pull({ reference: 'app:slow', systems: ['one'] });
  const last = (await statesOf(client, pulls[0]!.id)).at(-1);
  expect(last).toMatchObject({ state: 'FAILED', error: { code: 'TIMED_OUT', retryable: true, stage: 'RESOLVE' } });
  expect(last?.error?.message).toContain('PullTimeLimit');
  expect(site.leftovers()).toEqual([]);
  registry.hook = undefined;
  // A busy machine may need longer than the limit for it, too.
  for (let state = ''; state !== 'READY';) {
    const again = await client.pull({ reference: 'app:slow', systems: ['one'] });
    const end = (await statesOf(client, again.pulls[0]!.id)).at(-1);
    expect(end).toMatchObject(end?.state === 'READY' ? {} : { state: 'FAILED', error: { code: 'TIMED_OUT' } });
    state = end?.state ?? '';
  }
});
