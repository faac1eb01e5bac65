/**
 * The split form over networks that are really apart: the API, Redis, the index and the registry here; two systems in network
 * namespaces of their own, each with a worker beside it, and disks that nobody else has mounted. `near` is written
 * locally, `far` over SSH to a server on the loopback of its namespace.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { GatewayClient, PullState } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { sha256 } from '../../src/lib/digest.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { filesBelow } from '../delivery/fixtures/workspace.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { ask, clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { makeNetwork, networkProblem, startRelay, type Namespace, type Network } from '../support/namespaces.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const problem = await networkProblem();
if (problem !== undefined) process.stderr.write(`SKIPPED: network namespaces can't be made here: ${problem}\n`);

(problem === undefined ? describe : describe.skip)('workers beside systems that the API has no way to', () => {
  let stack: TestStack;
  let network: Network;
  let near: Namespace;
  let far: Namespace;
  let registry: FakeRegistry;
  let sshd: Sshd;
  let site: Site;
  let api: RunningGateway;
  let client: GatewayClient;
  /** What workers are told: the addresses of Redis and index as seen from the namespaces. */
  let environment: NodeJS.ProcessEnv;
  /** Of both systems: where disks are mounted in the namespaces, and nothing is here. */
  let disk: string;
  const relays: Awaited<ReturnType<typeof startRelay>>[] = [];
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    [stack, network] = await Promise.all([startTestStack(), makeNetwork(2)]);
    [near, far] = network.namespaces as [Namespace, Namespace];
    registry = await startFakeRegistry(undefined, network.address);
    site = makeSite(stack, registry.url, { WorkerHeartbeat: 0.2, SystemCheckInterval: 0.2, SystemProbeSize: '1 MiB' });
    disk = join(site.directory, 'disk');
    mkdirSync(disk);
    // The user that sshd lets in passes through it.
    chmodSync(site.directory, 0o755);
    sshd = await startSshd({ wrap: far.withDisk(disk, 'uid=65534,mode=0700,size=256m') });

    const { path = '', db = 0 } = redisOptions(site.environment['REDIS_URL'] ?? '');
    const index = new URL(site.environment['MONGODB_URI'] ?? '');
    relays.push(await startRelay(network.address, path), await startRelay(network.address, decodeURIComponent(index.hostname)));
    const [redisPort, indexPort] = relays.map(({ port }) => String(port));
    environment = {
      REDIS_URL: `redis://${network.address}:${redisPort!}/${String(db)}`,
      MONGODB_URI: `mongodb://${network.address}:${indexPort!}${index.pathname}`,
    };
    const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: disk };
    site = site.withKeys({
      Platforms: {
        near: { accesstype: 'local', local: { imageDir: disk }, platform: 'linux/amd64' },
        far: { accesstype: 'remote', host: [`127.0.0.1:${String(sshd.port)}`], ssh, platform: 'linux/amd64' },
      },
    });
    api = await startInProcess(site, { api: true, worker: false });
    client = clientOf(api);
  });
  afterEach(async () => {
    registry.hook = undefined;
    for (const worker of workers.splice(0)) await kill(worker);
  });
  afterAll(async () => {
    await api.close();
    await sshd.stop();
    for (const relay of relays) await relay.close();
    await registry.stop();
    await network.remove();
    await stack.stop();
    site.remove();
  });

  async function workerFor(system: 'near' | 'far'): Promise<ChildProcess> {
    const wrap = system === 'near' ? near.withDisk(disk, 'size=256m') : far.wrap;
    const worker = await spawnWorker(site, { wrap, environment, commandArguments: ['--systems', system] });
    workers.push(worker);
    return worker;
  }

  /** The directory as the process has it mounted. */
  const seenBy = (pid: number | undefined): string => `/proc/${String(pid)}/root${disk}`;
  const filesOf = (imageId: string): string[] => ['.imagegw', `.imagegw/${imageId}.json`, `${imageId}.meta`, `${imageId}.squashfs`].sort();
  const putImage = (tag: string, mib: number): string => registry.putImage([tarOf({ name: 'data', body: randomBytes(mib << 20) })], tag).slice(7);
  const end = async (id: string): Promise<PullState> => (await statesOf(client, id)).at(-1)!;

  interface Seen {
    readonly workers: readonly unknown[];
    readonly status: { readonly isReachable: boolean; readonly freeBytes: number | null } | null;
  }
  async function look(name: string, test: (system: Seen) => boolean): Promise<Seen> {
    for (;;) {
      const { system } = await ask<{ system: Seen }>(api.url, 'query ($name: String!) { system(name: $name) { workers { name } status { isReachable freeBytes } } }', { name });
      if (test(system)) return system;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('publish one pull on both, each on its own disk, and do there what the API asks for', async () => {
    const imageId = putImage('both', 4);
    const { pulls } = await client.pull({ reference: 'app:both', systems: ['near', 'far'] });
    for (const [at, name] of ['near', 'far'].entries()) {
      expect(await until(client, pulls[at]!.id, () => true)).toMatchObject({ state: 'QUEUED', message: `waiting for a worker of ${name}` });
    }
    const nearWorker = await workerFor('near');
    expect(await end(pulls[0]!.id)).toMatchObject({ state: 'READY', error: null });
    // Nobody serves the other one yet.
    expect(await client.findPull(pulls[1]!.id)).toMatchObject({ state: 'QUEUED' });
    const farWorker = await workerFor('far');
    const last = await end(pulls[1]!.id);
    expect(last).toMatchObject({ state: 'READY', error: null });

    for (const pid of [nearWorker.pid, sshd.pid()]) {
      expect(await filesBelow(seenBy(pid))).toEqual(filesOf(imageId));
      expect(sha256(readFileSync(join(seenBy(pid), `${imageId}.squashfs`)))).toBe(last.image!.sha256);
    }
    await expectAgreement(site, { near: seenBy(nearWorker.pid), far: seenBy(sshd.pid()) });
    // Neither this machine nor the worker that writes over SSH has the disks, and SSH answers in its own network alone.
    expect([readdirSync(disk), readdirSync(seenBy(farWorker.pid))]).toEqual([[], []]);
    const [error] = (await once(connect(sshd.port, '127.0.0.1'), 'error').catch((refused: unknown) => [refused])) as [unknown];
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });

    for (const name of ['near', 'far']) {
      expect((await look(name, ({ status }) => status?.isReachable === true)).status).toMatchObject({ isReachable: true });
      const { checkSystem } = await ask<{ checkSystem: unknown }>(api.url, 'mutation ($system: String!) { checkSystem(input: { system: $system }) { check { isUsable } errors { message } } }', { system: name });
      expect(checkSystem).toEqual({ check: { isUsable: true }, errors: [] });
      expect(await client.expireImage({ system: name, reference: 'app:both' })).toMatchObject({ imageRemoved: true });
    }
    for (const pid of [nearWorker.pid, sshd.pid()]) expect(await filesBelow(seenBy(pid))).toEqual(['.imagegw']);
  }, 120_000);

  it('go on when the cable of one was out while it worked, and the other one has felt nothing', async () => {
    const imageId = putImage('cable', 1);
    await Promise.all([workerFor('near'), workerFor('far')]);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let asked = (): void => {};
    const farAsks = new Promise<void>((resolve) => (asked = resolve));
    const farAddress = network.namespaces[1]!.address;
    registry.hook = (request, response, path) => {
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
      if (request.socket.remoteAddress !== farAddress || request.method !== 'GET' || blob === undefined || blob.length < 1 << 20) return false;
      asked();
      void released.then(() => response.writeHead(200, { 'content-length': blob.length }).end(blob));
      return true;
    };
    // Before the other one, which has the same cache: it would find there what that has fetched, and ask for nothing.
    const [cut] = (await client.pull({ reference: 'app:cable', systems: ['far'] })).pulls;
    await farAsks;
    await far.plug(false);
    await look('far', (system) => system.workers.length === 0 && system.status === null);
    const [well] = (await client.pull({ reference: 'app:cable', systems: ['near'] })).pulls;
    expect(await end(well!.id)).toMatchObject({ state: 'READY' });
    expect(await client.findPull(cut!.id)).not.toMatchObject({ state: 'READY' });
    release();
    await far.plug(true);
    expect(await end(cut!.id)).toMatchObject({ state: 'READY', error: null, image: { imageId } });
    expect(await filesBelow(seenBy(sshd.pid()))).toEqual(filesOf(imageId));
    await look('far', ({ workers, status }) => workers.length === 1 && status?.isReachable === true);
    await expectAgreement(site, { far: seenBy(sshd.pid()) });
  }, 120_000);

  it('leave whole files only when one is killed, and the next one beside the system takes over', async () => {
    const imageId = putImage('killed', 48);
    const first = await workerFor('far');
    const { pulls } = await client.pull({ reference: 'app:killed', systems: ['far'] });
    await until(client, pulls[0]!.id, ({ bytesDelivered }) => bytesDelivered !== null && bytesDelivered > 0);
    await kill(first);
    expect(readdirSync(seenBy(sshd.pid())).filter((name) => name.includes(imageId) && !name.startsWith('.'))).toEqual([]);
    await workerFor('far');
    expect(await end(pulls[0]!.id)).toMatchObject({ state: 'READY', attempt: 2, image: { imageId } });
    expect((await filesBelow(seenBy(sshd.pid()))).filter((name) => name.includes(imageId))).toEqual(filesOf(imageId).slice(1));
    expect(await client.findPull(pulls[0]!.id)).toMatchObject({ state: 'READY' });
    await expectAgreement(site, { far: seenBy(sshd.pid()) });
  }, 120_000);
});
