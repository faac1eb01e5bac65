import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createSftpTarget, SshConnections, type SshAccount } from '../../src/delivery/index.js';
import { fingerprintOf, knownKeys } from '../../src/delivery/sftp/known-hosts.js';
import type { GatewayError } from '../../src/lib/errors.js';
import { runChild } from '../../src/lib/child.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { freePort, startSshd, type Sshd } from '../support/sshd.js';
import { accountOf, giveTo } from './fixtures/targets.js';
import { makeWorkspace, type Workspace } from './fixtures/workspace.js';

let sshd: Sshd;
let other: Sshd;
let workspace: Workspace;
let problems: GatewayError[];
let connections: SshConnections;

beforeAll(async () => {
  [sshd, other] = await Promise.all([startSshd({ logLevel: 'INFO' }), startSshd()]);
});
afterAll(() => Promise.all([sshd.stop(), other.stop()]));

beforeEach(async () => {
  workspace = await makeWorkspace();
  await giveTo(sshd, workspace.images);
  problems = [];
  connections = new SshConnections((problem) => problems.push(problem));
});
afterEach(async () => {
  await connections.close();
  await workspace.remove();
});

/** Looks into the image directory once, as `account` allows. */
function look(account: SshAccount): Promise<readonly string[]> {
  return createSftpTarget({ connections, account, imageDirectory: workspace.images }).list('.');
}

/** Gives up at once. */
const impatient = (account: SshAccount): SshAccount => ({ ...account, limits: { ...account.limits, reconnects: 0 } });

async function knownHostsWith(text: string): Promise<string> {
  const file = join(workspace.root, 'known_hosts');
  await writeFile(file, text);
  return file;
}

