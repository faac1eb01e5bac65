/**
 * Logins and tokens of registries, what unlocks and what is in SSH keys, and passwords of Redis and the index, looked for in
 * everything that a whole gateway writes or says: its log, what callers get, every command and every value in Redis, the
 * files of the index, all files of the site, in mid-pull too, and what is published.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { GatewayClient, PullState } from '../../src/client/index.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { runChild } from '../../src/lib/child.js';
import { createLogger } from '../../src/lib/log.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, statesOf, until, type Site } from '../support/gateway.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const secret = (name: string): string => `${name}-${randomBytes(9).toString('hex')}`;
const login = { username: 'ann', password: secret('password') };
const helper = { username: 'bob', password: secret('helper') };
const token = secret('bearer');
const callers = secret('callers');
const basicOf = ({ username, password }: typeof login): string => Buffer.from(`${username}:${password}`).toString('base64');
const passphrase = secret('passphrase');
const wrongPassphrase = secret('wrong');
const redisPassword = secret('redis');
const mongoPassword = secret('mongo');
const secrets = [login.password, helper.password, token, callers, basicOf(login), basicOf(helper), passphrase, wrongPassphrase, redisPassword, mongoPassword];
/** What must be found wherever a secret is looked for: otherwise the search itself is broken. */
const canary = secret('canary').toLowerCase();

let stack: TestStack;
let tokens: FakeRegistry;
let basic: FakeRegistry;
let site: Site;
let gateway: RunningGateway;
let client: GatewayClient;
let redis: Redis;
let monitor: Redis;
/** Where logins lie; no part of what is searched. */
let vault: string;
let sshd: Sshd;
/** On the system that is reached over SSH. */
let farImages: string;
let log = '';
let commands = '';

beforeAll(async () => {
  vault = mkdtempSync(join(tmpdir(), 'imagegw-vault-'));
  const passwordFile = join(vault, 'password');
  writeFileSync(passwordFile, login.password, { mode: 0o600 });
  const credentialHelper = join(vault, 'helper');
  writeFileSync(credentialHelper, `#!/bin/sh\ncat >/dev/null\necho '${JSON.stringify({ Username: helper.username, Secret: helper.password })}'\n`);
  chmodSync(credentialHelper, 0o700);
  [stack, sshd] = await Promise.all([startTestStack(), startSshd()]);
  const key = join(vault, 'key');
  copyFileSync(sshd.lockedKey, key);
  chmodSync(key, 0o600);
  await runChild({ command: 'ssh-keygen', args: ['-q', '-p', '-P', 'a phrase', '-N', passphrase, '-f', key] });
  // Any line of it but the frame.
  secrets.push(readFileSync(key, 'utf8').split('\n')[2] ?? '');
  for (const [name, phrase] of [['passphrase', passphrase], ['wrong-passphrase', wrongPassphrase]] as const) writeFileSync(join(vault, name), phrase, { mode: 0o600 });
  farImages = mkdtempSync(join(tmpdir(), 'imagegw-far-'));
  await giveTo(sshd, farImages);
  // A key of its own, because a connection is shared by all that name the same.
  copyFileSync(key, join(vault, 'same-key'));
  const far = (keyFile: string, passphraseFile: string): object => ({
    accesstype: 'remote',
    host: [`127.0.0.1:${String(sshd.port)}`],
    ssh: { username: sshd.username, key: join(vault, keyFile), passphraseFile: join(vault, passphraseFile), knownHosts: sshd.knownHosts, imageDir: farImages, reconnects: 1, reconnectDelay: 0.05 },
    platform: 'linux/amd64',
  });
  tokens = await startFakeRegistry();
  basic = await startFakeRegistry();
  site = makeSite(stack, tokens.url, {
    Locations: {
      tokens: { remotetype: 'dockerv2', url: tokens.url, insecure: true, credentials: { username: login.username, passwordFile } },
      basic: { remotetype: 'dockerv2', url: basic.url, insecure: true, credentialHelper },
    },
    DefaultImageLocation: 'tokens',
    Platforms: { one: far('key', 'passphrase'), locked: far('same-key', 'wrong-passphrase') },
    RegistryLimits: { retries: 1, retryDelay: 0 },
    // Trying a passphrase keeps the event loop for a while.
    JobLockDuration: 10,
  });
  redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
  await redis.acl('SETUSER', 'gateway', 'on', `>${redisPassword}`, '~*', '&*', '+@all');
  monitor = await redis.monitor();
  monitor.on('monitor', (_time: string, words: readonly string[]) => (commands += `${words.join(' ')}\n`));
  gateway = await startGateway({
    config: site.config,
    redisUrl: withLogin(site.environment['REDIS_URL'], redisPassword),
    // The embedded index asks for no login, and takes one.
    mongoUri: `${withLogin(site.environment['MONGODB_URI'], mongoPassword)}?authMechanism=PLAIN`,
    roles: { api: true, worker: true },
    version: 'test',
    log: createLogger('trace', { write: (line) => void (log += line) }),
  });
  client = clientOf(gateway);
});
afterAll(async () => {
  await gateway.close();
  monitor.disconnect();
  redis.disconnect();
  await tokens.stop();
  await basic.stop();
  site.remove();
  await stack.stop();
  await sshd.stop();
  rmSync(farImages, { recursive: true });
  rmSync(vault, { recursive: true });
});

/** An address of a server, as somebody with that password has it. */
function withLogin(address = '', password: string): string {
  const login = `gateway:${password}@`;
  return address.startsWith('unix:///') ? address.replace('unix:///', `unix://${login}localhost/`) : address.replace('://', `://${login}`);
}

