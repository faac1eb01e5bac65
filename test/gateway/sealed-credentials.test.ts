/** Logins for registries that workers have from the API alone: sealed on their way, for listed keys only. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import type { PullState } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { publicKeyText, seal, unseal } from '../../src/lib/seal.js';
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

  async function startApi(workerKeys: readonly string[]): Promise<void> {
    await api?.close();
    const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
    const Locations = { test: { remotetype: 'dockerv2', url: registry.url, insecure: true, credentials: { username: 'ann', password } } };
    writeFileSync(site.configFile, JSON.stringify({ ...file, WorkerKeys: workerKeys, Locations }));
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
