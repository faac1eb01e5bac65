import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig, loadConfig, type GatewayConfig, type SystemConfig } from '../../src/config/index.js';
import { createFindings } from '../../src/config/findings.js';
import { translateSshOptions } from '../../src/config/ssh-options.js';
import { CLEAN_UP_MS, DEFAULT_SSH_LIMITS } from '../../src/delivery/index.js';
import { DEFAULT_REGISTRY_LIMITS } from '../../src/registry/settings.js';
import { DEFAULT_ROOTFS_LIMITS, DEFAULT_ROOTFS_POLICY } from '../../src/rootfs/settings.js';
import { goodFile, type JsonObject } from './good-file.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-config-'));
  file = join(directory, 'imagemanager.json');
  writeFileSync(join(directory, 'local.crt'), 'certificate');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function load(keys: JsonObject, environment: NodeJS.ProcessEnv = {}, overrides = {}): GatewayConfig {
  writeFileSync(file, JSON.stringify({ ...goodFile, ...keys }));
  return loadConfig({ file, environment, overrides }).config;
}

function system(keys: JsonObject, top: JsonObject = {}): SystemConfig | undefined {
  return load({ ...top, Platforms: { cori: { ...goodFile.Platforms.cori, ...keys } } }).systems[0];
}

describe('an existing file', () => {
  it('is read', () => {
    const config = load({});
    expect(config).toMatchObject({
      file,
      workerThreads: 8,
      imageExpirationMs: 90 * 86_400_000,
      pullUpdateMs: 300_000,
      mongoUri: 'mongodb://localhost/Shifter',
      host: '127.0.0.1',
    });
    expect(config.registries.map(({ url, caFile }) => [url, caFile])).toEqual([
      ['https://registry-1.docker.io', undefined],
      ['https://localhost:5000', join(directory, 'local.crt')],
    ]);
    expect(config.systems).toMatchObject([{ name: 'cori', admins: ['root'], imageDirectory: '/images' }]);
  });

  it('gives a registry the name that its certificate must be for', () => {
    const { registries } = load({ DefaultImageLocation: 'local', Locations: { local: { serverName: 'registry.internal' } } });
    expect(registries).toMatchObject([{ name: 'local', url: 'https://local', serverName: 'registry.internal' }]);
  });

  it.each<[string, JsonObject, Partial<GatewayConfig>]>([
    ['PullUpdateTime stands in', { PullUpdateTimeout: null, PullUpdateTime: 60 }, { pullUpdateMs: 60_000 }],
    ['PullUpdateTimeout wins', { PullUpdateTimeout: 30, PullUpdateTime: 60 }, { pullUpdateMs: 30_000 }],
    ['nobody imports', { ImportUsers: [] }, { importUsers: [] }],
    ['none imports', { ImportUsers: 'none' }, { importUsers: [] }],
    ['all import', { ImportUsers: 'all' }, { importUsers: 'all' }],
    ['one imports', { ImportUsers: ['ann'] }, { importUsers: ['ann'] }],
    ['critical is fatal', { LogLevel: 'CRITICAL' }, { logLevel: 'fatal' }],
    ['a size with a unit', { CacheMaxSize: '1.5 GiB' }, { cacheMaxBytes: 1.5 * 2 ** 30 }],
    ['an alias of Docker Hub', { DefaultImageLocation: 'docker.io' }, { defaultRegistry: 'index.docker.io' }],
    [
      'an alias of Docker Hub that is there under a name of the site',
      { DefaultImageLocation: 'docker.io', Locations: { hub: { url: 'https://registry-1.docker.io' } } },
      { defaultRegistry: 'hub' },
    ],
  ])('%s', (_name, keys, expected) => {
    expect(load(keys)).toMatchObject(expected);
  });

  it('gives systems with one munge socket one realm, without a slash', () => {
    const realm = system({})?.realm;
    expect(realm).toBe('munge:%2Fvar%2Frun%2Fmunge%2Fmunge.socket.2');
    expect(system({ mungeSocketPath: null })?.realm).toBe('site');
    expect(system({ realm: 'lab' })?.realm).toBe('lab');
  });
});

