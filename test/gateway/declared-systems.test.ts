/** Systems that are declared, changed and taken out at run time, with API nodes and workers as separate processes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { openDatabase } from '../../src/models/database.js';
import { CliRun } from '../support/cli-run.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { ask, clientOf, kill, makeSite, spawnGateway, spawnWorker, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
});
afterAll(async () => {
  await registry.stop();
  await stack.stop();
});

beforeEach(async () => {
  registry.putImage([tarOf({ name: 'a', body: 'x' })], 'latest');
  // So slow that nothing but messages carries a change.
  site = makeSite(stack, registry.url, { SystemsRereadInterval: 3600, WorkerHeartbeat: 3600 });
  directory = join(site.directory, 'new');
  mkdirSync(directory);
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});
afterEach(async () => {
  registry.hook = undefined;
  for (const child of children.splice(0)) await kill(child);
  await api.close();
  site.remove();
});

async function workerFor(...systems: string[]): Promise<ChildProcess> {
  const child = await spawnWorker(site, { commandArguments: systems.length === 0 ? [] : ['--systems', systems.join(',')] });
  children.push(child);
  return child;
}

interface UserError {
  readonly message: string;
  readonly code: string;
  readonly path: readonly string[] | null;
}
interface Answer {
  readonly system?: { readonly name: string; readonly source: string; readonly imageDirectory: string; readonly admins: readonly string[] } | null;
  readonly warnings?: readonly string[];
  readonly isRemoved?: boolean;
  readonly errors: readonly UserError[];
}

const FIELDS = 'system { name source imageDirectory admins } warnings errors { message code path }';
const local = (imageDir: string): object => ({ accesstype: 'LOCAL', local: { imageDir }, platform: 'linux/amd64' });

async function add(name: string, definition: object): Promise<Answer> {
  return (await ask<{ addSystem: Answer }>(api.url, `mutation ($input: AddSystemInput!) { addSystem(input: $input) { ${FIELDS} } }`, { input: { name, definition } })).addSystem;
}
async function update(name: string, definition: object): Promise<Answer> {
  return (await ask<{ updateSystem: Answer }>(api.url, `mutation ($input: UpdateSystemInput!) { updateSystem(input: $input) { ${FIELDS} } }`, { input: { name, definition } })).updateSystem;
}
async function remove(name: string, force = false): Promise<Answer> {
  return (await ask<{ removeSystem: Answer }>(api.url, 'mutation ($input: RemoveSystemInput!) { removeSystem(input: $input) { isRemoved errors { message code path } } }', { input: { name, force } })).removeSystem;
}
async function names(url = api.url!): Promise<string[]> {
  return (await ask<{ systems: { name: string }[] }>(url, '{ systems { name } }')).systems.map(({ name }) => name);
}
async function workersOf(name: string): Promise<number> {
  return (await ask<{ system: { workers: unknown[] } }>(api.url, 'query ($name: String!) { system(name: $name) { workers { name } } }', { name })).system.workers.length;
}
async function eventually(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function pullTo(name: string, reference = 'app'): Promise<string> {
  const { pulls, errors } = await client.pull({ reference, systems: [name] });
  expect(errors).toEqual([]);
  return pulls[0]!.id;
}

/** Holds back the layers until the function that it gives is called. */
function holdLayers(): { readonly asked: Promise<void>; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let seen = (): void => {};
  const asked = new Promise<void>((resolve) => (seen = resolve));
  registry.hook = (request, response, path) => {
    const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
    if (request.method !== 'GET' || blob === undefined || blob.subarray(0, 1).toString() === '{') return false;
    seen();
    void released.then(() => response.writeHead(200, { 'content-length': blob.length }).end(blob));
    return true;
  };
  return { asked, release };
}

