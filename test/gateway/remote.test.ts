/**
 * Whole pulls through gateways that write over SSH. After each of them, whatever became of it, the systems hold exactly what
 * the index says, whole.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { GatewayClient, PullState } from '../../src/client/index.js';
import { SftpChannel } from '../../src/delivery/sftp/channel.js';
import type { RunningGateway } from '../../src/gateway.js';
import { queueName } from '../../src/jobs/keys.js';
import { runChild } from '../../src/lib/child.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { filesBelow } from '../delivery/fixtures/workspace.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, until, type Site, type SpawnOptions } from '../support/gateway.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { freePort, startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const MIB = 2 ** 20;
const DIE_AT_SFTP = new URL('../support/die-at-sftp.mjs', import.meta.url).pathname;

const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const mayMount = await canMount();
const withMounts = mayMount ? it : it.skip;

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;

/** Where `far` and `small` have their images, on this machine. */
let far: string;
let small: string;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
const workers: ChildProcess[] = [];
let ours: RunningGateway | undefined;
let layer: Buffer;
/** Lets the transfer that is held go on. */
let go = (): void => {};

// One gateway for all, but other images for each test. What has been published stays until the end.
beforeAll(async () => {
  // One session on a connection is all that it needs.
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd({ chroot: true, maxSessions: 1 })]);
  [far, small] = ['far', 'small'].map((name) => join(sshd.root, name)) as [string, string];
  for (const directory of [far, small]) mkdirSync(directory);
  if (mayMount) await mountTmpfs(small, 'size=48m,mode=755');
  for (const directory of [far, small]) await giveTo(sshd, directory);
  const dead = await freePort();
  const host = [`127.0.0.1:${dead}`, `127.0.0.1:${sshd.port}`];
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: sshd.seen(far), reconnects: 2, reconnectDelay: 0.05 };
  const common = { accesstype: 'remote', platform: 'linux/amd64' };
  site = makeSite(stack, registry.url);
  for (const name of ['near', 'next']) mkdirSync(join(site.directory, name));
  site = site.withKeys({
    Platforms: {
      far: { ...common, host, ssh },
      small: { ...common, host, ssh: { ...ssh, imageDir: sshd.seen(small) } },
      near: { accesstype: 'local', local: { imageDir: join(site.directory, 'near') }, platform: 'linux/amd64' },
      next: { accesstype: 'local', local: { imageDir: join(site.directory, 'next') }, platform: 'linux/amd64' },
      gone: { ...common, host: [`127.0.0.1:${dead}`], ssh },
      untrusted: { ...common, host: host.slice(1), ssh: { ...ssh, knownHosts: '/dev/null' } },
    },
    WorkerThreads: 3,
    WorkerHeartbeat: 0.5,
  });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  layer = tarOf({ name: 'data', body: randomBytes(8 * MIB) });
});
afterAll(async () => {
  await api.close();
  site.remove();
  await registry.stop();
  await stack.stop();
  if (mayMount) await unmount(small);
  await sshd.stop();
});

