import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createSftpTarget, publish, SshConnections, type Product, type PublishRequest, type SftpTargetOptions, type SshAccount } from '../../src/delivery/index.js';
import { SftpChannel } from '../../src/delivery/sftp/channel.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { startDelayingProxy } from '../support/delaying-proxy.js';
import { startSshd, type Sshd, type SshdOptions } from '../support/sshd.js';
import { accountOf, giveTo, TEST_LIMITS } from './fixtures/targets.js';
import { watchedTarget } from './fixtures/watched-target.js';
import { filesBelow, IMAGE_ID, makeWorkspace, MIB, ONE_IMAGE, PART, publishedDigest, PULL_ID, SIGNAL, type Workspace } from './fixtures/workspace.js';

const META = 'FORMAT: squashfs\n';
const SIDECAR = '{}\n';

let sshd: Sshd;
let workspace: Workspace;
let connections: SshConnections;

beforeEach(async () => {
  workspace = await makeWorkspace();
  connections = new SshConnections();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await connections.close();
  await sshd.stop();
  await workspace.remove();
});

async function start(options: SshdOptions = {}): Promise<void> {
  sshd = await startSshd(options);
  await giveTo(sshd, workspace.images);
}

function open(account: Partial<SshAccount> = {}, changes: Partial<SftpTargetOptions> = {}) {
  return createSftpTarget({ connections, account: accountOf(sshd, account), imageDirectory: workspace.images, ...changes });
}

function request(product: Product, changes: Partial<PublishRequest> = {}): PublishRequest {
  return { imageId: IMAGE_ID, pullId: PULL_ID, product, meta: META, sidecar: SIDECAR, signal: SIGNAL, ...changes };
}

/** Watches the requests to write: where on each channel, in the order of the channels' first one, and how many were under way at most. */
function watchWrites(): { readonly positions: number[]; mostAtOnce: number }[] {
  const write = Reflect.get(SftpChannel.prototype, 'write');
  const channels = new Map<SftpChannel, { positions: number[]; mostAtOnce: number; atOnce: number }>();
  const seen: { positions: number[]; mostAtOnce: number; atOnce: number }[] = [];
  jest.spyOn(SftpChannel.prototype, 'write').mockImplementation(async function (this: SftpChannel, handle, buffer, length, position) {
    const channel = channels.get(this) ?? { positions: [], mostAtOnce: 0, atOnce: 0 };
    if (!channels.has(this)) seen.push(channel);
    channels.set(this, channel);
    // The metadata is no bulk.
    if (length > 1000) channel.positions.push(position);
    channel.mostAtOnce = Math.max(channel.mostAtOnce, ++channel.atOnce);
    await write.call(this, handle, buffer, length, position);
    channel.atOnce -= 1;
  });
  return seen;
}

/** Of the account: the proxy in place of the host itself. */
async function through(port: number): Promise<Partial<SshAccount>> {
  const knownHosts = join(workspace.root, 'known_hosts');
  await writeFile(knownHosts, `127.0.0.1 ${sshd.hostKey}\n`);
  return { hosts: [{ name: '127.0.0.1', port }], knownHosts };
}

async function requireWhole(product: Product): Promise<void> {
  expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  expect(await readFile(join(workspace.images, `${IMAGE_ID}.meta`), 'utf8')).toBe(META);
  expect(await readFile(join(workspace.images, `.imagegw/${IMAGE_ID}.json`), 'utf8')).toBe(SIDECAR);
}

