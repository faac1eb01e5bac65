/**
 * A pull that is cancelled from an API while a worker in another process is in the middle of it. The worker hears of it by
 * message: it would ask the index by itself only long after the test.
 */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { watch, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { allLeftovers, childrenOf } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { stuckAt } from '../support/stuck-squash.js';
import { tarOf } from '../support/tar.js';

/** A worker asks the index three times in it (s). */
const LOCK_DURATION = 3600;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let worker: ChildProcess | undefined;

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  registry.putImage([tarOf({ name: 'a', body: Buffer.alloc(200_000, 1) })], 'latest');
  site = makeSite(stack, registry.url, { JobLockDuration: LOCK_DURATION });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});

afterEach(async () => {
  registry.hook = undefined;
  if (worker !== undefined) await kill(worker);
  worker = undefined;
  await api.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function begin(): Promise<string> {
  const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
  return pulls[0]!.id;
}

/** Cancels the pull; nothing of it is there when its end is told, nor when the worker has gone. */
async function expectCancelled(id: string, stage: string): Promise<void> {
  await until(client, id, (state) => state.stage === stage);
  await client.cancelPull(id);
  expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'CANCELLED', attempt: 1, error: { code: 'CANCELLED', stage } });
  expect([...site.leftovers(), ...childrenOf(site)]).toEqual([]);
  await kill(worker!, 'SIGTERM');
  expect(await allLeftovers(site)).toEqual([]);
}

it('while it fetches a layer: the connection to the registry is closed', async () => {
  const asked = new Promise<Socket>((resolve) => {
    registry.hook = (request, response, path) => {
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
      if (blob === undefined || blob.length < 100_000) return false;
      response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 50_000));
      resolve(request.socket);
      return true;
    };
  });
  worker = await spawnWorker(site);
  const id = await begin();
  const closed = once(await asked, 'close');
  await expectCancelled(id, 'FETCH');
  await closed;
});

it.each([
  ['FETCH', 'scan'],
  ['CONVERT', 'pack'],
  ['VERIFY', 'read'],
])('in %s, while imagegw-squash works for it (%s)', async (stage, command) => {
  const stuck = await stuckAt(site, command);
  const started = firstChange(join(stuck, '..'));
  worker = await spawnWorker(site, { environment: { IMAGEGW_SQUASH: stuck } });
  const id = await begin();
  await started;
  expect(childrenOf(site)).not.toEqual([]);
  await expectCancelled(id, stage);
});

it('in EXAMINE, while the hook works for it', async () => {
  const hook = join(site.directory, 'hook');
  const held = join(site.directory, 'images', 'held');
  writeFileSync(hook, `#!/bin/sh\n: > ${held}\nexec tail -f ${held}\n`, { mode: 0o755 });
  site = site.withKeys({ ExaminerHook: hook });
  const started = firstChange(join(held, '..'));
  worker = await spawnWorker(site);
  const id = await begin();
  await started;
  expect(childrenOf(site)).not.toEqual([]);
  await expectCancelled(id, 'EXAMINE');
});

/** Resolves when something changes in the directory. */
async function firstChange(directory: string): Promise<void> {
  const watcher = watch(directory);
  await once(watcher, 'change').finally(() => watcher.close());
}
