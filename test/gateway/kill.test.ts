/**
 * A worker killed with SIGKILL at every stage of a pull: another takes the pull over, it reaches READY with the same
 * bytes as a pull that nobody disturbed, and nothing is left behind.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { queueName } from '../../src/jobs/keys.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { openDatabase } from '../../src/models/database.js';
import { digestOf, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnGateway, spawnWorker, startInProcess, statesOf, until, type Site, type SpawnOptions } from '../support/gateway.js';
import { startIndexGate, type IndexGate } from '../support/index-gate.js';
import { allLeftovers, childrenOf } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { stuckAt } from '../support/stuck-squash.js';
import { tarOf } from '../support/tar.js';

const DIE_AT = new URL('../support/die-at.mjs', import.meta.url).pathname;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let gate: IndexGate;
let tag: string;
let imageId: string;
/** What was published before the test. */
let before: string[];
let directory: string;
let examinerHeld: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  directory = mkdtempSync(join(tmpdir(), 'imagegw-kill-'));
  examinerHeld = join(directory, 'held');
  // Nobody waits for it but the test that makes the file `wait`.
  const hook = join(directory, 'hook');
  writeFileSync(hook, `#!/bin/sh\n[ -e ${directory}/wait ] || exit 0\n: > ${examinerHeld}\nexec tail -f ${examinerHeld}\n`, { mode: 0o755 });
  site = makeSite(stack, registry.url, { ExaminerHook: hook, WorkerHeartbeat: 0.5 });
  gate = await startIndexGate(site.environment['MONGODB_URI'] ?? '', join(site.directory, 'gate.sock'));
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});

afterAll(async () => {
  await api.close();
  await gate.close();
  site.remove();
  rmSync(directory, { recursive: true });
  await registry.stop();
  await stack.stop();
});

// One gateway for all, but another image for each.
beforeEach(() => {
  const other = { name: 'other', body: randomBytes(8).toString('hex') };
  const layers = [
    tarOf({ name: 'etc/', type: 'directory' }, { name: 'etc/old', body: 'x' }, other),
    tarOf({ name: 'etc/.wh.old' }, { name: 'a', body: Buffer.alloc(200_000, 7) }, other),
  ];
  tag = `t${other.body}`;
  imageId = registry.putImage(layers, tag).slice(7);
  before = visibleImages();
});

afterEach(async () => {
  registry.hook = undefined;
  for (const worker of workers.splice(0)) await kill(worker);
  expect(visibleImages()).toEqual([...before, imageId].sort());
});

async function worker(options: SpawnOptions = {}): Promise<ChildProcess> {
  const child = await spawnWorker(site, options);
  workers.push(child);
  return child;
}

async function begin(): Promise<string> {
  const { pulls } = await client.pull({ reference: `app:${tag}`, systems: ['one'] });
  return pulls[0]!.id;
}

/** The pull goes on to its end with a worker that nobody disturbs, and all is as it should be. */
async function expectTakenOver(id: string, attempt = 2): Promise<void> {
  expect(visibleImages()).toEqual(wholeImages());
  const last = await startInProcess(site, { api: false, worker: true });
  expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt, image: { imageId } });
  const undisturbed = await client.pull({ reference: `app:${tag}`, systems: ['two'] });
  await statesOf(client, undisturbed.pulls[0]!.id);
  for (const name of [`${imageId}.squashfs`, `${imageId}.meta`]) {
    expect(digestOf(readFileSync(join(site.images, name)))).toBe(digestOf(readFileSync(join(site.directory, 'two', name))));
  }
  await expectAgreement(site, { one: site.images, two: join(site.directory, 'two') });
  // It has said the last word, and may still be tidying up.
  await last.close();
  expect(await allLeftovers(site)).toEqual([]);
}

/** What the container runtime would take for an image. */
function visibleImages(): string[] {
  return readdirSync(site.images)
    .filter((name) => name.endsWith('.meta'))
    .map((name) => name.slice(0, -5))
    .sort();
}

/** Those of them that are readable squashfs files with all their bytes, by the size that their header tells. */
function wholeImages(): string[] {
  return visibleImages().filter((id) => {
    const bytes = existsSync(join(site.images, `${id}.squashfs`)) ? readFileSync(join(site.images, `${id}.squashfs`)) : Buffer.alloc(0);
    return bytes.length > 96 && bytes.readUInt32LE(0) === 0x73717368 && bytes.length >= Number(bytes.readBigUInt64LE(40));
  });
}

