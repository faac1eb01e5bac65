/** What API nodes have done on systems by workers in other processes: checks, and the removal of images. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createImageStore } from '../../src/models/image-store.js';
import { createTaskStore } from '../../src/models/task-store.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnGateway, spawnWorker, startInProcess, statesOf, type Site, type SpawnOptions } from '../support/gateway.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const DIE_AT = new URL('../support/die-at.mjs', import.meta.url).pathname;

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let database: Database;
let far: string;
const workers: ChildProcess[] = [];

/** Of the test that runs: an image of its own. */
let reference: string;
let ours: RunningGateway | undefined;

// One gateway for all.
beforeAll(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
  site = makeSite(stack, registry.url, { SystemAnswerTimeout: 10, SystemProbeSize: '1 MiB', WorkerHeartbeat: 0.5 });
  far = join(site.directory, 'far');
  mkdirSync(far);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: object };
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: far };
  const remote = { accesstype: 'remote', host: [`127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' };
  site = site.withKeys({ Platforms: { ...file.Platforms, far: remote, untrusted: { ...remote, ssh: { ...ssh, knownHosts: '/dev/null' } } } });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  database = await openDatabase({ uri: site.environment['MONGODB_URI']!, serverSelectionMs: 5000 });
});
afterAll(async () => {
  await api.close();
  await database.close();
  site.remove();
  await registry.stop();
  await stack.stop();
  await sshd.stop();
});

beforeEach(async () => {
  const tag = `t${randomBytes(8).toString('hex')}`;
  registry.putImage([tarOf({ name: 'a', body: tag })], tag);
  reference = `app:${tag}`;
  await giveTo(sshd, far);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await kill(worker);
  await ours?.close();
  ours = undefined;
  for (const directory of [site.images, far, join(site.directory, 'two')]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
});

/** A worker that is not going to be killed: in this process. */
async function work(): Promise<void> {
  ours = await startInProcess(site, { api: false, worker: true });
}

async function worker(options: SpawnOptions = {}): Promise<ChildProcess> {
  const child = await spawnWorker(site, options);
  workers.push(child);
  return child;
}

type Check = Awaited<ReturnType<GatewayClient['checkSystem']>>;

async function check(system: string): Promise<Check> {
  return client.checkSystem(system);
}

async function publish(system: string): Promise<{ readonly imageId: string; readonly path: string }> {
  const { pulls } = await client.pull({ reference, systems: [system] });
  const { image, error } = (await statesOf(client, pulls[0]!.id)).at(-1)!;
  expect(error).toBeNull();
  return image!;
}

const filesOf = (directory: string): string[] => (readdirSync(directory, { recursive: true }) as string[]).filter((name) => name !== '.imagegw');
const images = () => createImageStore(database);
async function gone(system: string, imageId: string): Promise<void> {
  while ((await images().getImage(system, imageId)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('checking a system', () => {
  it.each(['one', 'far'])('tries on %s all that publishing needs, and leaves nothing', async (system) => {
    await work();
    const found = await check(system);
    expect(found.steps.map(({ step }) => step)).toEqual(['CONNECT', 'LIST', 'ROOM', 'WRITE', 'READ', 'RENAME', 'SIDECAR', 'SYNC', 'REMOVE']);
    expect(found.steps.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(found.isUsable).toBe(true);
    for (const figure of [found.freeBytes, found.writeBytesPerSecond, found.readBytesPerSecond]) expect(figure).toBeGreaterThan(0);
    expect(filesOf(system === 'far' ? far : site.images)).toEqual([]);
    expect(await database.tasks.countDocuments({})).toBe(0);
  });

  it('says in words what is wrong', async () => {
    await work();
    rmSync(site.images, { recursive: true });
    expect(await check('one')).toMatchObject({ isUsable: false, freeBytes: null, steps: [{ step: 'CONNECT', problem: expect.stringMatching(/image directory .* does not exist/) }] });
    expect(await check('untrusted')).toMatchObject({ isUsable: false, steps: [{ step: 'CONNECT', problem: expect.stringMatching(/SHA256:/) }] });
    chownSync(far, 0, 0);
    chmodSync(far, 0o755);
    const found = await check('far');
    expect(found).toMatchObject({ isUsable: false, writeBytesPerSecond: null });
    expect(found.steps.at(-1)).toMatchObject({ step: 'WRITE', problem: expect.stringMatching(/ermission denied/) });
    expect(found.freeBytes).toBeGreaterThan(0);
  });

  it.each([
    ['one', 'is a file', () => writeFileSync(join(site.images, '.imagegw'), ''), /not a directory but a link or a file/],
    ['far', 'belongs to somebody else', () => mkdirSync(join(far, '.imagegw'), { mode: 0o700 }), /ermission denied/],
  ] as const)('says of %s that the folder of its sidecars %s, where nothing can be published then', async (system, _what, plant, problem) => {
    await work();
    plant();
    const found = await check(system);
    expect(found.isUsable).toBe(false);
    expect(found.steps.filter((step) => step.problem !== null)).toMatchObject([{ step: 'SIDECAR', problem: expect.stringMatching(problem) }]);
    expect(filesOf(system === 'far' ? far : site.images)).toEqual([]);
    const { pulls } = await client.pull({ reference, systems: [system] });
    expect((await statesOf(client, pulls[0]!.id)).at(-1)!.error).toMatchObject({ code: 'DELIVERY_FAILED' });
  });

  it('needs a worker that serves it', async () => {
    await expect(check('one')).rejects.toMatchObject({ code: 'NO_WORKER', retryable: true, message: expect.stringMatching(/^No worker serves one/) });
    await worker({ commandArguments: ['--systems', 'two'] });
    await expect(check('one')).rejects.toMatchObject({ code: 'NO_WORKER' });
    await expect(check('none')).rejects.toMatchObject({ code: 'UNKNOWN_SYSTEM' });
  });

  it('goes on when the API node that asked for it is killed: it leaves nothing, and the next one has it done anew', async () => {
    await work();
    // So that it has logged in, and can be held.
    expect(await check('far')).toMatchObject({ isUsable: true });
    const { child, url } = await spawnGateway(site, 'api');
    workers.push(child);
    sshd.signal('SIGSTOP');
    const asked = clientOf({ url }).checkSystem('far');
    asked.catch(() => {});
    let task = await database.tasks.findOne({ kind: 'CHECK' }).lean().exec();
    while (task?.claim == null) task = await database.tasks.findOne({ kind: 'CHECK' }).lean().exec();
    await kill(child);
    await expect(asked).rejects.toMatchObject({ code: 'UNREACHABLE' });
    sshd.signal('SIGCONT');
    const next = await spawnGateway(site, 'api');
    workers.push(next.child);
    expect(await clientOf({ url: next.url }).checkSystem('far')).toMatchObject({ isUsable: true });
    expect(filesOf(far)).toEqual([]);
    // Nobody has fetched the first answer: it goes when its time is up.
    expect(await database.tasks.findById(task._id).lean().exec()).toMatchObject({ claim: null, problem: null, answer: { freeBytes: expect.any(Number) } });
    await database.tasks.updateOne({ _id: task._id }, { $set: { dueAt: new Date(), expiresAt: new Date() } }).exec();
    while ((await database.tasks.countDocuments({})) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe('expiring an image', () => {
  it('is done by a worker; without one the name goes, and the files when one comes', async () => {
    const first = await worker();
    const { imageId } = await publish('one');
    await kill(first, 'SIGTERM');
    await expect(client.expireImage({ system: 'one', reference })).rejects.toMatchObject({ code: 'NO_WORKER', retryable: true, message: expect.stringMatching(/The name is gone/) });
    expect(await client.lookup('one', reference)).toBeNull();
    expect(filesOf(site.images)).toContain(`${imageId}.squashfs`);
    await work();
    await gone('one', imageId);
    expect(filesOf(site.images)).toEqual([]);
    // The same image can be had again.
    await publish('one');
    expect(await client.expireImage({ system: 'one', reference })).toMatchObject({ imageRemoved: true });
    expect(filesOf(site.images)).toEqual([]);
  });

  it.each(['.meta', '.json', '.squashfs'])('goes on where a worker was killed, at its %s file', async (suffix) => {
    const first = await worker({ nodeArguments: ['--import', DIE_AT], environment: { DIE_AT: `before unlink [0-9a-f]{64}\\${suffix}$` } });
    const { imageId } = await publish('one');
    const expired = client.expireImage({ system: 'one', reference });
    while (first.exitCode === null && first.signalCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(first.signalCode).toBe('SIGKILL');
    expect(filesOf(site.images)).toContain(`${imageId}.squashfs`);
    expect(await images().getImage('one', imageId)).toMatchObject({ state: 'REMOVING' });
    await work();
    expect(await expired).toMatchObject({ imageRemoved: true });
    expect(filesOf(site.images)).toEqual([]);
    expect(await images().getImage('one', imageId)).toBeUndefined();
  });

  it('says why the files could not be removed, and tries again', async () => {
    await work();
    const { imageId } = await publish('far');
    await sshd.kill();
    await expect(client.expireImage({ system: 'far', reference })).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(filesOf(far)).toContain(`${imageId}.squashfs`);
    await sshd.restart();
    await gone('far', imageId);
    expect(filesOf(far)).toEqual([]);
  });

  it('is ended by a worker when the API node died behind the name; what has a name stays', async () => {
    await work();
    const { imageId } = await publish('one');
    const { imageId: named } = await publish('two');
    const tasks = createTaskStore(database);
    for (const [system, id] of [['one', imageId], ['two', named]] as const) {
      await tasks.put({ _id: `remove/${system}/${id}`, system, kind: 'REMOVE', imageId: id, dueAt: new Date(Date.now() + 500), expiresAt: null });
    }
    await images().removeTag((await images().tagsOf('one', imageId))[0]!._id);
    await gone('one', imageId);
    while ((await database.tasks.countDocuments({})) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(filesOf(site.images)).toEqual([]);
    expect(await images().getImage('two', named)).toMatchObject({ state: 'READY' });
    expect(readdirSync(join(site.directory, 'two'))).toContain(`${named}.squashfs`);
  });
});
