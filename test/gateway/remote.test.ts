/** Whole pulls through gateways that write over SSH. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { sha256 } from '../../src/lib/digest.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { filesBelow } from '../delivery/fixtures/workspace.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site, type SpawnOptions } from '../support/gateway.js';
import { freePort, startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const DIE_AT_SFTP = new URL('../support/die-at-sftp.mjs', import.meta.url).pathname;

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;

let images: string;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
const workers: ChildProcess[] = [];
let ours: RunningGateway | undefined;

// One gateway for all, but other images for each test.
beforeAll(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
  const root = mkdtempSync(join(tmpdir(), 'imagegw-far-'));
  images = join(root, 'images');
  for (const name of ['images', 'near', 'next']) mkdirSync(join(root, name));
  await giveTo(sshd, images);
  const dead = await freePort();
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: images, reconnects: 2, reconnectDelay: 0.05 };
  site = makeSite(stack, registry.url, {
    Platforms: {
      far: { accesstype: 'remote', host: [`127.0.0.1:${dead}`, `127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' },
      near: { accesstype: 'local', local: { imageDir: join(root, 'near') }, platform: 'linux/amd64' },
      next: { accesstype: 'local', local: { imageDir: join(root, 'next') }, platform: 'linux/amd64' },
      gone: { accesstype: 'remote', host: [`127.0.0.1:${dead}`], ssh, platform: 'linux/amd64' },
    },
    WorkerThreads: 3,
  });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});
afterAll(async () => {
  await api.close();
  site.remove();
  rmSync(join(images, '..'), { recursive: true });
  await registry.stop();
  await stack.stop();
  await sshd.stop();
});

afterEach(async () => {
  registry.hook = undefined;
  for (const worker of workers.splice(0)) await kill(worker);
  await ours?.close();
  ours = undefined;
  rmSync(join(images, '.imagegw'), { recursive: true, force: true });
  for (const name of readdirSync(images)) rmSync(join(images, name));
});

/** A worker that is not going to be killed: in this process. */
async function work(): Promise<void> {
  ours = await startInProcess(site, { api: false, worker: true });
}

async function workerToKill(options: SpawnOptions = {}): Promise<ChildProcess> {
  const child = await spawnWorker(site, options);
  workers.push(child);
  return child;
}

/** An image whose product is as large as its layer, because it can't be compressed. */
function putImage(tag: string, mib: number): string {
  return registry.putImage([tarOf({ name: 'data', body: randomBytes(mib * 2 ** 20) })], tag);
}

const filesOf = (imageId: string): string[] => ['.imagegw', `.imagegw/${imageId}.json`, `${imageId}.meta`, `${imageId}.squashfs`].sort();

