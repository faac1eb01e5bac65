/** The split form: an API apart, and workers that serve one system each, as processes of their own. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
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
  registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
  site = makeSite(stack, registry.url, { WorkerHeartbeat: 0.1, SystemCheckInterval: 0.1 });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await kill(worker);
  await api.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function workerFor(system: string): Promise<ChildProcess> {
  const worker = await spawnWorker(site, { commandArguments: ['--systems', system] });
  workers.push(worker);
  return worker;
}

interface SystemAnswer {
  readonly workers: readonly { readonly name: string; readonly slotCount: number; readonly runningPullCount: number }[];
  readonly status: { readonly isReachable: boolean; readonly problem: string | null; readonly freeBytes: number | null; readonly worker: string } | null;
  readonly lastPublishedAt: string | null;
  readonly queuedPullCount: number;
  readonly runningPullCount: number;
}

async function look(name: string): Promise<SystemAnswer> {
  const response = await fetch(api.url!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'query ($name: String!) { system(name: $name) { workers { name slotCount runningPullCount } status { isReachable problem freeBytes worker } lastPublishedAt queuedPullCount runningPullCount } }',
      variables: { name },
    }),
  });
  const { data, errors } = (await response.json()) as { data: { system: SystemAnswer }; errors?: unknown };
  expect(errors).toBeUndefined();
  return data.system;
}

async function lookUntil(name: string, test: (system: SystemAnswer) => boolean): Promise<SystemAnswer> {
  for (;;) {
    const system = await look(name);
    if (test(system)) return system;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a pull for a system without a worker', () => {
  it('says that it waits for one, and is picked up when one comes', async () => {
    await workerFor('two');
    const { pulls } = await client.pull({ reference: 'app', systems: ['one', 'two'] });
    const [one, two] = pulls;
    expect((await statesOf(client, two!.id)).at(-1)?.state).toBe('READY');
    const waiting = await until(client, one!.id, () => true);
    expect(waiting).toMatchObject({ state: 'QUEUED', message: 'waiting for a worker of one' });
    expect(await look('one')).toEqual({ workers: [], status: null, lastPublishedAt: null, queuedPullCount: 1, runningPullCount: 0 });
    await workerFor('one');
    expect((await statesOf(client, one!.id)).at(-1)?.state).toBe('READY');
  });
});

describe('a system that nothing can be written to', () => {
  it('gets its image in the same pull when that passes, and the pull says meanwhile what is wrong', async () => {
    site = site.withKeys({ Platforms: { one: { accesstype: 'local', local: { imageDir: site.images }, platform: 'linux/amd64', delivery: { retries: 1000, retryDelay: 0.1 } } } });
    writeFileSync(join(site.images, '.imagegw'), '');
    workers.push(await spawnWorker(site));
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    await until(client, pulls[0]!.id, ({ stage, message }) => stage === 'TRANSFER' && message?.startsWith('trying again: ') === true && message.includes('.imagegw is not a directory'));
    rmSync(join(site.images, '.imagegw'));
    expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY', error: null, attempt: 1 });
  });
});

describe('a system', () => {
  it('tells how many pulls are worked on, and how many wait', async () => {
    const waiting: (() => void)[] = [];
    const held = new Promise<void>((resolve) => {
      registry.hook = (request, response, path) => {
        const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
        if (request.method !== 'GET' || blob === undefined) return false;
        waiting.push(() => response.writeHead(200, { 'content-length': blob.length }).end(blob));
        resolve();
        return true;
      };
    });
    const go = (): void => {
      registry.hook = undefined;
      for (const answer of waiting) answer();
    };
    await workerFor('one');
    registry.putImage([tarOf({ name: 'b', body: 'y' })], 'second');
    const ids: string[] = [];
    for (const reference of ['app', 'app:second']) ids.push((await client.pull({ reference, systems: ['one'] })).pulls[0]!.id);
    await held;
    // It has one slot.
    const busy = await lookUntil('one', ({ workers }) => workers[0]?.runningPullCount === 1);
    expect(busy).toMatchObject({ runningPullCount: 1, queuedPullCount: 1, workers: [{ slotCount: 1 }] });
    expect(await look('two')).toMatchObject({ runningPullCount: 0, queuedPullCount: 0 });
    go();
    for (const id of ids) expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
    const idle = await lookUntil('one', ({ workers, runningPullCount }) => workers[0]?.runningPullCount === 0 && runningPullCount === 0);
    expect(idle).toMatchObject({ queuedPullCount: 0 });
  });

  it('shows its workers, whether it can be reached, its room and its last image', async () => {
    const worker = await workerFor('one');
    const fresh = await lookUntil('one', ({ status }) => status?.isReachable === true);
    expect(fresh).toMatchObject({ workers: [{ slotCount: 1, runningPullCount: 0 }], status: { isReachable: true, problem: null, worker: fresh.workers[0]!.name }, lastPublishedAt: null });
    expect(fresh.status!.freeBytes).toBeGreaterThan(0);
    // Another system's worker says nothing of this one.
    expect(await look('two')).toMatchObject({ workers: [], status: null });

    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    await statesOf(client, pulls[0]!.id);
    expect(Date.parse((await look('one')).lastPublishedAt!)).toBeLessThanOrEqual(Date.now());

    // Away as a whole: what the worker still has to do there does not fill it meanwhile.
    renameSync(site.images, `${site.images}-away`);
    const away = await lookUntil('one', ({ status }) => status?.problem?.includes('does not exist') === true);
    expect(away.status).toMatchObject({ isReachable: false, problem: expect.stringContaining(`The image directory ${site.images} does not exist`), freeBytes: null });
    renameSync(`${site.images}-away`, site.images);
    await lookUntil('one', ({ status }) => status?.isReachable === true);

    // Killed, it can't say that it goes: what it has said runs out.
    await kill(worker);
    expect(await lookUntil('one', ({ workers, status }) => workers.length === 0 && status === null)).toMatchObject({ workers: [], status: null });
  });

  it('tells when an image was last published there: that stays when the image goes, and publishing it again counts', async () => {
    await workerFor('one');
    const before = Date.now();
    const pullOf = async (force: boolean): Promise<number> => {
      const { pulls } = await client.pull({ reference: 'app', systems: ['one'], force });
      expect((await statesOf(client, pulls[0]!.id)).at(-1)?.state).toBe('READY');
      return Date.parse((await look('one')).lastPublishedAt!);
    };
    const first = await pullOf(false);
    expect(first).toBeGreaterThanOrEqual(before);
    expect(await pullOf(false)).toBe(first);
    const again = await pullOf(true);
    expect(again).toBeGreaterThan(first);
    expect((await client.expireImage({ system: 'one', reference: 'app' })).imageRemoved).toBe(true);
    expect(Date.parse((await look('one')).lastPublishedAt!)).toBe(again);
  });

  it('forgets a worker that stops of its own will at once', async () => {
    await useSlowHeartbeat();
    const worker = await workerFor('one');
    await lookUntil('one', ({ workers }) => workers.length === 1);
    await kill(worker, 'SIGTERM');
    expect((await look('one')).workers).toEqual([]);
  });
});

/** So slow that nothing runs out by itself while the test runs. */
async function useSlowHeartbeat(): Promise<void> {
  await api.close();
  site.remove();
  site = makeSite(stack, registry.url, { WorkerHeartbeat: 3600 });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
}
