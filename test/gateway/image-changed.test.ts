/** Names that come, move and go, as subscribers of `imageChanged` hear of them. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway;
let client: GatewayClient;
let socket: Client;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
  site = makeSite(stack, registry.url, { PullUpdateTimeout: 0 });
  gateway = await startInProcess(site, { api: true, worker: true });
  client = clientOf(gateway);
  socket = createClient({ url: gateway.url!.replace('http', 'ws'), webSocketImpl: WebSocket });
});
afterAll(async () => {
  await socket.dispose();
  await gateway.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

const putImage = (body: string): string => registry.putImage([tarOf({ name: 'a', body })], 'latest').slice(7);

async function pull(system: string, reference = 'app'): Promise<void> {
  const { pulls } = await client.pull({ reference, systems: [system] });
  expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY' });
}

interface Change {
  readonly kind: string;
  readonly reference: string;
}

/** What one subscriber hears of `app`, one after the other; and whether it hears anything yet. */
function subscribe(system?: string): { isHeard: boolean; next(): Promise<Change> } {
  const query = 'subscription ($system: String) { imageChanged(system: $system) { kind system reference imageId image { imageId } } }';
  const results = socket.iterate<{ imageChanged: Change }>({ query, variables: { system } });
  const heard: Change[] = [];
  const waiting: ((change: Change) => void)[] = [];
  const subscriber = {
    isHeard: false,
    next: () => new Promise<Change>((resolve) => (heard[0] === undefined ? waiting.push(resolve) : resolve(heard.shift()!))),
  };
  void (async () => {
    for await (const { data } of results) {
      subscriber.isHeard = true;
      const { imageChanged } = data!;
      if (!imageChanged.reference.includes('app')) continue;
      const next = waiting.shift();
      if (next === undefined) heard.push(imageChanged);
      else next(imageChanged);
    }
  })();
  return subscriber;
}

it('a name is told of when it is new, when it moves, when it is expired, and when its system is taken out', async () => {
  const directory = join(site.directory, 'new');
  mkdirSync(directory);
  await client.addSystem({ name: 'new', definition: { accesstype: 'LOCAL', local: { imageDir: directory }, platform: 'linux/amd64' } });
  const change = (kind: string, system: string, imageId: string): object => ({
    kind,
    system,
    reference: 'test/app:latest',
    imageId,
    image: kind === 'REMOVED' ? null : { imageId },
  });
  const [all, ofNew] = [subscribe(), subscribe('new')];
  // A change is told to those who listen then: others, until both do.
  putImage('other');
  for (let at = 0; !all.isHeard || !ofNew.isHeard; at++) await pull('new', `other${String(at)}`);

  const first = putImage('first');
  await pull('one');
  expect(await all.next()).toEqual(change('ADDED', 'one', first));
  const second = putImage('second');
  await pull('one');
  expect(await all.next()).toEqual(change('MOVED', 'one', second));
  await client.expireImage({ system: 'one', reference: 'app' });
  expect(await all.next()).toEqual(change('REMOVED', 'one', second));
  await pull('new');
  for (const subscriber of [all, ofNew]) expect(await subscriber.next()).toEqual(change('ADDED', 'new', second));
  await client.removeSystem({ name: 'new', force: true });
  for (const subscriber of [all, ofNew]) expect(await subscriber.next()).toEqual(change('REMOVED', 'new', second));
});
