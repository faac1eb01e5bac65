/**
 * Redis, the index and the whole gateway restarted in the middle of pulls.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PullState } from '../../src/client/index.js';
import type { SupervisedServer } from '../../src/embedded/supervised-server.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnGateway, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { waitingAt } from '../support/stuck-squash.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
const gateways: ChildProcess[] = [];

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url);
  registry.putImage([tarOf({ name: 'a', body: Buffer.alloc(200_000, 1) })], 'latest');
});

afterEach(async () => {
  registry.hook = undefined;
  for (const gateway of gateways.splice(0)) await kill(gateway);
  await registry.stop();
  await stack.stop();
  site.remove();
});

/** Requests for layers get half of them, until `go` is called. */
function holdLayers(): { readonly asked: Promise<void>; go(): void } {
  let go = (): void => {};
  const asked = new Promise<void>((resolve) => {
    registry.hook = (_request, response, path) => {
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
      if (blob === undefined || blob.length < 100_000) return false;
      response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 50_000));
      const earlier = go;
      go = () => {
        earlier();
        response.end(blob.subarray(50_000));
      };
      resolve();
      return true;
    };
  });
  return {
    asked,
    go: () => {
      registry.hook = undefined;
      go();
    },
  };
}

/** Kills a private server; resolves when another runs in its place and answers (`ready`). */
async function restart(server: SupervisedServer, url: string): Promise<void> {
  const before = server.pid();
  process.kill(before!, 'SIGKILL');
  const readyUrl = new URL('/readyz', url);
  // Not an event of ours: the gateway itself says when what it needs answers again.
  for (;;) {
    const isBack = server.pid() !== undefined && server.pid() !== before;
    if (isBack && (await fetch(readyUrl)).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function expectWell(states: readonly PullState[]): void {
  expect(states.at(-1)).toMatchObject({ state: 'READY', error: null });
  expect(existsSync(states.at(-1)!.image!.path)).toBe(true);
  const bytes = states.map(({ bytesDone }) => bytesDone);
  expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
}

describe('in the middle of a pull', () => {
  it.each<['redis' | 'index']>([['redis'], ['index']])('the %s can be killed and started again: the pull goes on', async (name) => {
    const gateway = await startInProcess(site, { api: true, worker: true });
    const client = clientOf(gateway);
    const layers = holdLayers();
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    const states = statesOf(client, pulls[0]!.id);
    await layers.asked;
    await restart(stack.servers[name]!, gateway.url!);
    layers.go();
    expectWell(await states);
    // New work comes through as before.
    const next = await client.pull({ reference: 'app', systems: ['two'] });
    expectWell(await statesOf(client, next.pulls[0]!.id));
    await expectAgreement(site, { one: site.images, two: join(site.directory, 'two') });
    await gateway.close();
    expect(await allLeftovers(site)).toEqual([]);
  });

  it.each<['redis' | 'index', string]>([['redis', 'pack'], ['index', 'pack'], ['redis', 'read'], ['index', 'read']])('the %s, while imagegw-squash works for it (%s)', async (name, command) => {
    const squash = await waitingAt(site, command);
    const gateway = await startInProcess(site, { api: true, worker: false });
    gateways.push(await spawnWorker(site, { environment: { IMAGEGW_SQUASH: squash.path } }));
    const client = clientOf(gateway);
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    const states = statesOf(client, pulls[0]!.id);
    await squash.begun;
    await restart(stack.servers[name]!, gateway.url!);
    squash.go();
    expectWell(await states);
    await kill(gateways.pop()!, 'SIGTERM');
    await gateway.close();
    expect(await allLeftovers(site)).toEqual([]);
  });

  it('Redis that has forgotten everything does not lose the pull', async () => {
    const gateway = await startInProcess(site, { api: true, worker: false });
    const client = clientOf(gateway);
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
    await redis.flushdb();
    redis.disconnect();
    const worker = await startInProcess(site, { api: false, worker: true });
    expectWell(await statesOf(client, pulls[0]!.id));
    await expectAgreement(site, { one: site.images });
    await worker.close();
    await gateway.close();
    expect(await allLeftovers(site)).toEqual([]);
  });
});

describe('`up` on its own state directory', () => {
  /** Private servers below the state directory, as a user has them. */
  async function up(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
    const { child, url } = await spawnGateway(site, 'up', { environment: { REDIS_URL: undefined, MONGODB_URI: undefined } });
    gateways.push(child);
    return { child, url: url! };
  }

  it('keeps what was pulled, and goes on with what was not, after a stop and a start', async () => {
    const first = await up();
    const client = clientOf(first);
    const done = await client.pull({ reference: 'app', systems: ['one'] });
    expectWell(await statesOf(client, done.pulls[0]!.id));
    const layers = holdLayers();
    registry.putImage([tarOf({ name: 'b', body: Buffer.alloc(200_000, 2) })], 'other');
    const begun = await client.pull({ reference: 'app:other', systems: ['one'] });
    await layers.asked;
    await kill(first.child, 'SIGTERM');
    layers.go();
    const second = await up();
    const again = clientOf(second);
    expect(existsSync((await again.lookup('one', 'app'))!.path)).toBe(true);
    expect(await again.findPull(done.pulls[0]!.id)).toMatchObject({ state: 'READY' });
    expectWell(await statesOf(again, begun.pulls[0]!.id));
  });

  it('says it once when its port is taken', async () => {
    const { url } = await up();
    const child = spawn(process.execPath, ['dist/imagegw/main.js', 'up', '--state', `${site.directory}/second`, '--port', new URL(url).port], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    gateways.push(child);
    const [said, exit] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(exit).toEqual([1, null]);
    const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(lines).toEqual([expect.stringMatching(/^imagegw: CONFLICT: .*Choose another port with --port\.$/)]);
  });

  it('goes on after SIGKILL, too, and a second one on the same directory says why it does not start', async () => {
    const first = await up();
    const second = spawn(process.execPath, ['dist/imagegw/main.js', 'up', '--config', site.configFile], {
      env: { ...site.environment, REDIS_URL: undefined, MONGODB_URI: undefined },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    gateways.push(second);
    const [said, exit] = await Promise.all([text(second.stderr), once(second, 'exit')]);
    expect(exit).toEqual([1, null]);
    expect(said).toBe(
      `imagegw: CONFLICT: A gateway already runs on the state directory ${site.directory} (process ${String(first.child.pid)}): stop it, or give this one another directory with --state.\n`,
    );
    const client = clientOf(first);
    const layers = holdLayers();
    const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
    await layers.asked;
    await until(client, pulls[0]!.id, ({ stage }) => stage === 'FETCH');
    await kill(first.child);
    layers.go();
    const third = await up();
    expectWell(await statesOf(clientOf(third), pulls[0]!.id));
    expect(site.leftovers()).toEqual([]);
  });
});
