/** A system whose host takes connections and never says a word: the others must not notice. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { RunningGateway } from '../../src/gateway.js';
import { runChild } from '../../src/lib/child.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { ask, clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway | undefined;
let host: Server;
const sockets = new Set<Socket>();

beforeEach(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
  registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
  host = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  const { port } = host.address() as AddressInfo;
  site = makeSite(stack, registry.url, { SystemCheckInterval: 0.1, WorkerHeartbeat: 0.1 });
  mkdirSync(join(site.directory, 'near'));
  const key = join(site.directory, 'key');
  await runChild({ command: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', key] });
  site = site.withKeys({
    Platforms: {
      // First, so that whatever is done for one system after the other begins with it.
      mute: { accesstype: 'remote', host: [`127.0.0.1:${String(port)}`], platform: 'linux/amd64', ssh: { username: 'nobody', key, imageDir: '/images', connectTimeout: 3600 } },
      near: { accesstype: 'local', local: { imageDir: join(site.directory, 'near') }, platform: 'linux/amd64' },
    },
  });
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  host.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function start(): Promise<RunningGateway> {
  gateway = await startInProcess(site, { api: true, worker: true });
  return gateway;
}

it('a worker takes the pulls of other systems at once, and stops at once', async () => {
  const client = clientOf(await start());
  const { pulls } = await client.pull({ reference: 'app', systems: ['near'] });
  expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY' });
  // It is being tidied all the while.
  if (sockets.size === 0) await once(host, 'connection');
  await gateway?.close();
  gateway = undefined;
});

interface Status {
  readonly isReachable: boolean;
  readonly problem: string | null;
  readonly checkedAt: string;
}

it('the status of other systems stays fresh, and its own says that it does not answer', async () => {
  const { url } = await start();
  const statusOf = async (name: string): Promise<Status | null> =>
    (await ask<{ system: { status: Status | null } }>(url, 'query ($name: String!) { system(name: $name) { status { isReachable problem checkedAt } } }', { name })).system.status;
  const seen = new Set<string>();
  while (seen.size < 4) {
    const status = await statusOf('near');
    if (status?.isReachable === true) seen.add(status.checkedAt);
  }
  let mute = await statusOf('mute');
  while (mute === null) mute = await statusOf('mute');
  expect(mute).toMatchObject({ isReachable: false, problem: expect.stringMatching(/^mute has not answered for \d+ s\b/) });
});
