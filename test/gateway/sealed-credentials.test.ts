/** Logins for registries that workers have from the API alone: sealed on their way, for listed keys only. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { PullState } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { publishCredentials } from '../../src/jobs/credentials/publish-credentials.js';
import { createLogger } from '../../src/lib/log.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { publicKeyText, seal, unseal } from '../../src/lib/seal.js';
import { createCredentialStore } from '../../src/models/credential-store.js';
import { openDatabase } from '../../src/models/database.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const MAIN = new URL('../../dist/imagegw/main.js', import.meta.url).pathname;

describe('what is sealed', () => {
  const { privateKey } = generateKeyPairSync('x25519');
  const reader = publicKeyText(privateKey);
  const sealed = seal('secret ü', reader, 'https://a');

  it('opens with its key and for what it belongs to, and not otherwise', () => {
    expect(unseal(sealed, privateKey, 'https://a')).toBe('secret ü');
    expect(seal('secret ü', reader, 'https://a')).not.toBe(sealed);
    expect(() => unseal(sealed, privateKey, 'https://b')).toThrow(/does not open/);
    expect(() => unseal(sealed, generateKeyPairSync('x25519').privateKey, 'https://a')).toThrow(/does not open/);
  });

  it('opens no more when any byte of it has changed', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => unseal(changed.toString('base64url'), privateKey, 'https://a')).toThrow(/does not open/);
    }
    for (const length of [0, 31, 60]) expect(() => unseal(bytes.subarray(0, length).toString('base64url'), privateKey, 'https://a')).toThrow(/does not open/);
  });
});

describe('a worker without logins of its own', () => {
  let stack: TestStack;
  let registry: FakeRegistry;
  let site: Site;
  let api: RunningGateway | undefined;
  let password: string;
  let workerKey: string;
  let configFile: string;
  const workers: ChildProcess[] = [];

  beforeEach(async () => {
    [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
    password = 'Corr3ct-Horse-Battery';
    registry.hook = (request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    site = makeSite(stack, registry.url, { PullUpdateTimeout: 0, Locations: { test: { remotetype: 'dockerv2', url: registry.url, insecure: true } } });
    configFile = join(site.directory, 'worker.json');
    const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
    writeFileSync(configFile, JSON.stringify({ ...file, StateDirectory: join(site.directory, 'beside') }));
    workerKey = execFileSync(process.execPath, [MAIN, 'worker-key', '--config', configFile], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }).trim();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await kill(worker);
    await api?.close();
    api = undefined;
    await registry.stop();
    await stack.stop();
    site.remove();
  });

  async function startApi(workerKeys: readonly string[], login: object = { credentials: { username: 'ann', password } }): Promise<void> {
    await api?.close();
    api = undefined;
    const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
    const Locations = { test: { remotetype: 'dockerv2', url: registry.url, insecure: true, ...login } };
    writeFileSync(site.configFile, JSON.stringify({ ...file, WorkerKeys: workerKeys, Locations, CredentialsRereadInterval: 0.1 }));
    const { config } = loadConfig({ file: site.configFile, environment: site.environment });
    api = await startInProcess({ ...site, config }, { api: true, worker: false });
  }

  async function pull(tag: string): Promise<PullState> {
    registry.putImage([tarOf({ name: tag, body: tag })], tag);
    const client = clientOf(api!);
    const { pulls } = await client.pull({ reference: `app:${tag}`, systems: ['one'] });
    return (await statesOf(client, pulls[0]!.id)).at(-1)!;
  }

  /** Everything that Redis holds, as text. */
  async function contentOf(redis: Redis): Promise<string> {
    const values: unknown[] = [];
    for (const key of await redis.keys('*')) {
      const read = { string: () => redis.get(key), hash: () => redis.hgetall(key), list: () => redis.lrange(key, 0, -1), set: () => redis.smembers(key), zset: () => redis.zrange(key, 0, -1), stream: () => redis.xrange(key, '-', '+') }[await redis.type(key)];
      values.push(key, await read?.());
    }
    return JSON.stringify(values);
  }

  function filesHold(directory: string, text: string): boolean {
    return (readdirSync(directory, { recursive: true }) as string[]).some((name) => {
      const path = join(directory, name);
      return statSync(path).isFile() && readFileSync(path).includes(text);
    });
  }

  it('gets them sealed; neither Redis nor the index ever holds them in clear, and a change reaches it while it runs', async () => {
    const redis = new Redis(redisOptions(site.environment['REDIS_URL']!));
    const monitor = await redis.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    await startApi([workerKey]);
    workers.push(await spawnWorker({ ...site, configFile }));
    expect(await pull('first')).toMatchObject({ state: 'READY', error: null });
    const old = password;
    password = 'An0ther-Long-Passw0rd';
    await startApi([workerKey]);
    // The worker is told; until it has heard, it is refused.
    let state = await pull('second');
    for (let i = 0; state.state !== 'READY'; i++) state = await pull(`again-${String(i)}`);

    const held = await contentOf(redis);
    expect(seen.some((line) => line.startsWith('publish gw:credentials'))).toBe(true);
    expect(held).toContain('gw:');
    expect(filesHold(stack.directory, workerKey)).toBe(true);
    for (const secret of [old, password]) {
      for (const form of [secret, Buffer.from(`ann:${secret}`).toString('base64'), Buffer.from(secret).toString('base64').slice(0, 20)]) {
        expect(held).not.toContain(form);
        expect(seen.join('\n')).not.toContain(form);
        expect(filesHold(stack.directory, form)).toBe(false);
      }
    }
    monitor.disconnect();
    redis.disconnect();
  }, 60_000);

  /** Of an API that has its logins from a file, or from a program. */
  const elsewhere = {
    credentialsFile: (path: string) => writeFileSync(path, JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(`ann:${password}`).toString('base64') } } })),
    credentialHelper: (path: string) => writeFileSync(path, `#!/bin/sh\necho '${JSON.stringify({ Username: 'ann', Secret: password })}'\n`, { mode: 0o755 }),
  };

  it.each(['credentialsFile', 'credentialHelper'] as const)('gets those of a %s, too, and what changes there while all runs', async (key) => {
    const path = join(site.directory, 'login');
    elsewhere[key](path);
    await startApi([workerKey], { [key]: path });
    workers.push(await spawnWorker({ ...site, configFile }));
    expect(await pull('first')).toMatchObject({ state: 'READY', error: null });
    password = 'An0ther-Long-Passw0rd';
    expect(await pull('second')).toMatchObject({ state: 'FAILED', error: { code: 'DENIED' } });
    elsewhere[key](path);
    // The worker is told; until it has heard, it is refused.
    let state = await pull('second');
    for (let i = 0; state.state !== 'READY'; i++) state = await pull(`again-${String(i)}`);
  }, 60_000);

  it('keeps what it has while the helper of the API can not be asked', async () => {
    const path = join(site.directory, 'login');
    elsewhere.credentialHelper(path);
    const Locations = { test: { remotetype: 'dockerv2', url: registry.url, insecure: true, credentialHelper: path } };
    const { config } = site.withKeys({ WorkerKeys: [workerKey], Locations });
    const sealed: number[] = [];
    const log = createLogger('fatal');
    const warned = new EventEmitter();
    log.warn = (): void => void warned.emit('warning');
    const store = { replaceAll: (records: readonly unknown[]) => Promise.resolve(void sealed.push(records.length)) };
    const published = await publishCredentials({ config, store, announce: () => Promise.resolve(), rereadMs: 10, log });
    const failed = once(warned, 'warning');
    writeFileSync(path, '#!/bin/sh\nexit 1\n');
    await failed;
    await once(warned, 'warning');
    await published.close();
    expect(sealed).toEqual([1]);
  });

  it('gets the identity token of a helper as one', async () => {
    const path = join(site.directory, 'login');
    writeFileSync(path, `#!/bin/sh\necho '${JSON.stringify({ Username: '<token>', Secret: 'identity-7' })}'\n`, { mode: 0o755 });
    await startApi([workerKey], { credentialHelper: path });
    const key = createPrivateKey(readFileSync(join(site.directory, 'beside', 'worker-key')));
    const database = await openDatabase({ uri: site.environment['MONGODB_URI']!, serverSelectionMs: 5000 });
    const [record] = await createCredentialStore(database).listFor(workerKey);
    await database.close();
    expect(JSON.parse(unseal(record!.sealed, key, registry.url))).toEqual({ identityToken: 'identity-7' });
  }, 60_000);

  it.each([
    ['credentialsFile', '[]', /credentials file .* is no use/],
    ['credentialHelper', '#!/bin/sh\nexit 3\n', /login .* can't be sealed for the workers/],
  ])('a %s that gives no login is told when the API starts', async (key, content, why) => {
    const path = join(site.directory, 'login');
    writeFileSync(path, content, { mode: 0o755 });
    await expect(startApi([workerKey], { [key]: path })).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(why) });
    // Without workers that need it, nobody is asked.
    await startApi([], { [key]: path });
  }, 60_000);

  it('is refused when its key is not listed, or no more', async () => {
    await startApi([publicKeyText(generateKeyPairSync('x25519').publicKey)]);
    workers.push(await spawnWorker({ ...site, configFile }));
    expect(await pull('first')).toMatchObject({ state: 'FAILED', error: { code: 'DENIED' } });
    expect(() => loadConfigWith(['x25519:short'])).toThrow(/WorkerKeys/);
  }, 60_000);

  function loadConfigWith(workerKeys: readonly string[]): void {
    const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
    writeFileSync(site.configFile, JSON.stringify({ ...file, WorkerKeys: workerKeys }));
    loadConfig({ file: site.configFile, environment: site.environment });
  }

  it('keeps its key to itself', async () => {
    const path = join(site.directory, 'beside', 'worker-key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(workerKey).toMatch(/^x25519:[\w-]{43}$/);
    chmodSync(path, 0o640);
    await startApi([workerKey]);
    await expect(spawnWorker({ ...site, configFile })).rejects.toThrow();
  });
});