describe('a system that is declared at run time', () => {
  it('is used at once by other API nodes and by running workers, but not by one that was started for other systems', async () => {
    const [, other] = await Promise.all([workerFor('one'), spawnGateway(site, 'api')]);
    children.push(other.child);
    await workerFor();
    expect(await add('new', local(directory))).toEqual({ system: { name: 'new', source: 'API', imageDirectory: directory, admins: [] }, warnings: [], errors: [] });
    expect((await statesOf(client, await pullTo('new'))).at(-1)).toMatchObject({ state: 'READY', image: { path: expect.stringContaining(directory) } });
    await eventually(async () => (await names(other.url)).includes('new'));
    expect(await names(other.url)).toEqual(['new', 'one', 'two']);
    expect([await workersOf('new'), await workersOf('one')]).toEqual([1, 2]);
  });

  it('is there after everything has been started again, for a worker that is started for it alone, too', async () => {
    await add('new', local(directory));
    await api.close();
    api = await startInProcess(site, { api: true, worker: false });
    client = clientOf(api);
    await workerFor('new');
    expect((await statesOf(client, await pullTo('new'))).at(-1)?.state).toBe('READY');
    await expect(spawnWorker(site, { commandArguments: ['--systems', 'nowhere'] })).rejects.toThrow();
  });

  it('comes and goes without a word, too: the index is looked at', async () => {
    await api.close();
    site.remove();
    site = makeSite(stack, registry.url, { SystemsRereadInterval: 0.1 });
    api = await startInProcess(site, { api: true, worker: false });
    const database = await openDatabase({ uri: site.environment['MONGODB_URI']!, serverSelectionMs: 5000 });
    const entry = { accesstype: 'local', local: { imageDir: '/srv/silent' } };
    await database.systems.create({ _id: 'silent', entry, state: 'READY', revision: 1, changedBy: 'u:site/x', changedAt: new Date() });
    // What this version can't use keeps nothing else from being used.
    await database.systems.create({ _id: 'broken', entry: { accesstype: 'carrier pigeon' }, state: 'READY', revision: 1, changedBy: 'u:site/x', changedAt: new Date() });
    await eventually(async () => (await names()).includes('silent'));
    expect(await names()).toEqual(['one', 'silent', 'two']);
    await database.systems.deleteOne({ _id: 'silent' });
    await eventually(async () => !(await names()).includes('silent'));
    await database.close();
  });

  it('must be as the file would have it: all that is wrong is told at once, each with its path', async () => {
    const { system, errors } = await add('a b', {
      accesstype: 'REMOTE',
      host: ['login:0', 'ok'],
      ssh: { imageDir: 'relative', key: 'id_ed25519', channels: 1000 },
      squashfs: { compression: 'XZ', level: 3 },
      delivery: { fileMode: 'rw' },
    });
    expect(system).toBeNull();
    expect(errors.map(({ path }) => path!.join('.')).sort()).toEqual([
      'input.definition.delivery.fileMode',
      'input.definition.host',
      'input.definition.squashfs.level',
      'input.definition.ssh.channels',
      'input.definition.ssh.imageDir',
      'input.definition.ssh.key',
      'input.definition.ssh.username',
      'input.name',
    ]);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['BAD_USER_INPUT']));
    expect((await add('new', { local: { imageDir: directory } })).errors).toMatchObject([{ path: ['input', 'definition', 'accesstype'] }]);
    expect((await add('new', { ...local(directory), delivery: { fileMode: '0644' } })).warnings).toMatchObject([expect.stringMatching(/^delivery\.fileMode: lets users/)]);
    expect((await add('new', local(directory))).errors).toMatchObject([{ code: 'CONFLICT', path: ['input', 'name'] }]);
  });

  it('is changed in part; null takes a value out', async () => {
    await add('new', { ...local(directory), admins: ['ada'] });
    expect(await update('new', { delivery: { reserve: '1 GiB' } })).toMatchObject({ system: { imageDirectory: directory, admins: ['ada'] }, errors: [] });
    expect(await update('new', { admins: null })).toMatchObject({ system: { admins: [] }, errors: [] });
    expect((await update('new', { local: null })).errors).toMatchObject([{ path: ['input', 'definition', 'local', 'imageDir'] }]);
    expect((await update('none', {})).errors).toMatchObject([{ code: 'UNKNOWN_SYSTEM' }]);
  });

  it('is used as it was by pulls that run while it changes, and can not move away from its images', async () => {
    await workerFor();
    await add('new', local(directory));
    const layers = holdLayers();
    const running = await pullTo('new');
    await layers.asked;
    const elsewhere = join(site.directory, 'elsewhere');
    mkdirSync(elsewhere);
    expect((await update('new', { local: { imageDir: elsewhere } })).errors).toMatchObject([{ code: 'CONFLICT', message: expect.stringContaining(running) }]);
    expect((await update('new', { delivery: { fileMode: '0640' } })).errors).toEqual([]);
    layers.release();
    expect((await statesOf(client, running)).at(-1)?.state).toBe('READY');
    expect((await update('new', { local: { imageDir: elsewhere } })).errors).toMatchObject([{ code: 'CONFLICT', message: expect.stringMatching(/^There are images/) }]);
    await client.expireImage({ system: 'new', reference: 'app' });
    expect((await update('new', { local: { imageDir: elsewhere } })).errors).toEqual([]);
    expect((await statesOf(client, await pullTo('new'))).at(-1)).toMatchObject({ image: { path: expect.stringContaining(elsewhere) } });
    expect(readdirSync(directory).filter((name) => name !== '.imagegw')).toEqual([]);
  });
});

