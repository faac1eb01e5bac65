/**
 * An API process killed with SIGKILL in the middle of what callers ask of it: behind the first write of each mutation, behind the
 * second, and so on until they are answered. Another API node and a worker go on, the caller asks again, and all is as if
 * nothing had happened.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/lib/log.js';
import type { GatewayServices } from '../../src/resolvers/context.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { ask, clientOf, kill, makeSite, spawnGateway, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { writeLayout } from '../support/images.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';
import { startWriteGate, type WriteGate } from '../support/write-gate.js';

/** More than any mutation has writes. */
const MOST_ROUNDS = 25;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gate: WriteGate;
let api: RunningGateway;
let worker: RunningGateway;
/** The one that is killed. */
let node: ChildProcess | undefined;
/** Of the node that goes on. */
let client: GatewayClient;
let services: GatewayServices;

/** A mutation, on a system of its own. */
interface Case {
  readonly system: (round: number) => string;
  /** What is in its writes. */
  words(round: number): readonly string[];
  /** Whether its images are to be looked at afterwards. */
  readonly stays: boolean;
  prepare(system: string, round: number): Promise<unknown>;
  mutate(client: GatewayClient, system: string, round: number): Promise<unknown>;
  /** The caller asks the other node; resolves when all is over. */
  settle(system: string, round: number): Promise<unknown>;
}

const directoryOf = (system: string): string => join(site.directory, 'systems', system);
const layoutOf = (round: number): string => join(site.directory, 'inbox', String(round));
const putImage = (tag: string): string => registry.putImage([tarOf({ name: 'a', body: tag })], tag);

async function ready(system: string, tag: string): Promise<void> {
  const { pulls } = await client.pull({ reference: `app:${tag}`, systems: [system] });
  expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY' });
}

/** Every pull of that reference has come to a good end, also one whose caller never heard of it. */
async function allReady(system: string, reference: string): Promise<void> {
  for (const { _id, reference: own } of await services.pulls.list({ system, limit: 100, order: 'oldest' })) {
    if (own === reference) expect((await statesOf(client, _id)).at(-1)).toMatchObject({ state: 'READY' });
  }
}

async function unless(code: string, call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => expect(error).toMatchObject({ code }));
}

/** Looks again and again. */
async function comesTrue(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function declare(by: GatewayClient, name: string): Promise<void> {
  mkdirSync(directoryOf(name), { recursive: true });
  await by.addSystem({ name, definition: { accesstype: 'LOCAL', local: { imageDir: directoryOf(name) }, platform: 'linux/amd64' } });
}

/** Pulls that wait for a worker, and are cancelled meanwhile. */
const cancelled = new Map<number, string>();
const nothing = (): Promise<void> => Promise.resolve();

const cases: Readonly<Record<string, Case>> = {
  pullImage: {
    system: () => 'zpull',
    words: () => ['zpull'],
    stays: true,
    prepare: (_system, round) => Promise.resolve(putImage(`pull${String(round)}`)),
    mutate: (by, system, round) => by.pull({ reference: `app:pull${String(round)}`, systems: [system] }),
    async settle(system, round) {
      await ready(system, `pull${String(round)}`);
      await allReady(system, `test/app:pull${String(round)}`);
    },
  },
  importImage: {
    system: () => 'zimport',
    words: () => ['zimport'],
    stays: true,
    prepare(_system, round) {
      mkdirSync(layoutOf(round), { recursive: true });
      writeLayout(layoutOf(round), [tarOf({ name: 'a', body: `import${String(round)}` })]);
      return Promise.resolve();
    },
    mutate: (by, system, round) => by.importImage({ system, path: layoutOf(round), name: `n${String(round)}`, access: { users: ['daemon'] } }),
    async settle(system, round) {
      const { id } = await client.importImage({ system, path: layoutOf(round), name: `n${String(round)}`, access: { users: ['daemon'] } });
      expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
      await allReady(system, `custom:n${String(round)}`);
    },
  },
  cancelPull: {
    // It has no worker until the end.
    system: () => 'zcancel',
    words: (round) => ['zcancel', cancelled.get(round)!],
    stays: false,
    async prepare(system, round) {
      putImage(`cancel${String(round)}`);
      const { pulls } = await client.pull({ reference: `app:cancel${String(round)}`, systems: [system] });
      cancelled.set(round, pulls[0]!.id);
    },
    mutate: (by, _system, round) => by.cancelPull(cancelled.get(round)!),
    async settle(_system, round) {
      // No API process works on pulls: it would have been taken at once.
      expect(await services.pulls.get(cancelled.get(round)!)).toMatchObject({ attempt: 0, cancelRequested: true, requesters: [] });
    },
  },
  expireImage: {
    system: () => 'zexpire',
    words: () => ['zexpire'],
    stays: true,
    async prepare(system, round) {
      putImage(`expire${String(round)}`);
      await ready(system, `expire${String(round)}`);
    },
    mutate: (by, system, round) => by.expireImage({ system, reference: `app:expire${String(round)}` }),
    async settle(system, round) {
      await unless('NOT_FOUND', client.expireImage({ system, reference: `app:expire${String(round)}` }));
      await comesTrue(async () => (await services.images.imagesOn(system, '', 1)).length === 0);
    },
  },
  verifySystem: {
    system: () => 'zverify',
    words: () => ['zverify'],
    stays: true,
    async prepare(system) {
      putImage('verify');
      await ready(system, 'verify');
    },
    mutate: (by, system) => by.verifySystem({ system }),
    async settle(system) {
      let report = await client.verifySystem({ system });
      await comesTrue(async () => {
        report = (await client.findVerification(system))!;
        return report.state === 'DONE';
      });
      expect(report).toMatchObject({ imageCount: 1, findings: [] });
    },
  },
  checkSystem: {
    system: () => 'zcheck',
    words: () => ['zcheck'],
    stays: true,
    prepare: nothing,
    mutate: (by, system) => by.checkSystem(system),
    settle: async (system) => expect(await client.checkSystem(system)).toMatchObject({ isUsable: true }),
  },
  addSystem: {
    system: (round) => `zadd${String(round)}x`,
    words: (round) => [`zadd${String(round)}x`],
    stays: true,
    prepare: nothing,
    mutate: declare,
    async settle(system) {
      await unless('CONFLICT', declare(client, system));
      await comesTrue(async () => (await client.findSystem(system)) !== null);
    },
  },
  updateSystem: {
    system: () => 'zupdate',
    words: () => ['zupdate'],
    stays: true,
    prepare: nothing,
    mutate: (by, name, round) => by.updateSystem({ name, definition: { admins: [`ada${String(round)}`] } }),
    async settle(name, round) {
      await client.updateSystem({ name, definition: { admins: [`ada${String(round)}`] } });
      await comesTrue(() => Promise.resolve(services.systems.find(name)?.admins[0] === `ada${String(round)}`));
    },
  },
  removeSystem: {
    system: (round) => `zremove${String(round)}x`,
    words: (round) => [`zremove${String(round)}x`],
    stays: false,
    async prepare(system) {
      putImage('remove');
      await ready(system, 'remove');
    },
    mutate: (by, name) => by.removeSystem({ name, force: true }),
    async settle(name) {
      await unless('UNKNOWN_SYSTEM', client.removeSystem({ name, force: true }));
      expect(await client.findSystem(name)).toBeNull();
      expect([...(await services.images.imagesOn(name, '', 1)), ...(await services.pulls.list({ system: name, limit: 1, order: 'newest' }))]).toEqual([]);
    },
  },
};

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
  const base = makeSite(stack, registry.url);
  const local = (name: string): object => ({ accesstype: 'local', local: { imageDir: join(base.directory, 'systems', name) }, platform: 'linux/amd64' });
  const fixed = ['zpull', 'zimport', 'zcancel', 'zexpire', 'zverify', 'zcheck'];
  for (const name of fixed) mkdirSync(join(base.directory, 'systems', name), { recursive: true });
  mkdirSync(join(base.directory, 'inbox'));
  site = base.withKeys({ Platforms: Object.fromEntries(fixed.map((name) => [name, local(name)])), ImportUsers: 'all', ImportPaths: ['inbox'], WorkerThreads: 4, SystemsRereadInterval: 0.2, ReconcileInterval: 3600, WorkerHeartbeat: 0.5 });
  gate = await startWriteGate(site.environment, site.directory);
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  services = api.services!;
  const declared = ['zupdate', ...Array.from({ length: MOST_ROUNDS }, (_, at) => `zremove${String(at + 1)}x`)];
  for (const name of declared) await declare(client, name);
  worker = await workerFor([...fixed.filter((name) => name !== 'zcancel'), ...declared]);
});
afterAll(async () => {
  if (node !== undefined) await kill(node);
  await worker.close();
  await api.close();
  await gate.close();
  site.remove();
  await registry.stop();
  await stack.stop();
});

