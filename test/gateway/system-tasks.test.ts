/** What API nodes have done on systems by workers in other processes: checks, and the removal of images. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createImageStore } from '../../src/models/image-store.js';
import { createTaskStore } from '../../src/models/task-store.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site, type SpawnOptions } from '../support/gateway.js';
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

beforeAll(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
});
afterAll(async () => {
  await registry.stop();
  await stack.stop();
  await sshd.stop();
});

beforeEach(async () => {
  registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
  site = makeSite(stack, registry.url, { SystemAnswerTimeout: 10, SystemProbeSize: '1 MiB', WorkerHeartbeat: 0.2 });
  far = join(site.directory, 'far');
  mkdirSync(far);
  await giveTo(sshd, far);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: object };
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: far };
  const remote = { accesstype: 'remote', host: [`127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' };
  const untrusted = { ...remote, ssh: { ...ssh, knownHosts: '/dev/null' } };
  writeFileSync(site.configFile, JSON.stringify({ ...file, Platforms: { ...file.Platforms, far: remote, untrusted } }));
  const { config } = loadConfig({ file: site.configFile, environment: site.environment });
  api = await startInProcess({ ...site, config }, { api: true, worker: false });
  client = clientOf(api);
  database = await openDatabase({ uri: site.environment['MONGODB_URI']!, serverSelectionMs: 5000 });
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await kill(worker);
  await api.close();
  await database.close();
  site.remove();
});

async function worker(options: SpawnOptions = {}): Promise<ChildProcess> {
  const child = await spawnWorker(site, options);
  workers.push(child);
  return child;
}

interface Check {
  readonly isUsable: boolean;
  readonly steps: readonly { readonly step: string; readonly problem: string | null }[];
  readonly freeBytes: number | null;
  readonly writeBytesPerSecond: number | null;
  readonly readBytesPerSecond: number | null;
}

async function check(system: string): Promise<{ readonly check: Check | null; readonly errors: readonly { readonly code: string; readonly message: string }[] }> {
  const query = 'mutation ($system: String!) { checkSystem(input: { system: $system }) { check { isUsable steps { step durationMs problem } freeBytes writeBytesPerSecond readBytesPerSecond worker checkedAt } errors { code message } } }';
  const response = await fetch(api.url!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables: { system } }) });
  const { data, errors } = (await response.json()) as { data: { checkSystem: Awaited<ReturnType<typeof check>> }; errors?: unknown };
  expect(errors).toBeUndefined();
  return data.checkSystem;
}

async function publish(system: string): Promise<{ readonly imageId: string; readonly path: string }> {
  const { pulls } = await client.pull({ reference: 'app', systems: [system] });
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
    await worker();
    const { check: found, errors } = await check(system);
    expect(errors).toEqual([]);
    expect(found!.steps.map(({ step }) => step)).toEqual(['CONNECT', 'LIST', 'ROOM', 'WRITE', 'READ', 'RENAME', 'SYNC', 'REMOVE']);
    expect(found!.steps.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(found!.isUsable).toBe(true);
    for (const figure of [found!.freeBytes, found!.writeBytesPerSecond, found!.readBytesPerSecond]) expect(figure).toBeGreaterThan(0);
    expect(filesOf(system === 'far' ? far : site.images)).toEqual([]);
    expect(await database.tasks.countDocuments({})).toBe(0);
  });

  it('says in words what is wrong', async () => {
    await worker();
    rmSync(site.images, { recursive: true });
    expect((await check('one')).check).toMatchObject({ isUsable: false, freeBytes: null, steps: [{ step: 'CONNECT', problem: expect.stringMatching(/image directory .* does not exist/) }] });
    expect((await check('untrusted')).check).toMatchObject({ isUsable: false, steps: [{ step: 'CONNECT', problem: expect.stringMatching(/SHA256:/) }] });
    chownSync(far, 0, 0);
    chmodSync(far, 0o755);
    const { check: found } = await check('far');
    expect(found).toMatchObject({ isUsable: false, writeBytesPerSecond: null });
    expect(found!.steps.at(-1)).toMatchObject({ step: 'WRITE', problem: expect.stringMatching(/ermission denied/) });
    expect(found!.freeBytes).toBeGreaterThan(0);
  });

  it('needs a worker that serves it', async () => {
    expect(await check('one')).toMatchObject({ check: null, errors: [{ code: 'NO_WORKER', message: expect.stringMatching(/^No worker serves one/) }] });
    await worker({ commandArguments: ['--systems', 'two'] });
    expect(await check('one')).toMatchObject({ check: null, errors: [{ code: 'NO_WORKER' }] });
    expect(await check('none')).toMatchObject({ errors: [{ code: 'UNKNOWN_SYSTEM' }] });
  });
});

describe('expiring an image', () => {
  it('is done by a worker; without one the name goes, and the files when one comes', async () => {
    const first = await worker();
    const { imageId } = await publish('one');
    await kill(first, 'SIGTERM');
    await expect(client.expireImage({ system: 'one', reference: 'app' })).rejects.toMatchObject({ code: 'NO_WORKER', retryable: true, message: expect.stringMatching(/The name is gone/) });
    expect(await client.lookup('one', 'app')).toBeNull();
    expect(filesOf(site.images)).toContain(`${imageId}.squashfs`);
    await worker();
    await gone('one', imageId);
    expect(filesOf(site.images)).toEqual([]);
    // The same image can be had again.
    await publish('one');
    expect(await client.expireImage({ system: 'one', reference: 'app' })).toMatchObject({ imageRemoved: true });
    expect(filesOf(site.images)).toEqual([]);
  });

  it.each(['.meta', '.json', '.squashfs'])('goes on where a worker was killed, at its %s file', async (suffix) => {
    const first = await worker({ nodeArguments: ['--import', DIE_AT], environment: { DIE_AT: `before unlink [0-9a-f]{64}\\${suffix}$` } });
    const { imageId } = await publish('one');
    const expired = client.expireImage({ system: 'one', reference: 'app' });
    while (first.exitCode === null && first.signalCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(first.signalCode).toBe('SIGKILL');
    expect(filesOf(site.images)).toContain(`${imageId}.squashfs`);
    expect(await images().getImage('one', imageId)).toMatchObject({ state: 'REMOVING' });
    await worker();
    expect(await expired).toMatchObject({ imageRemoved: true });
    expect(filesOf(site.images)).toEqual([]);
    expect(await images().getImage('one', imageId)).toBeUndefined();
  });

  it('says why the files could not be removed, and tries again', async () => {
    await worker();
    const { imageId } = await publish('far');
    await sshd.kill();
    await expect(client.expireImage({ system: 'far', reference: 'app' })).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(filesOf(far)).toContain(`${imageId}.squashfs`);
    await sshd.restart();
    await gone('far', imageId);
    expect(filesOf(far)).toEqual([]);
  });

  it('is ended by a worker when the API node died behind the name; what has a name stays', async () => {
    await worker();
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
