import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { digestOf, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
const workers: ChildProcess[] = [];

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url);
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});

afterEach(async () => {
  registry.hook = undefined;
  for (const worker of workers.splice(0)) await kill(worker);
  await api.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

/** Another configuration than the usual one. */
async function useSite(keys: Readonly<Record<string, unknown>>): Promise<void> {
  await api.close();
  site.remove();
  site = makeSite(stack, registry.url, keys);
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
}

async function queuedPulls(system: string): Promise<number> {
  const response = await fetch(api.url!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ system(name: "' + system + '") { queuedPullCount } }' }),
  });
  const { data } = (await response.json()) as { data: { system: { queuedPullCount: number } } };
  return data.system.queuedPullCount;
}

async function worker(): Promise<ChildProcess> {
  const child = await spawnWorker(site);
  workers.push(child);
  return child;
}

describe('a worker killed with SIGKILL', () => {
  it('in the middle of a layer, twice, is followed by others up to READY', async () => {
    const digest = registry.putImage([tarOf({ name: 'a', body: Buffer.alloc(200_000, 1) })], 'latest');
    let holding = true;
    registry.hook = (request, response, path) => {
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
      if (!holding || blob === undefined || blob.length < 100_000 || request.method !== 'GET') return false;
      response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 50_000));
      return true;
    };
    const first = await worker();
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    const { id } = pulls[0]!;
    await until(client, id, ({ attempt, stage }) => attempt === 1 && stage === 'FETCH');
    await kill(first);
    const second = await worker();
    await until(client, id, ({ attempt, stage }) => attempt === 2 && stage === 'FETCH');
    await kill(second);
    holding = false;
    const third = await worker();
    const last = (await statesOf(client, id)).at(-1)!;
    expect(last).toMatchObject({ state: 'READY', attempt: 3, image: { imageId: digest.slice(7) } });
    // As a pull that nobody has disturbed.
    const undisturbed = await client.pull({ reference: 'app', systems: ['two'] });
    const other = (await statesOf(client, undisturbed.pulls[0]!.id)).at(-1)!;
    expect(digestOf(readFileSync(last.image!.path))).toBe(digestOf(readFileSync(other.image!.path)));
    await kill(third, 'SIGTERM');
    expect(await allLeftovers(site)).toEqual([]);
    await expectAgreement(site, { one: site.images });
  });

  it('is given up as STALLED when it happens more often than the configuration allows', async () => {
    await useSite({ JobMaxStalledCount: 0 });
    registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
    registry.hook = (_request, _response, path) => path.includes('/blobs/');
    const first = await worker();
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    await until(client, pulls[0]!.id, ({ state }) => state === 'RESOLVING');
    await kill(first);
    await worker();
    expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'FAILED', error: { code: 'STALLED', retryable: true } });
  });
});

describe('a worker that is told to stop', () => {
  it('hands its pull back at once, and another goes on with it', async () => {
    // Not one death is allowed: being told to stop is none.
    await useSite({ ReconcileInterval: 3600, JobMaxStalledCount: 0 });
    registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
    let holding = true;
    registry.hook = (_request, _response, path) => holding && path.includes('/blobs/');
    const first = await worker();
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    const { id } = pulls[0]!;
    await until(client, id, ({ attempt }) => attempt === 1);
    await kill(first, 'SIGTERM');
    // Its job waits in the queue again; nobody but the worker can have put it there.
    expect(await queuedPulls('one')).toBe(1);
    holding = false;
    await worker();
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt: 2 });
    expect(site.leftovers()).toEqual([]);
    await expectAgreement(site, { one: site.images });
  });
});

describe('a pull without a worker', () => {
  it('waits, can be cancelled, and is done when a worker comes', async () => {
    registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    expect(pulls[0]).toMatchObject({ state: 'QUEUED', queuePosition: 0 });
    const other = await client.pull({ reference: 'app', systems: ['two'] });
    await client.cancelPull(other.pulls[0]!.id);
    expect((await statesOf(client, other.pulls[0]!.id)).at(-1)).toMatchObject({ state: 'CANCELLED' });
    await worker();
    expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY' });
  });
});