describe('taking a system out', () => {
  it('needs it to be empty; its queue, its pulls and its workers\' part go', async () => {
    await workerFor();
    await add('new', local(directory));
    const id = await pullTo('new');
    expect((await statesOf(client, id)).at(-1)?.state).toBe('READY');
    expect(await remove('new')).toMatchObject({ isRemoved: false, errors: [{ code: 'CONFLICT', path: ['input', 'name'] }] });
    expect((await statesOf(client, await pullTo('new', 'app:latest'))).at(-1)?.state).toBe('READY');
    await client.expireImage({ system: 'new', reference: 'app' });
    expect(await remove('new')).toEqual({ isRemoved: true, errors: [] });
    expect(await names()).toEqual(['one', 'two']);
    expect(await client.findPull(id)).toBeNull();
    const redis = new Redis(redisOptions(site.environment['REDIS_URL']!));
    // The sign of a check for lost jobs that was under way runs out by itself.
    expect((await redis.keys('gw:pull-new:*')).filter((key) => !key.endsWith(':stalled-check'))).toEqual([]);
    redis.disconnect();
    expect((await remove('new')).errors).toMatchObject([{ code: 'UNKNOWN_SYSTEM' }]);
    // The name can be used again.
    expect((await add('new', local(directory))).errors).toEqual([]);
    expect((await statesOf(client, await pullTo('new'))).at(-1)?.state).toBe('READY');
  });

  it('by force ends what waits and what runs, forgets the images, and leaves their files', async () => {
    await workerFor();
    await add('new', local(directory));
    const { image } = (await statesOf(client, await pullTo('new'))).at(-1)!;
    registry.putImage([tarOf({ name: 'b', body: 'y' })], 'other');
    const layers = holdLayers();
    const running = await pullTo('new', 'app:other');
    const ended = statesOf(client, running);
    await layers.asked;
    expect((await remove('new')).errors).toMatchObject([{ code: 'CONFLICT', message: expect.stringContaining(running) }]);
    // It was taken back: pulls can still be begun.
    await until(client, await pullTo('new', 'app:none'), () => true);
    expect(await remove('new', true)).toEqual({ isRemoved: true, errors: [] });
    expect((await ended).at(-1)?.state).toBe('CANCELLED');
    layers.release();
    expect(existsSync(image!.path)).toBe(true);
    const page = await ask<{ images: { nodes: unknown[] }; pulls: { nodes: unknown[] } }>(api.url, '{ images { nodes { imageId system { name } } } pulls { nodes { id system { name } } } }');
    expect(page).toEqual({ images: { nodes: [] }, pulls: { nodes: [] } });
    await expect(client.pull({ reference: 'app', systems: ['new'] })).rejects.toMatchObject({ code: 'UNKNOWN_SYSTEM' });
  });

  it('ends pulls whose worker is dead, and goes on where a removal broke off', async () => {
    const worker = await workerFor();
    await add('new', local(directory));
    const layers = holdLayers();
    const running = await pullTo('new');
    await layers.asked;
    await kill(worker);
    const database = await openDatabase({ uri: site.environment['MONGODB_URI']!, serverSelectionMs: 5000 });
    await database.systems.updateOne({ _id: 'new' }, { $set: { state: 'REMOVING' }, $inc: { revision: 1 } });
    // A node that has not heard of it yet begins no pull.
    await expect(client.pull({ reference: 'app:x', systems: ['new'] })).rejects.toMatchObject({ code: 'UNKNOWN_SYSTEM' });
    expect(await remove('new', true)).toEqual({ isRemoved: true, errors: [] });
    expect(await database.pulls.countDocuments({ _id: running })).toBe(0);
    expect(await database.actives.countDocuments({})).toBe(0);
    await database.close();
    layers.release();
  });
});