describe('a host key', () => {
  it('is taken from known_hosts: with the port, hashed, by a pattern, without the port', async () => {
    const { hostKey, port } = sshd;
    const hashed = await knownHostsWith(`[127.0.0.1]:${port} ${hostKey}\n`);
    await runChild({ command: 'ssh-keygen', args: ['-q', '-H', '-f', hashed] });
    expect(await readFile(hashed, 'utf8')).toMatch(/^\|1\|/);
    expect(await look(accountOf(sshd, { knownHosts: hashed }))).toEqual([]);
    for (const name of [`other,[127.0.0.*]:${port}`, '127.0.0.1', '*']) {
      expect(await look(accountOf(sshd, { knownHosts: await knownHostsWith(`# a comment\n\n${name} ${hostKey} comment\n`) }))).toEqual([]);
      await connections.close();
      connections = new SshConnections();
    }
  });

  it('that is not known is refused with the fingerprint seen, and nothing is logged in', async () => {
    await sshd.kill();
    await sshd.restart();
    for (const text of ['', `elsewhere ${sshd.hostKey}\n`, `*,![127.0.0.1]:${sshd.port},!127.0.0.1 ${sshd.hostKey}\n`, `@cert-authority * ${sshd.hostKey}\n`]) {
      const knownHosts = await knownHostsWith(text);
      await expect(look(accountOf(sshd, { knownHosts }))).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
        retryable: false,
        message: `127.0.0.1:${sshd.port} shows a host key that ${knownHosts} does not have. Seen: ${sshd.fingerprint}. If its administrator confirms this fingerprint, put the key into the known_hosts file.`,
      });
    }
    await rm(join(workspace.root, 'known_hosts'));
    await expect(look(accountOf(sshd, { knownHosts: join(workspace.root, 'known_hosts') }))).rejects.toMatchObject({ message: expect.stringContaining(sshd.fingerprint) });
    // The host has seen one login only: that of somebody who knows it.
    const logins = (): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0;
    expect(logins()).toBe(0);
    expect(await look(accountOf(sshd))).toEqual([]);
    while (logins() === 0) await setTimeout(20);
    expect(logins()).toBe(1);
  });

  it('that has changed, or is revoked, is refused with both fingerprints', async () => {
    const changed = await knownHostsWith(`[127.0.0.1]:${sshd.port} ${other.hostKey}\n`);
    await expect(look(accountOf(sshd, { knownHosts: changed }))).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining(`shows another host key than ${changed} has for it (${other.fingerprint}); somebody may be listening in. Seen: ${sshd.fingerprint}.`),
    });
    const revoked = await knownHostsWith(`* ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
    await expect(look(accountOf(sshd, { knownHosts: revoked }))).rejects.toMatchObject({ message: expect.stringContaining('revoked') });
  });

  it('under the name alone does not count when there is another with the port: ssh and we say so', async () => {
    const { hostKey, port } = sshd;
    const ssh = (knownHosts: string): Promise<string> => {
      const settings = [`UserKnownHostsFile=${knownHosts}`, 'GlobalKnownHostsFile=/dev/null', 'StrictHostKeyChecking=yes', 'BatchMode=yes', 'PreferredAuthentications=none'];
      return runChild({ command: 'ssh', args: ['-p', String(port), ...settings.flatMap((setting) => ['-o', setting]), '127.0.0.1', 'true'] });
    };
    const both = await knownHostsWith(`[127.0.0.1]:${port} ${other.hostKey}\n127.0.0.1 ${hostKey}\n`);
    await expect(ssh(both)).rejects.toThrow('Host key verification failed');
    await expect(look(accountOf(sshd, { knownHosts: both }))).rejects.toMatchObject({ message: expect.stringContaining(`another host key than ${both} has`) });
    const alone = await knownHostsWith(`[127.0.0.1]:${port + 1} ${other.hostKey}\n127.0.0.1 ${hostKey}\n`);
    await expect(ssh(alone)).rejects.toThrow('Permission denied');
    expect(await look(accountOf(sshd, { knownHosts: alone }))).toEqual([]);
  });

  it('can be pinned by its fingerprint, which then counts alone', async () => {
    expect(await look(accountOf(sshd, { knownHosts: '/not/there', fingerprints: [sshd.fingerprint] }))).toEqual([]);
    await expect(look(accountOf(sshd, { fingerprints: [other.fingerprint] }))).rejects.toMatchObject({ message: expect.stringContaining(`Seen: ${sshd.fingerprint}`) });
  });

  it('is read as ssh-keygen reads it', () => {
    const [key] = knownKeys(`* ${sshd.hostKey}`, { name: 'any', port: 22 });
    expect(fingerprintOf(key!.bytes)).toBe(sshd.fingerprint);
  });
});

describe('logging in', () => {
  it('with a key that has a passphrase', async () => {
    const passphraseFile = join(workspace.root, 'phrase');
    await writeFile(passphraseFile, 'a phrase\n');
    expect(await look(accountOf(sshd, { keyFile: sshd.lockedKey, passphraseFile }))).toEqual([]);
    // The connection that is there is not for those who can't open the key.
    await expect(look(accountOf(sshd, { keyFile: sshd.lockedKey }))).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    await connections.close();
    connections = new SshConnections();
    await writeFile(passphraseFile, 'another\n');
    await expect(look(accountOf(sshd, { keyFile: sshd.lockedKey, passphraseFile }))).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining('Check the passphrase') });
    await expect(look(accountOf(sshd, { keyFile: sshd.lockedKey }))).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining('ssh.passphraseFile') });
  });

  it('with an agent', async () => {
    const socket = join(workspace.root, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(agent.stdout, 'data');
      await runChild({ command: 'ssh-add', args: ['-q', sshd.key], env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const { keyFile: _, ...account } = accountOf(sshd, { agent: socket });
      expect(await look(account)).toEqual([]);
    } finally {
      const exit = once(agent, 'exit');
      agent.kill();
      await exit;
    }
  });

  it('is refused to a key that is not let in, which is not tried again', async () => {
    await chmod(other.directory, 0o755);
    const proxy = await startCuttingProxy(sshd.port);
    try {
      const account = accountOf(sshd, { keyFile: other.key, hosts: [{ name: '127.0.0.1', port: proxy.port }], fingerprints: [sshd.fingerprint] });
      await expect(look(account)).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
        retryable: false,
        message: `127.0.0.1:${proxy.port} does not let ${sshd.username} in with the key ${other.key}. Put the public key into authorized_keys of ${sshd.username} there.`,
      });
      expect(proxy.connectionCount).toBe(1);
    } finally {
      await proxy.close();
    }
  });
});

describe('hosts', () => {
  it('are passed over for the next when down or not trusted, and what was wrong is told', async () => {
    const knownHosts = await knownHostsWith(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    const dead = await freePort();
    const hosts = [dead, other.port, sshd.port].map((port) => ({ name: '127.0.0.1', port }));
    expect(await look(accountOf(sshd, { hosts, knownHosts }))).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(`Can't connect to 127.0.0.1:${dead}: `), expect.stringContaining(other.fingerprint)]);
    // The one that answered is kept: the others are not asked again.
    await look(accountOf(sshd, { hosts, knownHosts }));
    expect(problems).toHaveLength(2);
  });

  it('that are all down are all named', async () => {
    const ports = [await freePort(), await freePort()];
    const hosts = ports.map((port) => ({ name: '127.0.0.1', port }));
    const failing = look(impatient(accountOf(sshd, { hosts })));
    await expect(failing).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      retryable: true,
      message: expect.stringMatching(new RegExp(`^None of the hosts 127\\.0\\.0\\.1:${ports[0]}, 127\\.0\\.0\\.1:${ports[1]} can be used\\. `)),
    });
  });

  it('have one connection each, shared by all systems and kept until the end', async () => {
    const account = accountOf(sshd);
    await Promise.all(Array.from({ length: 20 }, () => look(account)));
    await look(account);
    const connection = await connections.get(account);
    expect(await connections.get({ ...account })).toBe(connection);
    expect(sshd.sessions()).toBe(1);
    await connections.close();
    expect(connection.isOpen).toBe(false);
    await expect(connections.get(account)).rejects.toMatchObject({ message: expect.stringContaining('closing') });
  });
});