afterEach(async () => {
  registry.hook = undefined;
  jest.restoreAllMocks();
  go();
  rmSync(join(small, 'filler'), { force: true });
  for (const worker of workers.splice(0)) await kill(worker);
  // What killed workers have left to be done is done by the next one.
  if (ours === undefined) await work();
  await expectAgreement(site, { far, small, near: join(site.directory, 'near'), next: join(site.directory, 'next') });
  await ours?.close();
  ours = undefined;
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

let tags = 0;

/** Another image, whose product is as large as its layer, because it can't be compressed. */
function putImage(mib: number): { readonly tag: string; readonly imageId: string } {
  const tag = `t${String(tags++)}`;
  return { tag, imageId: registry.putImage([tarOf({ name: 'data', body: randomBytes(mib * MIB) })], tag).slice(7) };
}

const filesOf = (imageId: string): string[] => [`.imagegw/${imageId}.json`, `${imageId}.meta`, `${imageId}.squashfs`];
/** What there is of one image, whole or not. */
const filesOn = async (directory: string, imageId: string): Promise<string[]> => (await filesBelow(directory)).filter((name) => name.includes(imageId));

async function pull(tag: string, system: string): Promise<string> {
  const { pulls } = await client.pull({ reference: `app:${tag}`, systems: [system] });
  return pulls[0]!.id;
}
const endOf = async (id: string): Promise<PullState> => (await statesOf(client, id)).at(-1)!;

describe('a system over SSH', () => {
  it('gets an image, with the bytes delivered in the progress, and loses it again', async () => {
    const { tag, imageId } = putImage(8);
    await work();
    const end = await endOf(await pull(tag, 'far'));
    expect(end).toMatchObject({ state: 'READY', error: null, image: { imageId, path: `127.0.0.1:${sshd.seen(far)}/${imageId}.squashfs` } });
    expect(await filesOn(far, imageId)).toEqual(filesOf(imageId));
    expect(statSync(join(far, `${imageId}.squashfs`)).size).toBe(end.bytesDelivered);
    // The second time it is found there.
    expect(await endOf(await pull(tag, 'far'))).toMatchObject({ state: 'READY' });
    expect(await client.expireImage({ reference: `app:${tag}`, system: 'far' })).toMatchObject({ imageRemoved: true });
    expect(await filesOn(far, imageId)).toEqual([]);
    // One connection for all that, which ends with the worker.
    expect(sshd.sessions()).toBe(1);
    await ours?.close();
    ours = undefined;
    while (sshd.sessions() > 0) await setTimeout(20);
  });

  it('is asked again alone when it could not be reached and another system could', async () => {
    const { tag, imageId } = putImage(1);
    let blobs = 0;
    registry.hook = (request, _response, path) => {
      if (path.includes('/blobs/') && request.method === 'GET') blobs += 1;
      return false;
    };
    await work();
    await sshd.kill();
    const ends = async (): Promise<Map<string, PullState>> => {
      const { pulls } = await client.pull({ reference: `app:${tag}`, systems: ['near', 'far'] });
      return new Map(await Promise.all(pulls.map(async ({ id, system }) => [system.name, await endOf(id)] as const)));
    };
    const first = await ends();
    await sshd.restart();
    expect(first.get('near')).toMatchObject({ state: 'READY', image: { imageId } });
    expect(first.get('far')).toMatchObject({ state: 'FAILED', error: { code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable: true } });
    const before = statSync(join(site.directory, 'near', `${imageId}.squashfs`));
    blobs = 0;
    const second = await ends();
    expect(second.get('far')).toMatchObject({ state: 'READY', image: { imageId }, bytesDelivered: statSync(join(far, `${imageId}.squashfs`)).size });
    // There is nothing to do for the other: no byte is delivered.
    expect(second.get('near')).toMatchObject({ state: 'READY', image: { imageId }, bytesDelivered: null });
    expect(statSync(join(site.directory, 'near', `${imageId}.squashfs`))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs, ctimeMs: before.ctimeMs });
    // The layer is in the cache; the configuration is read anew, for the right to it.
    expect(blobs).toBeLessThanOrEqual(1);
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
    const { tag, imageId } = putImage(0.1);
    const first = await workerToKill({ environment: { DIE_AT: dieAt }, nodeArguments: ['--import', DIE_AT_SFTP] });
    const exit = once(first, 'exit');
    const id = await pull(tag, 'far');
    expect(await exit).toEqual([null, 'SIGKILL']);
    // What the runtime would find is whole: the metadata comes last.
    const seen = await filesOn(far, imageId);
    if (seen.includes(`${imageId}.meta`)) expect(seen).toEqual(filesOf(imageId));
    await work();
    expect(await endOf(id)).toMatchObject({ state: 'READY', attempt: 2, image: { imageId } });
  });

  it.each([
    ['another takes over', 'READY'],
    ['the pull is cancelled', 'CANCELLED'],
  ])('keeps whole files only when the worker is killed in the transfer and %s', async (_what, state) => {
    const { tag, imageId } = putImage(32);
    const first = await workerToKill();
    const id = await pull(tag, 'far');
    const seen = await until(client, id, ({ bytesDelivered }) => bytesDelivered !== null && bytesDelivered > 0);
    await kill(first);
    expect(seen.stage).toBe('TRANSFER');
    // Nothing but what has a temporary name.
    expect((await filesOn(far, imageId)).filter((name) => !name.startsWith('.'))).toEqual([]);
    const [part] = await filesOn(far, imageId);
    const { ino } = statSync(join(far, part!));
    if (state === 'CANCELLED') await client.cancelPull(id);
    await work();
    expect(await endOf(id)).toMatchObject({ state });
    expect(await filesOn(far, imageId)).toEqual(state === 'READY' ? filesOf(imageId) : []);
    // What was there already has been built upon.
    if (state === 'READY') expect(statSync(join(far, `${imageId}.squashfs`)).ino).toBe(ino);
  });

  it.each([
    ['can not be reached', 'gone', true, /^Can't connect to 127\.0\.0\.1:\d+: /],
    ['shows a host key that nobody knows', 'untrusted', false, /shows a host key that \/dev\/null does not have\. Seen: SHA256:/],
  ])('that %s fails its own pull, with the host in the message', async (_what, system, retryable, message) => {
    const { tag } = putImage(1);
    await work();
    const { pulls } = await client.pull({ reference: `app:${tag}`, systems: [system, 'far'] });
    const ends = await Promise.all(pulls.map(({ id }) => endOf(id)));
    const byState = new Map(ends.map((end) => [end.state, end]));
    expect(byState.get('READY')).toBeDefined();
    expect(byState.get('FAILED')?.error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable, message: expect.stringMatching(message) });
  });

  it('and two local ones get an image that is fetched and converted once', async () => {
    const { tag, imageId } = putImage(6);
    let blobs = 0;
    registry.hook = (request, _response, path) => {
      if (path.includes('/blobs/') && request.method === 'GET') blobs += 1;
      return false;
    };
    await work();
    const { pulls } = await client.pull({ reference: `app:${tag}`, systems: ['far', 'near', 'next'] });
    expect(new Set(pulls.map(({ id }) => id)).size).toBe(3);
    const ends = await Promise.all(pulls.map(({ id }) => endOf(id)));
    expect(ends.map(({ state }) => state)).toEqual(['READY', 'READY', 'READY']);
    // One layer; a configuration for each pull, because the right to it is proved for each.
    expect(blobs).toBe(1 + 3);
    // Both local systems have a link of the one product.
    const [near, next] = ['near', 'next'].map((name) => statSync(join(site.directory, name, `${imageId}.squashfs`)));
    expect(near!.ino).toBe(next!.ino);
    expect(readdirSync(join(site.directory, 'expand'), { recursive: true }).filter((name) => String(name).endsWith('.squashfs'))).toEqual([]);
  });
});

describe('in the middle of a transfer over SSH', () => {
  /** From here on nothing more is written, of the next file that is so large, until `go`. */
  const HALF = 4 * MIB;

  /** Begins to deliver an image and stops half-way. All have one layer, which is fetched once. */
  async function held(tag: string): Promise<{ readonly id: string; readonly imageId: string }> {
    const imageId = registry.putImage([layer], tag, { config: { config: { Labels: { tag } } } }).slice(7);
    const write = Reflect.get(SftpChannel.prototype, 'write');
    const gone = new Promise<void>((resolve) => (go = resolve));
    const reached = new Promise<void>((resolve) => {
      jest.spyOn(SftpChannel.prototype, 'write').mockImplementation(async function (this: SftpChannel, handle, buffer, length, position) {
        if (position >= HALF) {
          resolve();
          await gone;
        }
        await write.call(this, handle, buffer, length, position);
      });
    });
    await work();
    const id = await pull(tag, 'small');
    await reached;
    expect(await filesOn(small, imageId)).toEqual([`.${imageId}.${id}.part`]);
    return { id, imageId };
  }

  it('a pull is cancelled: nothing of it stays', async () => {
    const { id, imageId } = await held('cancelled');
    await client.cancelPull(id);
    expect(await endOf(id)).toMatchObject({ state: 'CANCELLED' });
    expect(await filesOn(small, imageId)).toEqual([]);
  });

  it('a worker loses its hold on the pull and gets it again: it is gone on with once the rest of the first attempt is over', async () => {
    const { id, imageId } = await held('lost');
    const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
    expect(await redis.del(`gw:${queueName('small')}:${id}:lock`)).toBe(1);
    redis.disconnect();
    await until(client, id, ({ attempt }) => attempt === 2);
    go();
    expect(await endOf(id)).toMatchObject({ state: 'READY', attempt: 2, image: { imageId } });
  });

  it('the server is killed and started again: the rest follows', async () => {
    const { id, imageId } = await held('restarted');
    await sshd.kill();
    await sshd.restart();
    go();
    expect(await endOf(id)).toMatchObject({ state: 'READY', attempt: 1, image: { imageId } });
  });

  withMounts('the disk fills up: nothing of it stays, and room is all that a new pull needs (needs mount)', async () => {
    const { id, imageId } = await held('full');
    const filler = join(small, 'filler');
    await expect(writeFile(filler, Buffer.alloc(48 * MIB))).rejects.toThrow(/ENOSPC/);
    go();
    expect((await endOf(id)).error).toMatchObject({ code: 'NO_SPACE', stage: 'TRANSFER', retryable: true, message: expect.stringContaining(`127.0.0.1:${sshd.seen(small)}/.${imageId}`) });
    rmSync(filler);
    expect(await filesOn(small, imageId)).toEqual([]);
    expect(await endOf(await pull('full', 'small'))).toMatchObject({ state: 'READY' });
  });

  asRoot('the directory is taken away: readers see nothing, and what can not be removed then is found later (needs root)', async () => {
    const { id, imageId } = await held('taken');
    chownSync(small, 0, 0);
    go();
    expect((await endOf(id)).error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable: true, message: expect.stringMatching(/permission denied/) });
    expect(await filesOn(small, imageId)).toEqual([`.${imageId}.${id}.part`]);
    await giveTo(sshd, small);
    await client.verifySystem({ system: 'small', repair: true });
    while ((await client.findVerification('small'))?.state !== 'DONE') await setTimeout(20);
    expect((await client.findVerification('small'))?.findings).toMatchObject([{ kind: 'LEFTOVER', path: expect.stringContaining(id) }]);
  });

  withMounts('the next one finds the disk mounted read-only (needs mount)', async () => {
    registry.putImage([layer], 'readonly');
    await runChild({ command: 'mount', args: ['-o', 'remount,ro', small] });
    await work();
    expect((await endOf(await pull('readonly', 'small'))).error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', message: expect.stringContaining('read-only') });
    await runChild({ command: 'mount', args: ['-o', 'remount,rw', small] });
  });
});