describe('a server that is killed and started again', () => {
  it.each(['always', 'size'] as const)('in the middle of a transfer is written to from where it stopped (verify: %s)', async (verify) => {
    await start();
    const product = await workspace.product('a', 64 * MIB);
    const bytes: number[] = [];
    const writes = watchWrites();
    let before = 0;
    let restarted: Promise<void> | undefined;
    const published = publish(
      open({}, { verify }),
      request(product, {
        onBytes(done) {
          bytes.push(done);
          if (done < 16 * MIB || restarted !== undefined) return;
          before = writes.length;
          restarted = sshd.kill().then(() => sshd.restart());
        },
      }),
    );
    await published;
    await restarted;
    await requireWhole(product);
    // Never back to the beginning: what was there is built upon.
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    const positions = (from: number, to?: number): number[] => writes.slice(from, to).flatMap((channel) => channel.positions);
    expect(Math.min(...positions(0, before))).toBe(0);
    expect(Math.min(...positions(before))).toBeGreaterThanOrEqual(16 * MIB);
  });

  it('and has lost bytes that it had taken gets them again', async () => {
    await start();
    const product = await workspace.product('a', 32 * MIB);
    const part = join(workspace.images, PART);
    let restarted: Promise<void> | undefined;
    const crash = async (): Promise<void> => {
      await sshd.kill();
      await truncate(part, 4 * MIB);
      await sshd.restart();
    };
    await publish(open(), request(product, { onBytes: (done) => void (done > 16 * MIB ? (restarted ??= crash()) : undefined) }));
    await restarted;
    await requireWhole(product);
  });

  it('before any step goes on with that step', async () => {
    await start();
    const product = await workspace.product('a', MIB);
    const steps: string[] = [];
    await publish(watchedTarget(open(), (step) => void steps.push(step)), request(product));
    for (let at = 0; at < steps.length; at += 1) {
      const other = await workspace.product(`v${at}`, MIB);
      let count = 0;
      const killing = watchedTarget(open(), async () => {
        if (count++ !== at) return;
        await sshd.kill();
        await sshd.restart();
      });
      await publish(killing, request(other));
      await requireWhole(other);
    }
  });

  it.each(['.squashfs', '.json', '.meta'])('when the %s had its name, and the answer was lost, is not asked for what is done', async (suffix) => {
    await start();
    const proxy = await startCuttingProxy(sshd.port);
    try {
      const product = await workspace.product('a', MIB);
      const isIt = new RegExp(`^rename .*\\${suffix}$`);
      const target = watchedTarget(open(await through(proxy.port)), (step) => {
        if (!isIt.test(step)) return;
        proxy.holdAnswers();
        const named = join(workspace.images, step.split(' ')[2]!);
        const timer = setInterval(() => {
          if (!existsSync(named)) return;
          clearInterval(timer);
          proxy.cut();
        }, 5);
      });
      await publish(target, request(product));
      expect(proxy.connectionCount).toBe(2);
      await requireWhole(product);
    } finally {
      await proxy.close();
    }
  });

  it('and does not come back fails the publish, and leaves the old image', async () => {
    await start();
    const old = await workspace.product('old', MIB);
    await publish(open(), request(old));
    const product = await workspace.product('a', 64 * MIB);
    let killed: Promise<void> | undefined;
    const failing = publish(
      open({ limits: { ...TEST_LIMITS, reconnects: 1 } }),
      request(product, { onBytes: (done) => void (done > 16 * MIB ? (killed ??= sshd.kill()) : undefined) }),
    );
    await expect(failing).rejects.toMatchObject({ code: 'DELIVERY_FAILED', retryable: true, message: expect.stringContaining(`127.0.0.1:${sshd.port}`) });
    await killed;
    // The leftover stays until somebody can reach the system again; readers see the old image alone.
    expect((await readdir(workspace.images)).filter((name) => !name.startsWith('.'))).toEqual([`${IMAGE_ID}.meta`, `${IMAGE_ID}.squashfs`]);
    expect(await publishedDigest(workspace.images)).toBe(old.sha256);
    await sshd.restart();
    await publish(open(), request(product));
    await requireWhole(product);
  });
});

it('of two hosts the second goes on when the first dies in the middle of a transfer', async () => {
  await start();
  const second = await startSshd();
  try {
    const knownHosts = join(workspace.root, 'known_hosts');
    await writeFile(knownHosts, (await readFile(sshd.knownHosts, 'utf8')) + (await readFile(second.knownHosts, 'utf8')));
    await appendFile(join(second.directory, 'authorized_keys'), await readFile(`${sshd.key}.pub`, 'utf8'));
    const hosts = [sshd, second].map(({ host, port }) => ({ name: host, port }));
    const product = await workspace.product('a', 64 * MIB);
    let killed: Promise<void> | undefined;
    await publish(open({ hosts, knownHosts }), request(product, { onBytes: (done) => void (done > 16 * MIB ? (killed ??= sshd.kill()) : undefined) }));
    await killed;
    expect(killed).toBeDefined();
    await requireWhole(product);
  } finally {
    await second.stop();
  }
});

it('a server that stops answering, twice, is given up after a while, and asked for less', async () => {
  await start();
  const product = await workspace.product('a', 64 * MIB);
  const writes = watchWrites();
  const stops = [16 * MIB, 32 * MIB];
  /** Channels that were used up to each stop. */
  const used: number[] = [];
  await publish(
    open({ limits: { ...TEST_LIMITS, stallTimeoutMs: 500 } }),
    request(product, {
      onBytes(done) {
        if (done < (stops[0] ?? Infinity)) return;
        stops.shift();
        used.push(writes.length);
        sshd.signal('SIGSTOP');
      },
    }),
  );
  await requireWhole(product);
  const most = (from: number, to?: number): number => Math.max(...writes.slice(from, to).map(({ mostAtOnce }) => mostAtOnce));
  expect(most(used[1]!)).toBeLessThan(most(0, used[0]));
});

