/** Where content is asked for, by whom, and how hard: mirrors, platforms, tag and digest, connections. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runChild } from '../../src/lib/child.js';
import {
  createMemoryRateGate,
  createRegistryClient,
  formatPlatform,
  parsePlatform,
  parseReference,
  platformFit,
  registrySettings,
  type RateGate,
  type RegistryClient,
  type RegistryLimits,
  type RegistrySettings,
  type ResolvedImage,
} from '../../src/registry/index.js';
import { INDEX, MANIFEST, startFakeRegistry, type FakeRegistry, type Hook } from '../support/fake-registry.js';

const names = { defaultRegistry: 'local', registries: ['local'] };
const signal = new AbortController().signal;
let fake: FakeRegistry;
let mirror: FakeRegistry;
let clients: RegistryClient[];

beforeEach(async () => {
  fake = await startFakeRegistry();
  mirror = await startFakeRegistry();
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all([fake.stop(), mirror.stop()]);
});

function clientFor(settings: Partial<RegistrySettings> = {}, limits: Partial<RegistryLimits> = {}): RegistryClient {
  const own = registrySettings({ name: 'local', url: fake.url, ...settings });
  const client = createRegistryClient({ registries: [own], limits: { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 3, ...limits }, environment: {} });
  clients.push(client);
  return client;
}
const resolve = (client: RegistryClient, text = 'team/app:1', platform = 'linux/amd64'): Promise<ResolvedImage> =>
  client.resolve(parseReference(text, names), { platform: parsePlatform(platform), signal });
const what = (from: FakeRegistry): string[] => from.seen.map(({ method, path }) => `${method} ${path.replace(/sha256:\w+/, '<digest>')}`);
const basicOf = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;
const only =
  (login: string): Hook =>
  (request, response) =>
    request.headers.authorization !== basicOf(login) && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());

describe('mirrors', () => {
  const layer = Buffer.from('mirrored');
  const at = (pull: 'tag' | 'digest', more: object = {}): RegistrySettings['mirrors'][number] => ({ url: mirror.url, pull, insecure: false, ...more });
  beforeEach(() => {
    fake.putImage([layer], '1');
    mirror.putImage([layer], '1');
  });

  test('one that may say what a tag is says it, and the registry is not asked at all', async () => {
    const newer = mirror.putImage([Buffer.from('newer')], '1');
    expect((await resolve(clientFor({ mirrors: [at('tag')] }))).manifestDigest).toBe(newer);
    expect(fake.seen).toEqual([]);
  });
  test('one that may not is asked by digest alone', async () => {
    mirror.putImage([Buffer.from('newer')], '1');
    const { manifestDigest } = await resolve(clientFor({ mirrors: [at('digest')] }));
    expect(manifestDigest).toBe(fake.manifests.has(manifestDigest) ? manifestDigest : '');
    expect(what(mirror).join()).not.toContain('/manifests/1');
    expect(what(fake)).toContain('HEAD /v2/team/app/manifests/1');
  });
  test.each([
    ['down', 503, {}],
    ['limiting us', 429, { 'retry-after': '30' }],
    ['refusing us', 403, {}],
    ['without it', 404, {}],
  ])('one that is %s is passed over at once, not waited for', async (_what, status, headers) => {
    mirror.hook = (_request, response) => Boolean(response.writeHead(status, headers).end());
    const waits: unknown[] = [];
    const image = await clientFor({ mirrors: [at('tag')] }).resolve(parseReference('team/app:1', names), {
      platform: parsePlatform('linux/amd64'),
      signal,
      onWait: (wait) => waits.push(wait),
    });
    expect(image.manifestDigest).toBe([...fake.manifests.keys()][0]);
    expect(waits).toEqual([]);
    // Once for the tag, the manifest and the config; a hold spares even that.
    expect(mirror.seen.length).toBeLessThanOrEqual(3);
  });
  test('each has its own login, and sees no other', async () => {
    fake.hook = only('ann:for the registry');
    mirror.hook = only('bob:for the mirror');
    const login = { credentials: { username: 'bob', password: 'for the mirror' }, insecure: true };
    const credentials = { username: 'ann', password: 'for the registry' };
    const image = await resolve(clientFor({ credentials, insecure: true, mirrors: [at('digest', login)] }));
    expect(image.access).toBe('private');
    const sent = (from: FakeRegistry): Set<string | undefined> => new Set(from.seen.map(({ headers }) => headers.authorization));
    expect(sent(fake)).toEqual(new Set([undefined, basicOf('ann:for the registry')]));
    expect(sent(mirror)).toEqual(new Set([undefined, basicOf('bob:for the mirror')]));
    expect(what(mirror)).toContain('GET /v2/team/app/blobs/<digest>');
  });
});

describe('tag and digest', () => {
  test('the digest decides, and must be in that repository', async () => {
    const wanted = fake.putImage([Buffer.from('old')], 'old');
    fake.putImage([Buffer.from('new')], '1');
    expect((await resolve(clientFor(), `team/app:1@${wanted}`)).manifestDigest).toBe(wanted);
    expect(what(fake).join()).not.toContain('manifests/1');
    fake.hook = (_request, response, path) => path.includes('/other/') && Boolean(response.writeHead(404).end());
    await expect(resolve(clientFor(), `team/other:1@${wanted}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
  test('the digest of an index gives the image of the platform; that of a platform manifest the same image', async () => {
    const amd = fake.putImage([Buffer.from('amd')], 'amd');
    const index = fake.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests: [entry(amd, 'amd64')] }, '1', INDEX);
    const images = [];
    for (const text of ['team/app:1', `team/app@${index}`, `team/app@${amd}`]) images.push((await resolve(clientFor(), text)).manifestDigest);
    expect(images).toEqual([amd, amd, amd]);
  });
});

function entry(digest: string, architecture: string, variant?: string): object {
  return { mediaType: MANIFEST, digest, size: fake.manifests.get(digest)!.bytes.length, platform: { os: 'linux', architecture, variant } };
}

describe('platforms', () => {
  test.each([
    // [offered by the index, wanted, chosen]
    [['amd64', 'amd64/v3', 'amd64/v2'], 'linux/amd64', 'amd64'],
    [['amd64', 'amd64/v3', 'amd64/v2'], 'linux/amd64/v2', 'amd64/v2'],
    [['amd64', 'amd64/v3', 'amd64/v2'], 'linux/amd64/v4', 'amd64/v3'],
    [['arm64/v8'], 'linux/arm64', 'arm64/v8'],
    [['arm64'], 'linux/arm64/v8', 'arm64'],
    [['arm/v5', 'arm/v7', 'arm/v6'], 'linux/arm', 'arm/v7'],
    [['arm/v5', 'arm/v7', 'arm/v6'], 'linux/arm/v6', 'arm/v6'],
    [['arm/v7'], 'linux/arm/v6', undefined],
    [['amd64/v2'], 'linux/amd64', undefined],
    [['arm64'], 'linux/amd64', undefined],
  ])('of %j a system of %s gets %s', async (offered, wanted, chosen) => {
    const digests = new Map(
      offered.map((platform) => [platform, fake.putImage([Buffer.from(platform)], platform.replace('/', '-'), { architecture: platform.split('/')[0] ?? '' })]),
    );
    const manifests = [...digests].map(([platform, digest]) => entry(digest, ...(platform.split('/') as [string, string?])));
    fake.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests }, '1', INDEX);
    const found = resolve(clientFor(), 'team/app:1', wanted).then(({ manifestDigest }) => [...digests].find(([, digest]) => digest === manifestDigest)?.[0]);
    if (chosen === undefined) await expect(found).rejects.toMatchObject({ code: 'ARCH_MISMATCH' });
    else expect(await found).toBe(chosen);
  });
  test.each<readonly [offered: readonly (string | undefined)[], wanted: string]>([
    [[undefined], 'amd64'],
    [['arm64', undefined], 'amd64'],
    [[undefined, 'amd64'], 'amd64'],
    [[undefined, 'amd64'], 'arm64'],
  ])('of %j, undefined without a platform, skopeo and we take the same for %s', async (offered, wanted) => {
    const manifests = offered.map((architecture, at) => {
      const digest = fake.putImage([Buffer.from(String(at))], `i${String(at)}`, { architecture: architecture ?? wanted });
      return { ...entry(digest, wanted), platform: architecture === undefined ? undefined : { os: 'linux', architecture } };
    });
    fake.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests }, '1', INDEX);
    const said = await runChild({
      command: 'skopeo',
      args: ['--override-os', 'linux', '--override-arch', wanted, 'inspect', '--config', '--raw', '--tls-verify=false', `docker://${fake.host}/team/app:1`],
    });
    const image = await resolve(clientFor(), 'team/app:1', `linux/${wanted}`);
    expect(image.configBytes.toString().trim()).toBe(said.trim());
  });
  test('what its config says is for another platform, and an artifact, are not taken', async () => {
    const arm = fake.putImage([Buffer.from('arm')], 'arm', { architecture: 'arm64' });
    for (const more of [{}, { artifactType: 'application/vnd.example' }]) {
      fake.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests: [{ ...entry(arm, ''), platform: undefined, ...more }] }, '1', INDEX);
      await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'ARCH_MISMATCH' });
    }
  });
  test.each([
    ['linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['LINUX/ARM64/v8', 'linux/arm64'],
    ['linux/arm/7', 'linux/arm'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
  ])('%s is %s', (text, canonical) => {
    expect(formatPlatform(parsePlatform(text))).toBe(canonical);
    expect(platformFit(parsePlatform(text), parsePlatform(canonical))).toBeDefined();
  });
});

describe('how hard', () => {
  test.each<readonly [string, string[], Partial<RegistrySettings>]>([
    ['anonymous', ['anonymous'], {}],
    ['and answered with a login', ['anonymous', 'service'], { credentials: { username: 'ann', password: 's3cret' }, insecure: true }],
  ])('each request has its place in the line, at the rate of the Location: %s', async (_what, accounts, settings) => {
    fake.putImage([Buffer.from('x')], '1');
    if (settings.credentials !== undefined) fake.hook = only('ann:s3cret');
    const taken: string[] = [];
    const gate: RateGate = {
      ...createMemoryRateGate(),
      reserve({ host, account }, requestsPerSecond) {
        taken.push(`${host} ${account} ${String(requestsPerSecond)}`);
        return Promise.resolve({ waitMs: 0, reason: '', taken: true });
      },
    };
    const own = registrySettings({ name: 'local', url: fake.url, requestsPerSecond: 7, ...settings });
    const client = createRegistryClient({ registries: [own], gate, environment: {} });
    clients.push(client);
    await resolve(client);
    // What is asked again with a login is a request of its own.
    expect(taken).toHaveLength(fake.seen.length);
    expect(new Set(taken)).toEqual(new Set(accounts.map((account) => `${fake.host} ${account} 7`)));
  });

  test('never more connections to a host at a time than the Location allows', async () => {
    let open = 0;
    let most = 0;
    // Slow, so that requests pile up.
    const server = createServer((_request, response) => void setTimeout(() => response.writeHead(404).end(), 20));
    server.on('connection', (socket) => {
      most = Math.max(most, (open += 1));
      socket.on('close', () => (open -= 1));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const client = clientFor({ url, maxConnections: 3 });
    await Promise.allSettled(Array.from({ length: 40 }, (_, at) => resolve(client, `team/app:${String(at)}`)));
    expect(most).toBe(3);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