describe('a worker killed with SIGKILL', () => {
  it.each([
    ['RESOLVE', '/manifests/'],
    ['FETCH', '/blobs/'],
  ])('in %s', async (stage, path) => {
    const asked = new Promise<void>((resolve) => {
      registry.hook = (_request, _response, asking) => {
        const isIt = asking.includes(path) && !asking.endsWith(configDigest());
        if (isIt) resolve();
        return isIt;
      };
    });
    const first = await worker();
    const id = await begin();
    await asked;
    await until(client, id, (state) => state.stage === stage);
    await kill(first);
    registry.hook = undefined;
    await expectTakenOver(id);
  });

  it.each([
    ['FETCH', 'scan'],
    ['CONVERT', 'pack'],
    ['VERIFY', 'read'],
  ])('in %s, with imagegw-squash that works for it (%s)', async (stage, command) => {
    const stuck = await stuckAt(site, command);
    const first = await worker({ environment: { IMAGEGW_SQUASH: stuck } });
    const watcher = watch(join(stuck, '..'));
    const started = once(watcher, 'change').finally(() => watcher.close());
    const id = await begin();
    await started;
    await until(client, id, (state) => state.stage === stage);
    // One a layer, where it reads them.
    expect(childrenOf(site)).not.toHaveLength(0);
    await kill(first);
    await expectTakenOver(id);
  });

  it('in EXAMINE, with the hook that works for it, and the next one in TRANSFER', async () => {
    writeFileSync(join(directory, 'wait'), '');
    const watcher = watch(directory);
    const started = once(watcher, 'change').finally(() => watcher.close());
    const first = await worker();
    const id = await begin();
    await started;
    expect(existsSync(examinerHeld)).toBe(true);
    await until(client, id, ({ stage }) => stage === 'EXAMINE');
    await kill(first);
    rmSync(join(directory, 'wait'));
    const second = await worker({ environment: { DIE_AT: 'after rename \\.squashfs$' }, nodeArguments: ['--import', DIE_AT] });
    if (second.signalCode === null) await once(second, 'exit');
    expect(second.signalCode).toBe('SIGKILL');
    await expectTakenOver(id, 3);
  });

  it.each([
    ['ADMIT', 'when the room has been looked at', 'after statfs /cache$'],
    ['TRANSFER', 'before the image has a temporary name', 'before link /images/'],
    ['TRANSFER', 'with the image under its temporary name', 'after link /images/'],
    ['TRANSFER', 'before the image has its name', 'before rename \\.squashfs$'],
    ['TRANSFER', 'after the image has its name', 'after rename \\.squashfs$'],
    ['TRANSFER', 'after the sidecar has its name', 'after rename \\.json$'],
    ['TRANSFER', 'before the metadata has its name', 'before rename \\.meta$'],
    ['TRANSFER', 'after the metadata has its name', 'after rename \\.meta$'],
  ])('in %s, %s', async (_stage, _when, dieAt) => {
    const first = await worker({ environment: { DIE_AT: dieAt }, nodeArguments: ['--import', DIE_AT] });
    const exit = once(first, 'exit');
    const id = await begin();
    expect(await exit).toEqual([null, 'SIGKILL']);
    await expectTakenOver(id);
  });

  it.each<[string, (command: Record<string, unknown>) => boolean, 'before' | 'after']>([
    ['before the image is in the index', ({ findAndModify }) => findAndModify === 'gw_images', 'before'],
    ['after the image is in the index', ({ insert }) => insert === 'gw_images', 'after'],
    ['before the tag is there', ({ insert }) => insert === 'gw_tags', 'before'],
    ['after the tag is there', ({ insert }) => insert === 'gw_tags', 'after'],
    ['before the end is in the index', (command) => isEnd(command), 'before'],
  ])('in RECORD, %s', async (_when, test, when) => {
    const held = gate.holdAt(test, when);
    const first = await worker({ environment: { MONGODB_URI: gate.uri } });
    const id = await begin();
    await held;
    await kill(first);
    await expectTakenOver(id);
  });

  it('after the end is in the index: nobody works on it again', async () => {
    const held = gate.holdAt(isEnd, 'after');
    const first = await worker({ environment: { MONGODB_URI: gate.uri } });
    const id = await begin();
    await held;
    await kill(first);
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt: 1 });
    const connection = new Redis({ ...redisOptions(site.environment['REDIS_URL'] ?? ''), maxRetriesPerRequest: null });
    const queue = new QueueEvents(queueName('one'), { connection, prefix: 'gw' });
    await queue.waitUntilReady();
    const taken = once(queue, 'completed');
    const second = await startInProcess(site, { api: false, worker: true });
    await taken;
    await queue.close();
    connection.disconnect();
    expect(await client.findPull(id)).toMatchObject({ state: 'READY', attempt: 1 });
    await expectAgreement(site, { one: site.images });
    await second.close();
    expect(await allLeftovers(site)).toEqual([]);
  });
});

describe('a caller whose process dies', () => {
  it.each<['before' | 'after']>([['before'], ['after']])('%s the record of its pull is made leaves nothing stuck', async (when) => {
    const { child, url } = await spawnGateway(site, 'api', { environment: { MONGODB_URI: gate.uri } });
    workers.push(child);
    const held = gate.holdAt(({ insert }) => insert === 'gw_pulls', when);
    const call = clientOf({ url }).pull({ reference: `app:${tag}`, systems: ['one'] });
    call.catch(() => {});
    await held;
    await kill(child);
    await expect(call).rejects.toMatchObject({ code: 'UNREACHABLE' });
    // Nobody calls again: the reconciler goes on with it.
    const id = await onlyActivePull();
    const published = await nextImageChange();
    const last = await startInProcess(site, { api: false, worker: true });
    await published.done;
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
    await expectAgreement(site, { one: site.images });
    await last.close();
    expect(await allLeftovers(site)).toEqual([]);
  });
});

async function onlyActivePull(): Promise<string> {
  const database = await openDatabase({ uri: site.environment['MONGODB_URI'] ?? '', serverSelectionMs: 5000 });
  const [active] = await database.actives.find().lean().exec();
  await database.close();
  return active!.pullId;
}

/** Listens for the next change of a tag; the promise in it resolves then. */
async function nextImageChange(): Promise<{ readonly done: Promise<unknown> }> {
  const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
  await redis.subscribe('gw:image');
  return { done: once(redis, 'message').finally(() => redis.disconnect()) };
}

function configDigest(): string {
  return (JSON.parse(registry.manifests.get(tag)!.bytes.toString()) as { config: { digest: string } }).config.digest;
}

function isEnd({ update, updates }: Record<string, unknown>): boolean {
  return update === 'gw_pulls' && JSON.stringify(updates).includes('"state":"READY"');
}
