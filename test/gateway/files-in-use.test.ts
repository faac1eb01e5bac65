/** Temporary files on a system: what is in use stays, what nobody uses any more goes, whoever looks. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient, VerificationReport } from '../../src/client/index.js';
import { SftpChannel } from '../../src/delivery/sftp/channel.js';
import type { RunningGateway } from '../../src/gateway.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createTaskStore } from '../../src/models/task-store.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, type Site } from '../support/gateway.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const IMAGE = 'c3'.repeat(32);
const DEAD_PULL = 'pull_0000000000aaaaaaaaaaaaaaaa';
const DEAD_CLAIM = '11111111-2222-4333-8444-555555555555';
const CLAIM = '99999999-2222-4333-8444-555555555555';

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let database: Database;
let far: string;
let worker: RunningGateway | undefined;

beforeAll(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
  site = makeSite(stack, registry.url, { SystemProbeSize: '1 MiB', WorkerHeartbeat: 0.5 });
  far = join(site.directory, 'far');
  mkdirSync(far);
  await giveTo(sshd, far);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: object };
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: far };
  site = site.withKeys({ Platforms: { ...file.Platforms, far: { accesstype: 'remote', host: [`127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' } } });
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
afterEach(async () => {
  jest.restoreAllMocks();
  await worker?.close();
  worker = undefined;
});

async function work(): Promise<void> {
  worker = await startInProcess(site, { api: false, worker: true });
}

async function verified(system: string, repair: boolean): Promise<VerificationReport> {
  const before = (await client.findVerification(system))?.requestedAt;
  await client.verifySystem({ system, repair });
  for (;;) {
    const report = await client.findVerification(system);
    if (report?.state === 'DONE' && report.requestedAt !== before) return report;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const filesIn = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.part')).sort();

describe('files that a dead worker has left', () => {
  const left = [`.${IMAGE}.${DEAD_PULL}.part`, `.${IMAGE}.${DEAD_CLAIM}.meta.part`];
  const used = `.${IMAGE}.${CLAIM}.meta.part`;
  const leave = (): void => {
    for (const name of [...left, used]) writeFileSync(join(site.images, name), 'x');
  };

  it('go when a worker starts, and when the system is verified; those of a task that a worker has stay', async () => {
    const tasks = createTaskStore(database);
    const task = { _id: `image/one/${IMAGE}`, system: 'one', kind: 'DESCRIBE', imageId: IMAGE, dueAt: new Date(), expiresAt: null } as const;
    await tasks.put(task);
    expect(await tasks.take((await tasks.get(task._id))!, CLAIM, new Date(Date.now() + 3_600_000))).toBe(true);
    leave();
    await work();
    while (filesIn(site.images).length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(filesIn(site.images)).toEqual([used]);

    leave();
    const { findings } = await verified('one', false);
    expect(findings.map(({ kind, path }) => [kind, path]).sort()).toEqual(left.map((name) => ['LEFTOVER', join(site.images, name)]).sort());
    expect((await verified('one', true)).findingCount).toBe(2);
    expect(filesIn(site.images)).toEqual([used]);

    await tasks.drop(task._id, CLAIM);
    expect((await verified('one', true)).findings).toMatchObject([{ kind: 'LEFTOVER', path: join(site.images, used) }]);
    expect(filesIn(site.images)).toEqual([]);
  });
});

it('a check that is under way is not disturbed by those who look for leftovers', async () => {
  await work();
  const write = Reflect.get(SftpChannel.prototype, 'write');
  let go = (): void => {};
  const gone = new Promise<void>((resolve) => (go = resolve));
  const begun = new Promise<void>((resolve) => {
    jest.spyOn(SftpChannel.prototype, 'write').mockImplementation(async function (this: SftpChannel, ...what) {
      resolve();
      await gone;
      await write.apply(this, what);
    });
  });
  const asked = client.checkSystem('far');
  await begun;
  expect(filesIn(far)).toHaveLength(1);
  expect((await verified('far', false)).findings).toEqual([]);
  expect((await verified('far', true)).findings).toEqual([]);
  expect(filesIn(far)).toHaveLength(1);
  go();
  expect((await asked).steps.filter(({ problem }) => problem !== null)).toEqual([]);
  expect(filesIn(far)).toEqual([]);
});
