import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSftpTarget, publish, SshConnections, type Product, type PublishRequest, type SftpTargetOptions, type SshAccount } from '../../src/delivery/index.js';
import { startDelayingProxy } from '../support/delaying-proxy.js';
import { startSshd, type Sshd, type SshdOptions } from '../support/sshd.js';
import { accountOf, giveTo, TEST_LIMITS } from './fixtures/targets.js';
import { changedTarget, watchedTarget } from './fixtures/watched-target.js';
import { filesBelow, IMAGE_ID, makeWorkspace, MIB, ONE_IMAGE, publishedDigest, PULL_ID, SIGNAL, type Workspace } from './fixtures/workspace.js';

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
    let restarted: Promise<void> | undefined;
    const published = publish(
      open({}, { verify }),
      request(product, {
        onBytes(done) {
          bytes.push(done);
          if (done > 16 * MIB) restarted ??= sshd.kill().then(() => sshd.restart());
        },
      }),
    );
    await published;
    await restarted;
    await requireWhole(product);
    // Never back to the beginning: what was there is built upon.
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(restarted).toBeDefined();
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

it('a server that stops answering is given up after a while, and asked for less', async () => {
  await start();
  const product = await workspace.product('a', 64 * MIB);
  let stopped = false;
  const bytes: number[] = [];
  await publish(
    open({ limits: { ...TEST_LIMITS, stallTimeoutMs: 500 } }),
    request(product, {
      onBytes(done) {
        bytes.push(done);
        if (stopped || done < 16 * MIB) return;
        stopped = true;
        sshd.signal('SIGSTOP');
      },
    }),
  );
  expect(stopped).toBe(true);
  await requireWhole(product);
  expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
});

it('a connection that allows one session, on a long link, is used with one channel', async () => {
  await start({ maxSessions: 1 });
  const proxy = await startDelayingProxy(sshd.port, 10);
  try {
    const product = await workspace.product('a', 16 * MIB);
    const knownHosts = join(workspace.root, 'known_hosts');
    await writeFile(knownHosts, `127.0.0.1 ${sshd.hostKey}\n`);
    const account = { hosts: [{ name: '127.0.0.1', port: proxy.port }], knownHosts };
    await publish(open(account), request(product));
    await requireWhole(product);
    const connection = await connections.get(accountOf(sshd, account));
    expect(connection.rttMs).toBeGreaterThan(19);
    expect(await connection.channels(8)).toHaveLength(1);
  } finally {
    await proxy.close();
  }
});

it('on a long link several channels are used, and what they write is whole', async () => {
  await start();
  const proxy = await startDelayingProxy(sshd.port, 10);
  try {
    const product = await workspace.product('a', 48 * MIB);
    const knownHosts = join(workspace.root, 'known_hosts');
    await writeFile(knownHosts, `127.0.0.1 ${sshd.hostKey}\n`);
    const account = { hosts: [{ name: '127.0.0.1', port: proxy.port }], knownHosts };
    const target = open(account);
    await publish(target, request(product));
    await requireWhole(product);
    const connection = await connections.get(accountOf(sshd, account));
    expect((await connection.channels(100)).length).toBeGreaterThanOrEqual(7);
  } finally {
    await proxy.close();
  }
});

it('cancelling while the server does not answer does not wait for it', async () => {
  await start();
  const product = await workspace.product('a', 64 * MIB);
  const controller = new AbortController();
  // Cleaning up does wait, until the connection counts as broken; the sweep finds what is left.
  const target = changedTarget(open(), { remove: async () => {} });
  const published = publish(
    target,
    request(product, {
      signal: controller.signal,
      onBytes(done) {
        if (done < 16 * MIB || controller.signal.aborted) return;
        sshd.signal('SIGSTOP');
        controller.abort();
      },
    }),
  );
  await expect(published).rejects.toMatchObject({ code: 'CANCELLED' });
  sshd.signal('SIGCONT');
});