function workerFor(workerSystems: readonly string[]): Promise<RunningGateway> {
  return startGateway({
    config: site.config,
    redisUrl: site.environment['REDIS_URL'] ?? '',
    mongoUri: site.environment['MONGODB_URI'] ?? '',
    roles: { api: false, worker: true },
    workerSystems,
    version: 'test',
    log: createLogger('fatal'),
  });
}

it('leaves nothing that the next node does not bring to its end, whichever write was its last', async () => {
  const writes = new Map<string, number>();
  // A mutation that was answered has no further write to die behind.
  let left = Object.entries(cases);
  for (let round = 1; left.length > 0; round++) {
    expect(round).toBeLessThan(MOST_ROUNDS);
    const each = (work: (entry: Case, system: string) => Promise<unknown>): Promise<unknown> => Promise.all(left.map(([, entry]) => work(entry, entry.system(round))));
    await each((entry, system) => entry.prepare(system, round));
    const { child, url } = await spawnGateway(site, 'api', { environment: gate.environment });
    node = child;
    expect((await ask<{ system: object }>(url, '{ system(name: "zcancel") { workers { name } } }')).system).toEqual({ workers: [] });
    const doomed = clientOf({ url });
    const answered = new Set<string>();
    await Promise.all(
      left.map(async ([name, entry]) => {
        const watch = gate.watch(entry.words(round), round);
        const answer = entry.mutate(doomed, entry.system(round), round).then(
          () => true,
          (error: unknown) => {
            if (!watch.isStopped) throw error;
            return false;
          },
        );
        if (await Promise.race([answer, watch.stopped.then(() => false)])) answered.add(name);
        writes.set(name, watch.passed);
      }),
    );
    await kill(child);
    gate.forget();
    await each((entry, system) => entry.settle(system, round));
    await each(async ({ stays }, system) => (stays ? expectAgreement(site, { [system]: directoryOf(system) }) : undefined));
    left = left.filter(([name]) => !answered.has(name));
  }
  // Each was stopped between a record and the word of it, at least.
  expect([...writes].filter(([, count]) => count < 2)).toEqual([]);

  const last = await workerFor(['zcancel']);
  for (const id of cancelled.values()) expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'CANCELLED', attempt: 0 });
  await last.close();
  await worker.close();
  expect(await allLeftovers(site)).toEqual([]);
}, 300_000);
