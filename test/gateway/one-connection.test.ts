/** A host that bears one connection at a time: all that a worker does there goes over that one. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SftpChannel } from '../../src/delivery/sftp/channel.js';
import type { RunningGateway } from '../../src/gateway.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { ask, clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const MIB = 2 ** 20;

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;
let proxy: CuttingProxy;
let site: Site;
let gateway: RunningGateway | undefined;

beforeEach(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
  proxy = await startCuttingProxy(sshd.port, 1);
  site = makeSite(stack, registry.url);
  const far = join(site.directory, 'far');
  mkdirSync(far);
  await giveTo(sshd, far);
  const ssh = { username: sshd.username, key: sshd.key, fingerprints: [sshd.fingerprint], imageDir: far };
  site = site.withKeys({
    Platforms: { far: { accesstype: 'remote', host: [`127.0.0.1:${proxy.port}`], ssh, platform: 'linux/amd64' } },
    WorkerThreads: 3,
    SystemCheckInterval: 0.1,
    SystemProbeSize: '1 MiB',
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await gateway?.close();
  gateway = undefined;
  await proxy.close();
  await sshd.stop();
  await registry.stop();
  await stack.stop();
  site.remove();
});

it('pulls, a check, a verification and the looks at the system run side by side', async () => {
  // The transfer of the large image is held half-way, and all the rest is done meanwhile.
  const write = Reflect.get(SftpChannel.prototype, 'write');
  let go = (): void => {};
  const gone = new Promise<void>((resolve) => (go = resolve));
  const held = new Promise<void>((resolve) => {
    jest.spyOn(SftpChannel.prototype, 'write').mockImplementation(async function (this: SftpChannel, handle, buffer, length, position) {
      if (position >= 4 * MIB) {
        resolve();
        await gone;
      }
      await write.call(this, handle, buffer, length, position);
    });
  });
  gateway = await startInProcess(site, { api: true, worker: true });
  const client = clientOf(gateway);
  const pull = async (tag: string, mib: number): Promise<string> => {
    registry.putImage([tarOf({ name: 'data', body: randomBytes(mib * MIB) })], tag);
    return (await client.pull({ reference: `app:${tag}`, systems: ['far'] })).pulls[0]!.id;
  };
  const endOf = async (id: string) => (await statesOf(client, id)).at(-1)!;

  const large = await pull('large', 8);
  await held;
  expect(await endOf(await pull('small', 1))).toMatchObject({ state: 'READY', error: null });
  expect((await client.checkSystem('far')).steps.filter(({ problem }) => problem !== null)).toEqual([]);
  await client.verifySystem({ system: 'far', repair: true });
  for (;;) {
    const report = await client.findVerification('far');
    if (report?.state !== 'DONE') continue;
    expect(report).toMatchObject({ error: null, findings: [], checkedImageCount: 1 });
    break;
  }
  // Seen from now on, and not before.
  const since = Date.now();
  const looked = async (): Promise<{ readonly isReachable: boolean; readonly checkedAt: string } | null> =>
    (await ask<{ system: { status: { isReachable: boolean; checkedAt: string } | null } }>(gateway?.url, '{ system(name: "far") { status { isReachable checkedAt } } }')).system.status;
  for (let status = await looked(); status === null || !status.isReachable || Date.parse(status.checkedAt) < since; ) status = await looked();
  go();
  expect(await endOf(large)).toMatchObject({ state: 'READY', error: null });
  expect([proxy.connectionCount, proxy.refusedCount]).toEqual([1, 0]);
});