describe('sources', () => {
  it('options win over the environment, which wins over the file', () => {
    const environment = {
      IMAGEGW_PORT: '2',
      IMAGEGW_STATE: '/s2',
      REDIS_URL: 'redis://b',
      MONGODB_URI: 'mongodb://b',
    };
    const keys = { Port: 1, StateDirectory: '/s1', RedisURL: 'redis://a' };
    expect(load(keys)).toMatchObject({ port: 1, stateDirectory: '/s1', redisUrl: 'redis://a' });
    expect(load(keys, environment)).toMatchObject({
      port: 2,
      stateDirectory: '/s2',
      redisUrl: 'redis://b',
      mongoUri: 'mongodb://b/imagegw',
    });
    expect(load(keys, environment, { port: 0, state: '/s3' })).toMatchObject({
      port: 0,
      stateDirectory: '/s3',
    });
  });

  it('IMAGEGW_CONFIG wins over GWCONFIG', () => {
    load({ Port: 11 });
    const missing = join(directory, 'missing.json');
    const of = (environment: NodeJS.ProcessEnv): number => loadConfig({ environment }).config.port;
    expect(of({ GWCONFIG: file })).toBe(11);
    expect(of({ IMAGEGW_CONFIG: file, GWCONFIG: missing })).toBe(11);
    expect(() => of({ IMAGEGW_CONFIG: missing, GWCONFIG: file })).toThrow(missing);
  });

  it('tells all problems in one error, without passwords', () => {
    const environment = { REDIS_URL: 'http://:hunter2@x', MONGODB_URI: 'hunter2', IMAGEGW_PORT: '70000' };
    const error = thrownBy(() => load({ Port: 'x', WorkerThreads: 0 }, environment));
    expect(error).toMatchObject({ code: 'BAD_CONFIG' });
    for (const name of ['Port', 'WorkerThreads', ...Object.keys(environment)])
      expect(String(error)).toContain(`\n  ${name}: `);
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('defaults', () => {
  it('of one machine without a file', () => {
    expect(defaultConfig('/s')).toMatchObject({
      systems: [{ name: 'local', imageDirectory: '/s/images' }],
      registries: [{ name: 'index.docker.io', url: 'https://registry-1.docker.io' }],
      cacheDirectory: '/s/cache',
      expandDirectory: '/s/expand',
      stateDirectory: '/s',
      authentication: ['none'],
      host: '127.0.0.1',
      port: 7171,
    });
  });

  it('are those of the rooms that they are for', () => {
    const { registryLimits, rootfsLimits, systems } = defaultConfig('/s');
    expect(DEFAULT_REGISTRY_LIMITS).toMatchObject({ ...registryLimits });
    expect(rootfsLimits).toEqual(DEFAULT_ROOTFS_LIMITS);
    expect(DEFAULT_ROOTFS_POLICY).toMatchObject({ ...systems[0]?.policy });
  });
});

describe('a remote system', () => {
  const ssh = { username: 'shifter', key: 'id_ed25519', imageDir: '/images' };
  const remote = (keys: JsonObject, more: JsonObject = {}): SystemConfig | undefined =>
    system({ accesstype: 'remote', local: null, host: ['dtn1', 'dtn2:2222', '[2001:db8::1]:22'], ssh: { ...ssh, ...keys }, ...more });

  it('is read as a Shifter site has it, with limits of ours', () => {
    writeFileSync(join(directory, 'id_ed25519'), 'key');
    const read = remote({ sshCmdOptions: ['-o', 'StrictHostKeyChecking=no'] });
    expect(read).toMatchObject({ access: 'remote', imageDirectory: '/images', delivery: { verify: 'always', cleanUpMs: CLEAN_UP_MS, retries: 2, retryDelayMs: 2000 } });
    expect(read?.ssh).toEqual({
      hosts: [
        { name: 'dtn1', port: 22 },
        { name: 'dtn2', port: 2222 },
        { name: '2001:db8::1', port: 22 },
      ],
      username: 'shifter',
      key: join(directory, 'id_ed25519'),
      fingerprints: [],
      allowOlderServers: false,
      ...DEFAULT_SSH_LIMITS,
    });
  });

  it('takes a port, pinned keys, a passphrase, an agent, an owner and each limit', () => {
    const fingerprint = `SHA256:${'a'.repeat(43)}`;
    const read = remote(
      {
        port: 77,
        passphraseFile: '/p',
        agent: '/a',
        knownHosts: '/k',
        fingerprints: fingerprint,
        olderServers: 'allow',
        channels: 2,
        connectTimeout: 1,
        keepalive: 2,
        stallTimeout: 3,
        reconnects: 4,
        reconnectDelay: 0.5,
      },
      { host: 'one', delivery: { owner: '12:34', cleanUpTimeout: 2, retries: 3, retryDelay: 0.5 } },
    );
    expect(read?.ssh).toEqual({
      hosts: [{ name: 'one', port: 77 }],
      username: 'shifter',
      key: expect.stringContaining('id_ed25519'),
      passphraseFile: '/p',
      agent: '/a',
      knownHosts: '/k',
      fingerprints: [fingerprint],
      allowOlderServers: true,
      channels: 2,
      connectTimeoutMs: 1000,
      keepaliveMs: 2000,
      stallTimeoutMs: 3000,
      reconnects: 4,
      reconnectDelayMs: 500,
    });
    expect(read?.delivery).toMatchObject({ owner: { uid: 12, gid: 34 }, cleanUpMs: 2000, retries: 3, retryDelayMs: 500 });
  });

  it.each([
    ['Platforms.cori.ssh.username', { ssh: { imageDir: '/i' } }],
    ['Platforms.cori.ssh.imageDir', { ssh: { username: 'u', imageDir: 'i' } }],
    ['Platforms.cori.host', { host: null }],
    ['Platforms.cori.host', { host: ['a b'] }],
    ['Platforms.cori.ssh.fingerprints', { ssh: { ...ssh, fingerprints: 'MD5:aa' } }],
    ['Platforms.cori.delivery.owner', { delivery: { owner: 'root' } }],
  ])('does not start without %s as it must be', (path, keys) => {
    expect(String(thrownBy(() => remote({}, keys)))).toContain(path);
  });
});

describe('arguments for ssh', () => {
  it('are translated; the check of host keys is never weakened', () => {
    const findings = createFindings();
    const args = [
      '-p',
      '2222',
      '-oPort=9',
      '-i',
      '/k',
      '-o',
      'UserKnownHostsFile=/h',
      '-o',
      'stricthostkeychecking no',
    ];
    const translated = translateSshOptions([...args, '-v'], 'x', findings);
    expect(translated).toEqual({ port: 2222, key: '/k', knownHosts: '/h' });
    expect(findings.warnings.map(({ path }) => path)).toEqual(['x[7]', 'x[9]']);
    expect(translateSshOptions(['-oUserKnownHostsFile=/dev/null'], 'x', findings)).toEqual({});
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