describe('a system over SSH', () => {
  it('gets an image, with the bytes delivered in the progress, and loses it again', async () => {
    const imageId = putImage('first', 8).slice(7);
    await work();
    const { pulls } = await client.pull({ reference: 'app:first', systems: ['far'] });
    const states = await statesOf(client, pulls[0]!.id);
    expect(states.at(-1)).toMatchObject({ state: 'READY', error: null, image: { imageId, path: `127.0.0.1:${images}/${imageId}.squashfs` } });
    expect(await filesBelow(images)).toEqual(filesOf(imageId));
    expect(statSync(join(images, `${imageId}.squashfs`)).size).toBe(states.at(-1)!.bytesDelivered);
    // The second time it is found there.
    const again = await client.pull({ reference: 'app:first', systems: ['far'] });
    expect((await statesOf(client, again.pulls[0]!.id)).at(-1)?.state).toBe('READY');
    const expired = await client.expireImage({ reference: 'app:first', system: 'far' });
    expect(expired).toMatchObject({ imageRemoved: true });
    expect(await filesBelow(images)).toEqual(['.imagegw']);
  });

  it.each([
    ['before the image has a temporary name', 'before open \\.part$'],
    ['with the temporary name of the image open', 'after open \\.part$'],
    ['before the image has its name', 'before ext_openssh_rename \\.squashfs$'],
    ['after the image has its name', 'after ext_openssh_rename \\.squashfs$'],
    ['after the sidecar has its name', 'after ext_openssh_rename \\.json$'],
    ['before the metadata has its name', 'before ext_openssh_rename \\.meta$'],
    ['after the metadata has its name', 'after ext_openssh_rename \\.meta$'],
  ])('gets an image whose worker is killed %s, whole and without leftovers', async (_when, dieAt) => {
    const imageId = putImage('step', 0.1).slice(7);
    const first = await workerToKill({ environment: { DIE_AT: dieAt }, nodeArguments: ['--import', DIE_AT_SFTP] });
    const exit = once(first, 'exit');
    const { pulls } = await client.pull({ reference: 'app:step', systems: ['far'] });
    expect(await exit).toEqual([null, 'SIGKILL']);
    // What the runtime would find is whole: the metadata comes last.
    const seen = await filesBelow(images);
    if (seen.includes(`${imageId}.meta`)) expect(seen).toEqual(filesOf(imageId));
    await work();
    const { state, attempt, image } = (await statesOf(client, pulls[0]!.id)).at(-1)!;
    expect([state, attempt, image?.imageId]).toEqual(['READY', 2, imageId]);
    expect(await filesBelow(images)).toEqual(filesOf(imageId));
    expect(sha256(readFileSync(join(images, `${imageId}.squashfs`)))).toBe(image!.sha256);
  });

  it('keeps whole files only when the worker is killed in the transfer and another takes over', async () => {
    const imageId = putImage('killed', 32).slice(7);
    const first = await workerToKill();
    const { pulls } = await client.pull({ reference: 'app:killed', systems: ['far'] });
    const { id } = pulls[0]!;
    const seen = await until(client, id, ({ bytesDelivered }) => bytesDelivered !== null && bytesDelivered > 0);
    await kill(first);
    expect(seen.stage).toBe('TRANSFER');
    expect(readdirSync(images).filter((name) => !name.startsWith('.'))).toEqual([]);
    await work();
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt: 2, image: { imageId } });
    expect(await filesBelow(images)).toEqual(filesOf(imageId));
  });

  it('that can not be reached fails its own pull, with the host in the message', async () => {
    putImage('both', 1);
    await work();
    const { pulls } = await client.pull({ reference: 'app:both', systems: ['gone', 'far'] });
    const ends = await Promise.all(pulls.map(async ({ id }) => (await statesOf(client, id)).at(-1)!));
    const byState = new Map(ends.map((end) => [end.state, end]));
    expect(byState.get('READY')).toBeDefined();
    expect(byState.get('FAILED')?.error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable: true, message: expect.stringMatching(/^Can't connect to 127\.0\.0\.1:\d+: /) });
  });

  it('and two local ones get an image that is fetched and converted once', async () => {
    const imageId = putImage('many', 6).slice(7);
    let blobs = 0;
    registry.hook = (request, _response, path) => {
      if (path.includes('/blobs/') && request.method === 'GET') blobs += 1;
      return false;
    };
    await work();
    const { pulls } = await client.pull({ reference: 'app:many', systems: ['far', 'near', 'next'] });
    expect(new Set(pulls.map(({ id }) => id)).size).toBe(3);
    const ends = await Promise.all(pulls.map(async ({ id }) => (await statesOf(client, id)).at(-1)!));
    expect(ends.map(({ state }) => state)).toEqual(['READY', 'READY', 'READY']);
    // One layer; a configuration for each pull, because the right to it is proved for each.
    expect(blobs).toBe(1 + 3);
    // Both local systems have a link of the one product.
    const [near, next] = ['near', 'next'].map((name) => statSync(join(images, '..', name, `${imageId}.squashfs`)));
    expect(near!.ino).toBe(next!.ino);
    expect(await filesBelow(images)).toEqual(filesOf(imageId));
    expect(readdirSync(join(site.directory, 'expand'), { recursive: true }).filter((name) => String(name).endsWith('.squashfs'))).toEqual([]);
  });
});
