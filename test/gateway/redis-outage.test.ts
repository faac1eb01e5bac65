/**
 * A Redis of the site that is away for longer than a worker can keep its locks, which nobody starts again but the site.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { startOwnRedis, type OwnRedis } from '../support/own-redis.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let redis: OwnRedis;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let worker: ChildProcess;

beforeEach(async () => {
  stack = await startTestStack();
  redis = await startOwnRedis();
  registry = await startFakeRegistry();
  const made = makeSite(stack, registry.url);
  site = { ...made, environment: { ...made.environment, REDIS_URL: redis.address } };
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  worker = await spawnWorker(site);
  registry.putImage([tarOf({ name: 'a', body: Buffer.alloc(200_000, 1) })], 'latest');
});

afterEach(async () => {
  registry.hook = undefined;
  await kill(worker);
  await api.close();
  await registry.stop();
  await redis.remove();
  await stack.stop();
  site.remove();
});

/** A pull that has got half of its layer; `givenUp` when it closes that connection. */
async function fetching(): Promise<{ readonly id: string; readonly givenUp: Promise<unknown> }> {
  const asked = new Promise<Socket>((resolve) => {
    registry.hook = (request, response, path) => {
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
      if (blob === undefined || blob.length < 100_000) return false;
      response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 50_000));
      resolve(request.socket);
      return true;
    };
  });
  const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
  const socket = await asked;
  return { id: pulls[0]!.id, givenUp: once(socket, 'close') };
}

describe.each(['freeze', 'kill'] as const)('Redis that is away (%s)', (how) => {
  it('for longer than a lock lasts: the pull is given up, and goes on when Redis is back', async () => {
    const { id, givenUp } = await fetching();
    const states = statesOf(client, id);
    await redis[how]();
    await givenUp;
    registry.hook = undefined;
    if (how === 'freeze') redis.thaw();
    else await redis.start();
    expect((await states).at(-1)).toMatchObject({ state: 'READY', attempt: 2 });
    await kill(worker, 'SIGTERM');
    expect(await allLeftovers(site)).toEqual([]);
  });

  it('does not keep a worker that is told to stop', async () => {
    const { givenUp } = await fetching();
    await redis[how]();
    worker.kill('SIGTERM');
    await givenUp;
    if (worker.exitCode === null) await once(worker, 'exit');
    expect([worker.exitCode, worker.signalCode]).toEqual([0, null]);
    if (how === 'freeze') redis.thaw();
    expect(site.leftovers()).toEqual([]);
  });
});