it('a connection that gives no signs of life is given up, however long an answer may take', async () => {
  await start();
  const product = await workspace.product('a', 32 * MIB);
  let isStopped = false;
  await publish(
    open({ limits: { ...TEST_LIMITS, stallTimeoutMs: 3_600_000, keepaliveMs: 100 } }),
    request(product, {
      onBytes(done) {
        if (isStopped || done < 8 * MIB) return;
        isStopped = true;
        sshd.signal('SIGSTOP');
      },
    }),
  );
  expect(isStopped).toBe(true);
  await requireWhole(product);
});

it('a connection that allows one session, on a long link, is used with one channel', async () => {
  await start({ maxSessions: 1 });
  const proxy = await startDelayingProxy(sshd.port, 10);
  try {
    const product = await workspace.product('a', 16 * MIB);
    const writes = watchWrites();
    const account = await through(proxy.port);
    await publish(open(account), request(product));
    await requireWhole(product);
    expect((await connections.get(accountOf(sshd, account))).rttMs).toBeGreaterThan(19);
    expect(writes).toHaveLength(1);
  } finally {
    await proxy.close();
  }
});

it('on a long link several channels are used, and what they write is whole', async () => {
  await start();
  const proxy = await startDelayingProxy(sshd.port, 10);
  try {
    const product = await workspace.product('a', 32 * MIB);
    const writes = watchWrites();
    await publish(open(await through(proxy.port)), request(product));
    await requireWhole(product);
    expect(writes.filter(({ positions }) => positions.length > 0).length).toBeGreaterThanOrEqual(7);
  } finally {
    await proxy.close();
  }
});

describe('cancelling', () => {
  /** Nothing else ends the waiting. */
  const patient = { ...TEST_LIMITS, stallTimeoutMs: 3_600_000, keepaliveMs: 3_600_000, reconnectDelayMs: 3_600_000 };

  it('while the server does not answer does not wait for it', async () => {
    await start();
    const product = await workspace.product('a', 64 * MIB);
    const controller = new AbortController();
    let done = 0;
    const published = publish(open({ limits: patient }, { cleanUpMs: 200 }), request(product, { signal: controller.signal, onBytes: (bytes) => void (done = bytes) }));
    published.catch(() => {});
    while (done < 16 * MIB) await setImmediate();
    sshd.signal('SIGSTOP');
    // Until all that was answered has arrived.
    for (let before = -1; before !== done; await setTimeout(100)) before = done;
    controller.abort();
    await expect(published).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(done).toBeLessThan(64 * MIB);
    sshd.signal('SIGCONT');
  });

  it('while the host is away does not wait for it to come back', async () => {
    await start();
    const product = await workspace.product('a', 64 * MIB);
    const controller = new AbortController();
    let killed: Promise<void> | undefined;
    const published = publish(
      open({ limits: patient }, { cleanUpMs: 200 }),
      request(product, { signal: controller.signal, onBytes: (done) => void (done > 16 * MIB ? (killed ??= sshd.kill()) : undefined) }),
    );
    published.catch(() => {});
    while (killed === undefined) await setImmediate();
    await killed;
    controller.abort();
    await expect(published).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('at any step while the server does not answer does not wait for it, and the next publish ends whole', async () => {
    await start();
    const steps: string[] = [];
    const target = open({ limits: patient }, { cleanUpMs: 50 });
    await publish(watchedTarget(target, (step) => void steps.push(step)), request(await workspace.product('a', MIB)));
    for (let at = 0; at < steps.length; at += 1) {
      // All steps are taken where nothing is.
      for (const name of await readdir(workspace.images)) await rm(join(workspace.images, name), { recursive: true });
      const other = await workspace.product(`v${at}`, MIB);
      const controller = new AbortController();
      let count = 0;
      const silenced = watchedTarget(target, () => {
        if (count++ !== at) return;
        sshd.signal('SIGSTOP');
        controller.abort();
      });
      await expect(publish(silenced, request(other, { signal: controller.signal }))).rejects.toMatchObject({ code: 'CANCELLED' });
      sshd.signal('SIGCONT');
      await publish(target, request(other));
      await requireWhole(other);
    }
  });
});
