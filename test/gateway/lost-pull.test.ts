/** A worker that has lost its pull to another one, and is slow to stop. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import type { RunningGateway } from '../../src/gateway.js';
import { queueName } from '../../src/jobs/keys.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startIndexGate, type IndexGate } from '../support/index-gate.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let gates: readonly [IndexGate, IndexGate];
let redis: Redis;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
  site = makeSite(stack, registry.url, { WorkerThreads: 1 });
  const gate = (name: string): Promise<IndexGate> => startIndexGate(site.environment['MONGODB_URI'] ?? '', join(site.directory, name));
  gates = [await gate('first.sock'), await gate('second.sock')];
  api = await startInProcess(site, { api: true, worker: false });
  redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
  for (const gate of gates) await gate.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

const workerBehind = ({ uri }: IndexGate): Promise<RunningGateway> =>
  startInProcess({ ...site, environment: { ...site.environment, MONGODB_URI: uri } }, { api: false, worker: true });

it('does not give up the image that its successor is about to name', async () => {
  const imageId = registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest').slice(7);
  const client = clientOf(api);
  let isHolding = true;
  const asked = new Promise<void>((resolve) => {
    registry.hook = (_request, _response, path) => {
      const isLayer = isHolding && path.includes('/blobs/') && !path.endsWith(configDigest());
      if (isLayer) resolve();
      return isLayer;
    };
  });
  const first = await workerBehind(gates[0]);
  const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
  const { id } = pulls[0]!;
  await asked;
  const givesUp = gates[0].holdAt(({ update, updates }) => update === 'gw_images' && JSON.stringify(updates).includes('$pull'), 'before');
  expect(await redis.del(`gw:${queueName('one')}:${id}:lock`)).toBe(1);
  const letFirstGiveUp = await givesUp;

  isHolding = false;
  const names = gates[1].holdAt(({ insert }) => insert === 'gw_tags', 'before');
  const second = await workerBehind(gates[1]);
  const letSecondName = await names;
  letFirstGiveUp();
  await first.close();
  // Nobody may take it for one that nobody wants.
  expect(await api.services!.images.beginRemoval('one', imageId)).toBe(false);

  letSecondName();
  expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt: 2, image: { imageId } });
  await second.close();
  expect(await allLeftovers(site)).toEqual([]);
});

function configDigest(): string {
  return (JSON.parse(registry.manifests.get('latest')!.bytes.toString()) as { config: { digest: string } }).config.digest;
}