/** Asks for a token, or for Basic, and sends back what it gets whenever it refuses. */
function guard(): void {
  tokens.hook = (request, response, path) => {
    const given = request.headers.authorization ?? '';
    if (path === '/token') return Boolean(response.end(JSON.stringify({ token: given === `Basic ${basicOf(login)}` ? token : 'anonymous' })));
    if (given === `Bearer ${token}`) return path.includes('refused') && Boolean(response.writeHead(403).end(`${given} ${login.password} ${basicOf(login)}`));
    return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.url}/token",service="${canary}"` }).end(given));
  };
  basic.hook = (request, response, path) => {
    const given = request.headers.authorization ?? '';
    if (path.includes('/blobs/') && path.includes('broken')) return Boolean(response.writeHead(500).end(`${given} ${helper.password}`));
    if (given === `Basic ${basicOf(helper)}`) return false;
    return Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(given));
  };
}

function filesOf(directory: string): string {
  const names = readdirSync(directory, { recursive: true }) as string[];
  const files = names.map((name) => join(directory, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return [...names, ...files.map((path) => readFileSync(path, 'latin1'))].join('\n');
}

async function valuesInRedis(): Promise<string> {
  // Compressed, nothing would be found.
  await redis.config('SET', 'rdbcompression', 'no');
  const keys = await redis.keys('*');
  return [...keys, ...(await Promise.all(keys.map(async (key) => ((await redis.dumpBuffer(key)) as Buffer | null)?.toString('latin1') ?? '')))].join('\n');
}

const found = (text: string): string[] => secrets.filter((one) => text.includes(one) || text.includes(encodeURIComponent(one)));

async function pull(reference: string, system = 'one'): Promise<{ last: PullState; said: string }> {
  const { pulls } = await client.pull({ reference, systems: [system] });
  const states = await statesOf(client, pulls[0]!.id);
  return { last: states.at(-1)!, said: JSON.stringify(states) };
}

it('logins and tokens are in nothing that a gateway writes or says', async () => {
  guard();
  const layer = tarOf({ name: canary, body: randomBytes(3_000_000).toString('hex') });
  const layerDigest = tokens.putImage([layer], canary);
  expect(layerDigest).toMatch(/^sha256:/);
  basic.putImage([tarOf({ name: canary, body: 'x' })], canary);

  // In mid-blob, all files there are, partial ones too.
  const { hook } = tokens;
  let release = (): void => {};
  const looked = new Promise<void>((resolve) => (release = resolve));
  tokens.hook = (request, response, path) => {
    if (hook?.(request, response, path) === true) return true;
    const blob = tokens.blobs.get(path.slice(path.lastIndexOf('/') + 1));
    if (blob === undefined || blob.length < 1_000_000) return false;
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 1_500_000));
    void looked.then(() => response.end(blob.subarray(1_500_000)));
    return true;
  };
  const { pulls } = await client.pull({ reference: `team/${canary}:${canary}`, systems: ['one'] });
  const id = pulls[0]!.id;
  await until(client, id, (state) => (state.layers[0]?.bytesDone ?? 0) > 0);
  const during = filesOf(site.directory);
  const keysDuring = await valuesInRedis();
  release();
  const states = await statesOf(client, id);
  expect(states.at(-1)).toMatchObject({ state: 'READY' });

  const viaHelper = await pull(`basic/team/${canary}:${canary}`);
  expect(viaHelper.last).toMatchObject({ state: 'READY' });
  const refused = await pull(`refused/${canary}:x`);
  expect(refused.last).toMatchObject({ state: 'FAILED', error: { code: 'DENIED' } });
  basic.putImage([tarOf({ name: 'b', body: canary })], 'other');
  const broken = await pull(`basic/broken/${canary}:other`);
  expect(broken.last).toMatchObject({ state: 'FAILED', error: { code: 'REGISTRY_UNREACHABLE' } });
  const locked = await pull(`basic/team/${canary}:${canary}`, 'locked');
  expect(locked.last).toMatchObject({ state: 'FAILED' });
  expect(locked.last.error?.message).toContain('passphrase');
  const given = await fetch(gateway.url ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${callers}` },
    body: JSON.stringify({
      query: 'mutation($i: PullImageInput!) { pullImage(input: $i) { errors { message } } }',
      variables: { i: { reference: canary, systems: ['one'], credentials: { username: 'eve', password: callers } } },
    }),
  });
  const unsupported = await given.text();
  expect(unsupported).toContain('credentials');
  const wrong = await fetch(gateway.url ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { pullImage(input: {reference: "${canary}", systems: 7, credentials: {username: "eve", password: "${callers}", no: 1}}) { errors { message } } }` }),
  });
  await wrong.text();

  // The logins were really used.
  expect(tokens.seen.map(({ headers }) => headers.authorization)).toEqual(expect.arrayContaining([`Basic ${basicOf(login)}`, `Bearer ${token}`]));
  expect(basic.seen.map(({ headers }) => headers.authorization)).toContain(`Basic ${basicOf(helper)}`);

  const places = {
    'the log': log,
    'what callers get': [JSON.stringify(states), viaHelper.said, refused.said, broken.said, locked.said, unsupported].join('\n'),
    'commands for Redis': commands,
    'Redis in mid-pull': keysDuring,
    'Redis at the end': await valuesInRedis(),
    'files of the index and of Redis': filesOf(stack.directory),
    'files of the site in mid-pull': during,
    'files of the site at the end': filesOf(site.directory),
    'what is published': filesOf(farImages),
  };
  for (const [place, text] of Object.entries(places)) {
    expect([place, text.includes(canary)]).toEqual([place, true]);
    expect([place, found(text)]).toEqual([place, []]);
  }
});
