/** Imports whose worker is killed at each step, and imports for a system over SSH. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { writeLayout } from '../support/images.js';
import { allLeftovers } from '../support/leftovers.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const DIE_AT = new URL('../support/die-at.mjs', import.meta.url).pathname;

let stack: TestStack;
let sshd: Sshd;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let inbox: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  [stack, sshd] = await Promise.all([startTestStack(), startSshd()]);
});
afterAll(async () => {
  await stack.stop();
  await sshd.stop();
});

beforeEach(async () => {
  site = makeSite(stack, 'http://127.0.0.1:9');
  inbox = join(site.directory, 'inbox');
  mkdirSync(inbox);
  const far = join(site.directory, 'far');
  mkdirSync(far);
  await giveTo(sshd, far);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: object };
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: far };
  const Platforms = { ...file.Platforms, far: { accesstype: 'remote', host: [`127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' } };
  writeFileSync(site.configFile, JSON.stringify({ ...file, Platforms, ImportUsers: 'all', ImportPaths: [inbox], WorkerHeartbeat: 0.5 }));
  const { config } = loadConfig({ file: site.configFile, environment: site.environment });
  // The API can't see what is imported: workers alone open it.
  api = await startInProcess({ ...site, config }, { api: true, worker: false });
  client = clientOf(api);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await kill(worker);
  await api.close();
  site.remove();
});

function layout(): string {
  const path = join(inbox, 'layout');
  mkdirSync(path);
  writeLayout(path, [tarOf({ name: 'tool', body: randomBytes(300_000) }), tarOf({ name: 'motd', body: 'hello' })]);
  return path;
}

function squashfs(): string {
  const tree = join(site.directory, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'tool'), randomBytes(300_000));
  execFileSync('mksquashfs', [tree, join(inbox, 'image.sqsh'), '-quiet', '-no-progress']);
  return join(inbox, 'image.sqsh');
}

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

it.each<[string, string, () => string]>([
  ['the path is opened', 'after open /inbox/?$', layout],
  ['a layer lies in the cache', 'before rename cache/partial/', layout],
  ['a squashfs is unpacked', 'after open imported\\.tar', squashfs],
  ['the image is published, its metadata not', 'before rename \\.meta\\.part', layout],
  ['all is published', 'after rename \\.meta\\.part', squashfs],
])('a worker killed with SIGKILL when %s is followed by another one up to READY', async (_when, dieAt, make) => {
  const path = make();
  const first = await spawnWorker(site, { environment: { DIE_AT: dieAt }, nodeArguments: ['--import', DIE_AT] });
  workers.push(first);
  const died = new Promise<unknown>((resolve) => first.once('exit', (_code, signal) => resolve(signal)));
  const { id } = await client.importImage({ system: 'one', path, name: 'tool' });
  expect(await died).toBe('SIGKILL');
  const last = await spawnWorker(site);
  workers.push(last);
  const end = (await statesOf(client, id)).at(-1)!;
  expect(end).toMatchObject({ state: 'READY', attempt: 2, error: null });
  // What another worker, that nobody disturbs, makes of the same.
  const undisturbed = await client.importImage({ system: 'two', path, name: 'tool' });
  const same = (await statesOf(client, undisturbed.id)).at(-1)!;
  expect(same.image!.imageId).toBe(end.image!.imageId);
  expect(digestOf(end.image!.path)).toBe(digestOf(same.image!.path));
  await expectAgreement(site, { one: site.images, two: join(site.directory, 'two') });
  await kill(last, 'SIGTERM');
  expect(await allLeftovers(site)).toEqual([]);
}, 60_000);

it('goes to a system that was declared at run time, which is verified like any other', async () => {
  workers.push(await spawnWorker(site));
  const directory = join(site.directory, 'declared');
  mkdirSync(directory);
  const answer = await fetch(api.url!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation ($input: AddSystemInput!) { addSystem(input: $input) { errors { message } } }',
      variables: { input: { name: 'new', definition: { accesstype: 'LOCAL', local: { imageDir: directory }, platform: 'linux/amd64' } } },
    }),
  });
  expect(await answer.json()).toEqual({ data: { addSystem: { errors: [] } } });
  const { id } = await client.importImage({ system: 'new', path: layout(), name: 'tool' });
  const end = (await statesOf(client, id)).at(-1)!;
  expect(end).toMatchObject({ state: 'READY', error: null });
  writeFileSync(end.image!.path, 'damaged');
  let report = await client.verifySystem({ system: 'new' });
  while (report.state !== 'DONE') report = (await client.findVerification('new'))!;
  expect(report.findings).toMatchObject([{ kind: 'DAMAGED', imageId: end.image!.imageId, pull: null }]);
}, 60_000);

it('goes to a system over SSH, and is read back there', async () => {
  workers.push(await spawnWorker(site));
  for (const [name, path] of [['layers', layout()], ['squashfs', squashfs()]] as const) {
    const { id } = await client.importImage({ system: 'far', path, name });
    const end = (await statesOf(client, id)).at(-1)!;
    expect(end).toMatchObject({ state: 'READY', error: null });
    expect(end.image!.sha256).toBe(`sha256:${digestOf(end.image!.path.replace(/^[^:]*:/, ''))}`);
  }
  await expectAgreement(site, { far: join(site.directory, 'far') });
}, 60_000);