describe('systems', () => {
  it('of the configuration file are changed there alone', async () => {
    expect(await ask(api.url, '{ system(name: "one") { source } }')).toEqual({ system: { source: 'FILE' } });
    for (const answer of [await add('one', local(directory)), await update('one', {}), await remove('one', true)]) {
      expect(answer.errors).toMatchObject([{ code: 'CONFLICT', path: ['input', 'name'] }]);
    }
    expect((await update('one', {})).errors[0]!.message).toMatch(/configuration file/);
  });

  it('are changed by administrators of the gateway only', async () => {
    const viewer = { realm: 'site', name: 'ada', uid: 1, groups: [], isAdmin: false };
    await add('new', { ...local(directory), admins: ['ada'] });
    for (const attempt of [
      () => api.systemService.add('other', {}, viewer),
      () => api.systemService.update('new', {}, viewer),
      () => api.systemService.remove('new', true, viewer),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('are listed, declared, checked, changed and taken out by `imagegw`', async () => {
    const command = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
      const cli = new CliRun(args, { url: api.url! });
      const code = await cli.exited;
      return { code, stdout: cli.stdout, stderr: cli.stderr };
    };
    const file = join(site.directory, 'new.json');
    const write = (definition: unknown): void => writeFileSync(file, JSON.stringify(definition));
    // The words of imagemanager.json.
    write({ accesstype: 'local', local: { imageDir: directory }, platform: 'linux/amd64', squashfs: { compression: 'gzip' }, delivery: { fileMode: '0644', verify: 'size' } });
    expect(await command('system', 'add', 'new', file)).toEqual({ code: 0, stdout: 'ADDED new\n', stderr: expect.stringMatching(/^warning: delivery\.fileMode/) });
    expect(await command('system', 'check', 'new')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^FAILED NO_WORKER: .*\nThe same request can succeed later/) });
    expect((await command('systems')).stdout).toMatch(/^new +local +0 +0 +0 +- +- +no worker$/m);
    await workerFor();
    expect((await statesOf(client, await pullTo('new'))).at(-1)?.state).toBe('READY');
    await eventually(async () => /^new +local +1 +0 +0 +[\d.]+ [KMGT]iB +\d+ s +reachable$/m.test((await command('systems')).stdout));
    const listed = (await command('systems', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line) as object);
    expect(listed).toMatchObject([{ name: 'new', source: 'API', workers: [{}] }, { name: 'one', source: 'FILE' }, { name: 'two' }]);
    const checked = await command('system', 'check', 'new');
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^CONNECT +[\d.]+ ms +well$[^]*^REMOVE +[\d.]+ ms +well\nUSABLE new: .* free, written at .*\/s, read at .*\/s, seen by .+$/m);
    write({ admins: ['ada'] });
    expect(await command('system', 'update', 'new', file)).toMatchObject({ code: 0, stdout: 'UPDATED new\n' });
    write({ accesstype: 'remote', host: ['login:0'], ssh: { imageDir: 'relative' } });
    expect(await command('system', 'add', 'other', file)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^FAILED BAD_USER_INPUT[^]*^ {2}definition\.ssh\.imageDir: /m) });
    writeFileSync(file, '[');
    expect(await command('system', 'update', 'new', file)).toMatchObject({ code: 2, stderr: expect.stringMatching(/JSON object/) });
    expect(await command('system', 'remove', 'new')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^FAILED CONFLICT/) });
    expect(await command('system', 'remove', 'new', '--force')).toMatchObject({ code: 0, stdout: 'REMOVED new\n' });
    expect(await client.findSystem('new')).toBeNull();
  });
});
