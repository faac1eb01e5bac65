/** How a registry is reached: proxies, logins from files and helpers, foreign layers, and who is shown what on the way. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  ANONYMOUS,
  createBlobCache,
  createRegistryClient,
  DEFAULT_REGISTRY_LIMITS,
  fetchLayer,
  parseReference,
  registrySettings,
  type RegistryLimits,
  type RegistrySettings,
  type ResolvedImage,
} from '../../src/registry/index.js';
import { createAuthorizer } from '../../src/registry/authorizer.js';
import { createReceiveMemory } from '../../src/registry/receive-memory.js';
import { createTransport, proxyFor } from '../../src/registry/transport.js';
import { createAuthority, type Authority, type Certificate } from '../support/certificates.js';
import { CONFIG, digestOf, LAYER, MANIFEST, startFakeRegistry, type FakeRegistry, type Hook } from '../support/fake-registry.js';
import { startProxy, type Proxy } from '../support/proxy.js';

const platform = { os: 'linux', architecture: 'amd64' };
const names = { defaultRegistry: 'local', registries: ['local'] };
const quick: Partial<RegistryLimits> = { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 3 };
const signal = new AbortController().signal;
const layer = randomBytes(300_000);

let place: string;
let authority: Authority;
let server: Certificate;
let clientCertificate: Certificate;
let fake: FakeRegistry;
let other: FakeRegistry;
let directory: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'imagegw-reach-'));
  authority = await createAuthority(place);
  server = await authority.issue('server', ['registry.internal']);
  clientCertificate = await authority.issue('client');
});
afterAll(() => rm(place, { recursive: true, force: true }));
beforeEach(async () => {
  fake = await startFakeRegistry(server);
  other = await startFakeRegistry(server);
  fake.putImage([layer], '1');
  directory = await mkdtemp(join(place, 'cache-'));
});
afterEach(async () => {
  await fake.stop();
  await other.stop();
});

interface Pull {
  readonly settings?: Partial<RegistrySettings>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<RegistryLimits>;
}

async function pull({ settings, environment = {}, limits }: Pull = {}): Promise<{ image: ResolvedImage; layers: Buffer[] }> {
  const bounds = { ...quick, ...limits };
  const own = { name: 'local', url: fake.url, caFile: authority.certificate };
  const client = createRegistryClient({ registries: [registrySettings({ ...own, ...settings })], limits: bounds, environment });
  const cache = createBlobCache({ directory, owner: 'test', limits: bounds });
  try {
    const image = await client.resolve(parseReference('team/app:1', names), { platform, signal });
    const layers = [];
    for (const one of image.layers) {
      const blob = await fetchLayer(client, cache, image, one, { signal });
      layers.push(await readFile(blob.path));
      await blob.release();
    }
    return { image, layers };
  } finally {
    await client.close();
    expect(await readdir(join(directory, 'partial')).catch(() => [])).toEqual([]);
  }
}

const loginOf = ({ headers }: { headers: { authorization?: string | undefined } }): string | undefined => headers.authorization;
const basicOf = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

describe('proxies from the environment', () => {
  let proxy: Proxy;
  beforeEach(async () => {
    proxy = await startProxy();
  });
  afterEach(() => proxy.stop());

  test.each(['https_proxy', 'HTTPS_PROXY', 'all_proxy'])('%s: everything goes through it, its login stays with it', async (name) => {
    const { layers } = await pull({ environment: { [name]: proxy.url } });
    expect(layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(new Set(proxy.seen.map(({ what }) => what))).toEqual(new Set([`CONNECT ${fake.host}`]));
    expect(proxy.seen[0]?.headers['proxy-authorization']).toBe(basicOf('proxyuser:proxysecret'));
    expect(JSON.stringify(fake.seen)).not.toMatch(/proxy-authorization|proxyuser|proxysecret/);
  });
  test('an http:// registry too', async () => {
    const plain = await startFakeRegistry();
    plain.putImage([layer], '1');
    const { layers } = await pull({ settings: { url: plain.url }, environment: { http_proxy: proxy.url } });
    await plain.stop();
    expect(layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(proxy.seen.length).toBeGreaterThan(0);
    expect(JSON.stringify(plain.seen)).not.toMatch(/proxyuser|proxysecret/);
  });
  test('no_proxy: none of it goes through', async () => {
    const { layers } = await pull({ environment: { https_proxy: proxy.url, no_proxy: 'example.org, 127.0.0.1' } });
    expect(layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(proxy.seen).toEqual([]);
  });
  test('a redirect to an address that is refused is refused behind a proxy too', async () => {
    fake.hook = (_request, response) => Boolean(response.writeHead(302, { location: 'https://169.254.169.254/' }).end());
    await expect(pull({ environment: { https_proxy: proxy.url } })).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    expect(proxy.seen.map(({ what }) => what)).not.toContain('CONNECT 169.254.169.254:443');
  });
  test('a proxy that is down: REGISTRY_UNREACHABLE, without its login', async () => {
    await proxy.stop();
    const pulling = pull({ environment: { https_proxy: proxy.url } });
    await expect(pulling).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', message: expect.not.stringContaining('proxysecret') });
  });
  test.each([false, true])('the client certificate is shown to the registry alone (behind a proxy: %s)', async (isBehind) => {
    other.putBlob(layer);
    fake.hook = (_request, response, path) =>
      path.endsWith(digestOf(layer)) && Boolean(response.writeHead(307, { location: `${other.url}${path}` }).end());
    const settings = {
      clientCertFile: clientCertificate.certificate,
      clientKeyFile: clientCertificate.key,
      allowedAddresses: ['loopback'],
    };
    await pull({ settings, environment: isBehind ? { https_proxy: proxy.url } : {} });
    expect(new Set(fake.seen.map(({ client }) => client))).toEqual(new Set(['CN=client']));
    expect(other.seen.map(({ client }) => client)).toEqual([undefined]);
  });

  test.each([
    ['https://a.example.org/', 'example.org', false],
    ['https://a.example.org/', '.example.org', false],
    ['https://a.example.org/', '*.example.org', false],
    ['https://notexample.org/', 'example.org', true],
    ['https://example.org:8443/', 'example.org:8443', false],
    ['https://example.org/', 'example.org:8443', true],
    ['https://10.1.2.3/', '10.0.0.0/8', false],
    ['https://11.1.2.3/', '10.0.0.0/8', true],
    ['https://128.55.1.2/', '128.55.0.0/16', false],
    ['https://128.56.1.2/', '128.55.0.0/16', true],
    ['https://[2001:db8::1]/', '2001:db8::/32', false],
    ['https://example.org/', '*', false],
    ['https://example.org/', '', true],
    ['http://example.org/', 'other.org', false],
  ])('%s with no_proxy "%s": through the proxy is %s', (url, no_proxy, expected) => {
    expect(proxyFor(new URL(url), { https_proxy: 'http://p:1', no_proxy }) !== undefined).toBe(expected);
  });
});

describe("the gateway's login from elsewhere", () => {
  const login = 'ann:pass:with:colons';
  beforeEach(() => {
    fake.hook = (request, response) => {
      if (request.headers.authorization === basicOf(login)) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
  });
  async function fileOf(content: unknown): Promise<string> {
    const file = join(directory, 'config.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }
  /** A program as Docker's credential helpers are; it writes down what it was asked. */
  async function helperOf(answer: string, status = 0): Promise<{ path: string; asked: () => Promise<string> }> {
    const path = join(directory, 'docker-credential-test');
    const lines = ['#!/bin/sh', `{ echo "$1"; cat; } >>${directory}/asked`, `printf '%s' '${answer}'`, `exit ${String(status)}`];
    await writeFile(path, `${lines.join('\n')}\n`);
    await chmod(path, 0o755);
    return { path, asked: () => readFile(join(directory, 'asked'), 'utf8') };
  }

  test.each([
    ['auth', (host: string) => ({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } } })],
    ['a URL as key', (host: string) => ({ auths: { [`https://${host}/v1/`]: { auth: Buffer.from(login).toString('base64') } } })],
    ['no helper, said by an empty text', (host: string) => ({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } }, credsStore: '' })],
    ['no helper for this host', (host: string) => ({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } }, credHelpers: { [host]: '' }, credsStore: 'other' })],
    ['user name and password', (host: string) => ({ auths: { [host]: { username: 'ann', password: 'pass:with:colons' } } })],
  ])("Docker's config.json with %s", async (_what, content) => {
    const { image } = await pull({ settings: { credentialsFile: await fileOf(content(fake.host)) } });
    expect(image.access).toBe('private');
  });
  test("another host's login is not sent", async () => {
    const credentialsFile = await fileOf({ auths: { 'other.example': { auth: Buffer.from(login).toString('base64') } } });
    await expect(pull({ settings: { credentialsFile } })).rejects.toMatchObject({ code: 'DENIED' });
    expect(fake.seen.map(loginOf).filter((header) => header !== undefined)).toEqual([]);
  });
  test.each(['{"auths": {"x": "s3cret"', '{"auths": "s3cret"}'])('a file that is none (%s) is BAD_CONFIG, without what is in it', async (text) => {
    await expect(pull({ settings: { credentialsFile: await fileOf(text) } })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.not.stringContaining('s3cret'),
    });
  });
  test('an identity token is exchanged by the OAuth2 form, at the token service alone', async () => {
    const bodies: string[] = [];
    fake.hook = (request, response, path) => {
      if (path === '/token') {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          bodies.push(`${request.method ?? ''} ${body}`);
          response.end(JSON.stringify(body.includes('refresh_token=refresh-me') && body.includes('team%2Fbase') ? { access_token: 'good' } : { token: 'empty' }));
        });
        return true;
      }
      if (request.headers.authorization === 'Bearer good') return false;
      const scope = request.headers.authorization === undefined ? '' : ',scope="repository:team/app:pull repository:team/base:pull"';
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token",service="s"${scope}` }).end();
      return true;
    };
    const credentialsFile = await fileOf({ auths: { [fake.host]: { identitytoken: 'refresh-me' } } });
    expect((await pull({ settings: { credentialsFile } })).image.access).toBe('private');
    const form = new URLSearchParams(bodies.at(-1)?.replace('POST ', ''));
    expect(Object.fromEntries(form)).toMatchObject({ grant_type: 'refresh_token', service: 's' });
    // One list in one field, as the form has it: in the query of a GET each has a field of its own.
    expect(form.getAll('scope')).toEqual(['repository:team/app:pull repository:team/base:pull']);
    expect(JSON.stringify(fake.seen.map(({ method, path, headers }) => [method, path, headers]))).not.toContain('refresh-me');
  });
  describe('a registry token', () => {
    const wantsBearer: Hook = ({ headers }, response) =>
      headers.authorization !== 'Bearer ready-made' && Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${other.url}/token",service="s"` }).end());
    const config = (host: string, more: object = {}): object => ({ auths: { [host]: { registrytoken: 'ready-made', ...more } } });
    const loopback = { allowedAddresses: ['loopback'] };
    beforeEach(() => {
      other.hook = (_request, response) => Boolean(response.end(JSON.stringify({ token: 'empty' })));
    });

    test.each([{}, { identitytoken: '', auth: '' }, { identitytoken: 'refresh-me' }])('is sent as it is, to the registry alone (beside %j)', async (more) => {
      fake.hook = wantsBearer;
      const { image } = await pull({ settings: { ...loopback, credentialsFile: await fileOf(config(fake.host, more)) } });
      expect(image.access).toBe('private');
      expect(fake.seen.map(loginOf)).toContain('Bearer ready-made');
      expect(JSON.stringify(other.seen)).not.toMatch(/ready-made|refresh-me/);
      expect(JSON.stringify(image)).not.toContain('ready-made');
    });
    test('is not sent where nobody asks for one, nor behind a redirect', async () => {
      fake.hook = undefined;
      const credentialsFile = await fileOf(config(fake.host));
      await pull({ settings: { ...loopback, credentialsFile } });
      expect(JSON.stringify(fake.seen)).not.toContain('ready-made');
      other.hook = undefined;
      other.putBlob(layer);
      const redirect: Hook = (_request, response, path) => path.endsWith(digestOf(layer)) && Boolean(response.writeHead(307, { location: `${other.url}${path}` }).end());
      fake.hook = (request, response, path) => wantsBearer(request, response, path) || redirect(request, response, path);
      await rm(join(directory, 'sha256'), { recursive: true });
      await pull({ settings: { ...loopback, credentialsFile } });
      expect(other.seen.filter(({ path }) => path.endsWith(digestOf(layer))).map(loginOf)).toEqual([undefined]);
    });
    test('that is refused ends in DENIED; a registry that wants Basic does not get it', async () => {
      const credentialsFile = await fileOf(config(fake.host));
      for (const challenge of [`Bearer realm="${other.url}/token"`, 'Basic realm="x"']) {
        fake.seen.length = 0;
        fake.hook = (_request, response) => Boolean(response.writeHead(401, { 'www-authenticate': challenge }).end('ready-made'));
        await expect(pull({ settings: { ...loopback, credentialsFile } })).rejects.toMatchObject({ code: 'DENIED', message: expect.not.stringContaining('ready-made') });
        expect(fake.seen.map(loginOf).filter((header) => header === 'Bearer ready-made')).toHaveLength(challenge.startsWith('Basic') ? 0 : 1);
      }
    });
    test('that no header can carry is BAD_CONFIG, without showing it', async () => {
      const credentialsFile = await fileOf({ auths: { [fake.host]: { registrytoken: 'ready\r\nmade' } } });
      await expect(pull({ settings: { credentialsFile } })).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.not.stringContaining('made') });
    });
    test('does not go over plain http', async () => {
      const plain = await startFakeRegistry();
      plain.hook = wantsBearer;
      plain.putImage([layer], '1');
      const settings = { ...loopback, url: plain.url, credentialsFile: await fileOf(config(plain.host)) };
      await expect(pull({ settings })).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
      expect(JSON.stringify(plain.seen)).not.toContain('ready-made');
      expect((await pull({ settings: { ...settings, insecure: true } })).image.access).toBe('private');
      await plain.stop();
    });
  });
  describe('an identity token and a token service that redirects', () => {
    async function redirectedBy(status: number, to: (path: string) => string): Promise<Awaited<ReturnType<typeof pull>>> {
      const answer: Hook = (request, response, path) => {
        if (!path.startsWith('/token')) return false;
        if (request.method !== 'POST') response.end(JSON.stringify({ token: 'empty' }));
        else if (path === '/token') response.writeHead(status, { location: to('/token/there') }).end();
        else response.end(JSON.stringify({ token: 'good' }));
        return true;
      };
      other.hook = answer;
      fake.hook = (request, response, path) => {
        if (answer(request, response, path)) return true;
        if (request.headers.authorization === 'Bearer good') return false;
        return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token",service="s"` }).end());
      };
      const credentialsFile = await fileOf({ auths: { [fake.host]: { identitytoken: 'refresh-me' } } });
      return await pull({ settings: { credentialsFile, allowedAddresses: ['loopback'] } });
    }

    test.each([301, 302, 303, 307, 308])('HTTP %i to another host: nothing is sent there', async (status) => {
      await expect(redirectedBy(status, (path) => other.url + path)).rejects.toMatchObject({ code: 'POLICY_REFUSED', message: expect.stringContaining(other.host) });
      expect(other.seen).toEqual([]);
    });
    test.each([301, 302, 303])('HTTP %i within its host would lose the token: refused', async (status) => {
      await expect(redirectedBy(status, (path) => path)).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
      expect(fake.seen.filter(({ path }) => path === '/token/there')).toEqual([]);
    });
    test.each([307, 308])('HTTP %i within its host is followed, with the token', async (status) => {
      expect((await redirectedBy(status, (path) => path)).image.access).toBe('private');
      expect(fake.seen.find(({ path, body }) => path === '/token/there' && body.includes('refresh-me'))?.method).toBe('POST');
    });
  });

  test('a helper, by its path', async () => {
    const helper = await helperOf(JSON.stringify({ ServerURL: fake.host, Username: 'ann', Secret: 'pass:with:colons' }));
    expect((await pull({ settings: { credentialHelper: helper.path } })).image.access).toBe('private');
    expect((await helper.asked()).split('\n').slice(0, 2)).toEqual(['get', fake.host]);
  });
  test('a helper that the file names for the host', async () => {
    const helper = await helperOf(JSON.stringify({ Username: 'ann', Secret: 'pass:with:colons' }));
    const credentialsFile = await fileOf({ credHelpers: { [fake.host]: helper.path } });
    expect((await pull({ settings: { credentialsFile } })).image.access).toBe('private');
  });
  test('a helper that knows no login: anonymous', async () => {
    const helper = await helperOf('credentials not found in native keychain', 1);
    await expect(pull({ settings: { credentialHelper: helper.path } })).rejects.toMatchObject({ code: 'DENIED' });
    expect(fake.seen.map(loginOf).filter((header) => header !== undefined)).toEqual([]);
  });
  test.each([
    ['no JSON', 'Secret: s3cret', 0],
    ['a failure', 's3cret', 2],
  ])('a helper that gives %s is BAD_CONFIG, without what it said', async (_what, answer, status) => {
    const helper = await helperOf(answer, status);
    await expect(pull({ settings: { credentialHelper: helper.path } })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.not.stringContaining('s3cret'),
    });
  });
});

describe('foreign layers', () => {
  const credentials = { username: 'ann', password: 'se:cret' };
  const loopback = { allowedAddresses: ['loopback'] };
  function name(...urls: readonly string[]): void {
    fake.blobs.delete(digestOf(layer));
    const config = Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }));
    fake.putManifest(
      {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: CONFIG, digest: fake.putBlob(config), size: config.length },
        layers: [{ mediaType: LAYER.replace('.layer.', '.layer.nondistributable.'), digest: digestOf(layer), size: layer.length, urls }],
      },
      '1',
    );
  }
  beforeEach(() => {
    other.putBlob(layer);
    name(`${other.url}/blobs/${digestOf(layer)}`);
  });

  test('come from the URL that the manifest names when the registry does not have them, never with a login', async () => {
    fake.hook = (request, response) => {
      if (request.headers.authorization === basicOf('ann:se:cret')) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    const { layers } = await pull({ settings: { ...loopback, credentials } });
    expect(layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(fake.seen.some(({ path }) => path.endsWith(digestOf(layer)))).toBe(true);
    expect(other.seen.map(loginOf)).toEqual([undefined]);
  });
  test('a server that asks for a login does not get one', async () => {
    other.hook = (_request, response) => Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    await expect(pull({ settings: { ...loopback, credentials } })).rejects.toMatchObject({ code: expect.any(String) });
    expect(new Set(other.seen.map(loginOf))).toEqual(new Set([undefined]));
  });
  test('not where the Location does not allow them', async () => {
    await expect(pull({ settings: { ...loopback, foreignLayers: false } })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(other.seen).toEqual([]);
  });
  test('not from an address that is refused, nor without TLS, nor from a login in the URL', async () => {
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining('does not connect to') });
    expect(other.seen).toEqual([]);
    const plain = await startFakeRegistry();
    plain.putBlob(layer);
    name(`${plain.url}/blobs/${digestOf(layer)}`);
    await expect(pull({ settings: loopback })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(plain.seen).toEqual([]);
    await plain.stop();
    name(`https://eve:evil@${other.host}/blobs/${digestOf(layer)}`);
    await pull({ settings: loopback });
    expect(other.seen.map(loginOf)).toEqual([undefined]);
  });
  test('a redirect of theirs is checked like every other hop', async () => {
    other.hook = (_request, response) => Boolean(response.writeHead(302, { location: 'https://169.254.169.254/x' }).end());
    await expect(pull({ settings: loopback })).rejects.toMatchObject({ message: expect.stringContaining('169.254.169.254') });
  });
  test('their bytes are checked like all others', async () => {
    other.blobs.set(digestOf(layer), Buffer.alloc(layer.length));
    await expect(pull({ settings: loopback })).rejects.toMatchObject({ code: 'BAD_LAYER' });
  });
});

describe('every hop is checked on the address that it leads to', () => {
  const refused = { code: 'POLICY_REFUSED', retryable: false };
  test('a token service that redirects', async () => {
    fake.hook = (_request, response, path) => {
      if (path === '/token') return Boolean(response.writeHead(302, { location: `${other.url}/token` }).end());
      return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end());
    };
    await expect(pull()).rejects.toMatchObject(refused);
    expect(other.seen).toEqual([]);
  });
  test('the second redirect of a chain', async () => {
    fake.hook = (_request, response, path) =>
      Boolean(response.writeHead(302, { location: path === '/second' ? `${other.url}/x` : '/second' }).end());
    await expect(pull()).rejects.toMatchObject(refused);
    expect(other.seen).toEqual([]);
  });
  test('a name that leads to the loopback: not even a connection is made', async () => {
    let connections = 0;
    const stranger = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const location = `http://localhost:${String((stranger.address() as AddressInfo).port)}`;
    fake.hook = (_request, response) => Boolean(response.writeHead(302, { location }).end());
    await expect(pull({ settings: { insecure: true } })).rejects.toMatchObject(refused);
    expect(connections).toBe(0);
    stranger.close();
  });
  test('away from https: not followed', async () => {
    const plain = await startFakeRegistry();
    fake.hook = (_request, response) => Boolean(response.writeHead(302, { location: plain.url }).end());
    await expect(pull({ settings: { allowedAddresses: ['loopback'] } })).rejects.toMatchObject(refused);
    expect(plain.seen).toEqual([]);
    await plain.stop();
  });
  test('a login that was dropped at one hop stays dropped when the chain leads back', async () => {
    // There, on there, back, and on here.
    other.hook = (_request, response, path) =>
      Boolean(response.writeHead(302, { location: path === '/hop' ? '/hop2' : `${fake.url}/back` }).end());
    fake.hook = (request, response, path) => {
      if (path === '/back') return Boolean(response.writeHead(302, { location: '/back2' }).end());
      if (path === '/back2') return Boolean(response.writeHead(404).end());
      if (request.headers.authorization === undefined)
        return Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
      return Boolean(response.writeHead(302, { location: `${other.url}/hop` }).end());
    };
    const settings = { credentials: { username: 'ann', password: 'x' }, allowedAddresses: ['loopback'] };
    await expect(pull({ settings })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.map(loginOf).filter((header) => header !== undefined)).toEqual([]);
    const back = fake.seen.filter(({ path }) => path.startsWith('/back'));
    expect(back.map(loginOf)).toEqual(back.map(() => undefined));
  });
});

describe('authorization', () => {
  test('insufficient_scope: one more exchange, with the scope that the registry names', async () => {
    const asked: string[] = [];
    const wanted = 'repository:team/app:pull repository:team/base:pull';
    fake.hook = (request, response, path) => {
      if (path === '/token') {
        const scopes = new URL(request.url ?? '', 'https://x').searchParams.getAll('scope').join(' ');
        asked.push(scopes);
        response.end(JSON.stringify({ token: scopes === wanted ? 'wide' : 'narrow' }));
        return true;
      }
      if (request.headers.authorization === 'Bearer wide') return false;
      const error = request.headers.authorization === undefined ? '' : `,error="insufficient_scope",scope="${wanted}"`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"${error}` }).end();
      return true;
    };
    expect((await pull()).layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(asked).toEqual(['repository:team/app:pull', wanted]);
  });
  test('a scope that asks for more than reading is not asked for', async () => {
    const asked: string[] = [];
    fake.hook = (request, response, path) => {
      if (path === '/token') asked.push(request.url ?? '');
      if (path === '/token') return Boolean(response.end(JSON.stringify({ token: 'x' })));
      const scope = 'repository:team/app:pull,push';
      return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token",scope="${scope}"` }).end());
    };
    await expect(pull()).rejects.toMatchObject({ code: 'DENIED' });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.join()).not.toContain('push');
  });
  test('a token is renewed before its end: it is not sent any more, and no request but the first is refused', async () => {
    // Over as soon as it is there, however quick the machine.
    const expires_in = 1e-9;
    let given = 0;
    let refused = 0;
    const sent = new Map<string, number>();
    fake.hook = (request, response, path) => {
      if (path === '/token') return Boolean(response.end(JSON.stringify({ token: `t${String((given += 1))}`, expires_in })));
      const header = request.headers.authorization;
      if (header === undefined) {
        refused += 1;
        return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end());
      }
      sent.set(header, (sent.get(header) ?? 0) + 1);
      return false;
    };
    expect((await pull()).layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    // HEAD, manifest, config, layer: each with a token of its own.
    expect([...sent.values()]).toEqual([1, 1, 1, 1]);
    expect(refused).toBe(1);
  });
  test.each([
    ['without a time', {}],
    ['with one that is none', { expires_in: -5 }],
  ])('a token %s lasts for a minute', async (_what, more) => {
    let time = 1_000_000;
    let given = 0;
    fake.hook = (_request, response) => Boolean(response.end(JSON.stringify({ token: `t${String((given += 1))}`, ...more })));
    const transport = createTransport({ url: fake.url, caFile: authority.certificate, insecure: false }, 1, DEFAULT_REGISTRY_LIMITS, {}, createReceiveMemory());
    const authorizer = createAuthorizer(registrySettings({ name: 'local', url: fake.url }), transport, DEFAULT_REGISTRY_LIMITS, () => time);
    const challenge = `Bearer realm="${fake.url}/token"`;
    const refusal = { status: 401, url: new URL(fake.url), body: Readable.from([]), header: () => challenge, headers: () => [challenge] };
    const scope = 'repository:team/app:pull';
    expect(await authorizer.renew(refusal, ANONYMOUS, scope, undefined, false, signal)).toBe('Bearer t1');
    const sent = [];
    // Renewed a tenth early.
    for (time of [1_053_999, 1_054_000, 1_107_000]) sent.push(await authorizer.current(ANONYMOUS, scope, signal));
    await transport.close();
    expect(sent).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t2']);
  });
  test.each([
    ['https://registry-1.docker.io', 'auth.docker.io', true],
    ['https://index.docker.io', 'auth.docker.io', true],
    ['https://registry.gitlab.com', 'gitlab.com', true],
    ['https://registry.gitlab.com', 'auth.docker.io', false],
    ['https://registry-1.docker.io', 'gitlab.com', false],
    ['https://registry.example.org', 'auth.docker.io', false],
  ])('a login for %s goes to the token service %s: %s', async (url, realm, isBound) => {
    const inPlace = await startFakeRegistry(await authority.issue('in-place', ['*.docker.io', '*.gitlab.com', 'gitlab.com', '*.example.org']));
    const proxy = await startProxy(inPlace.host);
    inPlace.putImage([layer], '1');
    const login = basicOf('ann:s3cret');
    inPlace.hook = ({ headers }, response, path) => {
      if (path === '/token') return Boolean(response.end(JSON.stringify({ token: headers.authorization === login ? 'good' : 'empty' })));
      return headers.authorization !== 'Bearer good' && Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${realm}/token"` }).end());
    };
    const pulling = pull({ settings: { url, credentials: { username: 'ann', password: 's3cret' } }, environment: { https_proxy: proxy.url } });
    if (isBound) expect((await pulling).image.access).toBe('private');
    else await expect(pulling).rejects.toMatchObject({ code: 'DENIED', message: expect.stringContaining('realmHosts') });
    const shown = inPlace.seen.filter((one) => loginOf(one) === login).map(({ headers }) => headers.host);
    await proxy.stop();
    await inPlace.stop();
    expect(new Set(shown)).toEqual(new Set(isBound ? [realm] : []));
  });
  test('a token service that has moved: the next try asks the new one', async () => {
    let from = '/old';
    fake.hook = (request, response, path) => {
      if (path === from) return Boolean(response.end(JSON.stringify({ token: from.slice(1), expires_in: 1e-9 })));
      if (path === '/old') return Boolean(response.writeHead(503).end());
      if (request.headers.authorization !== undefined) {
        from = '/new';
        return false;
      }
      return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}${from}"` }).end());
    };
    expect((await pull()).layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
    expect(fake.seen.map(loginOf)).toContain('Bearer new');
  });
  test('429 for an anonymous caller says nothing of who may have it: the login is not asked, nor is the image private', async () => {
    const credentials = { username: 'ann', password: 's3cret' };
    fake.hook = (request, response) => request.headers.authorization === undefined && Boolean(response.writeHead(429, { 'retry-after': '3000' }).end());
    await expect(pull({ settings: { credentials } })).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(fake.seen).toHaveLength(1);

    // Nor is it sent where nobody asks for one.
    fake.hook = undefined;
    expect((await pull({ settings: { credentials } })).image).toMatchObject({ access: 'public' });
    expect(new Set(fake.seen.map(loginOf))).toEqual(new Set([undefined]));
  });

  describe('whose allowance of pulls', () => {
    const credentials = { username: 'ann', password: 's3cret' };
    const jwt = (name: string, actions: readonly string[]): string =>
      ['{}', JSON.stringify({ access: [{ type: 'repository', name, actions }] }), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const everybody = jwt('team/app', ['pull']);

    /** Gives everybody the first token and ann the second; who is in `usedUp` has no pulls left. */
    function limiting(anonymous: string, usedUp: readonly string[]): void {
      fake.hook = (request, response, path) => {
        const given = request.headers.authorization;
        if (path === '/token') return Boolean(response.end(JSON.stringify({ token: given === undefined ? anonymous : 'good' })));
        if (given === undefined) return Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end());
        return usedUp.includes(given.slice('Bearer '.length)) && Boolean(response.writeHead(429).end());
      };
    }
    const sent = (method: string): Set<string | undefined> => new Set(fake.seen.filter((one) => one.method === method && !one.path.startsWith('/token')).map(loginOf));

    test('a public image is read with the login, not with the allowance of the address', async () => {
      limiting(everybody, []);
      const { image, layers } = await pull({ settings: { credentials } });
      expect(image).toMatchObject({ access: 'public', identity: { kind: 'service' } });
      expect(layers.map((bytes) => bytes.equals(layer))).toEqual([true]);
      expect(sent('HEAD')).toEqual(new Set([undefined, `Bearer ${everybody}`]));
      expect(sent('GET')).toEqual(new Set([undefined, 'Bearer good']));
    });
    test('that of the address used up: the token that everybody gets proves it public, and nothing is waited for', async () => {
      limiting(everybody, [everybody]);
      const { image } = await pull({ settings: { credentials }, limits: { retries: 0 } });
      expect(image).toMatchObject({ access: 'public', identity: { kind: 'service' } });
      expect(fake.seen.filter((one) => loginOf(one) === `Bearer ${everybody}`)).toHaveLength(1);
    });
    test('that of the login used up, and the login not needed: read without it', async () => {
      limiting(everybody, ['good']);
      const { image } = await pull({ settings: { credentials } });
      expect(image).toMatchObject({ access: 'public' });
      expect(sent('GET')).toContain(`Bearer ${everybody}`);
    });
    test.each([
      ['that says nothing', 'opaque'],
      ['for another repository', jwt('team/other', ['pull'])],
      ['that grants nothing', jwt('team/app', [])],
      ['that is no JSON', `a.${Buffer.from('{').toString('base64url')}.b`],
    ])('with a token %s nothing is proved: RATE_LIMITED, never private', async (_what, token) => {
      limiting(token, [token]);
      await expect(pull({ settings: { credentials } })).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
      expect(fake.seen.map(loginOf)).not.toContain('Bearer good');
    });
  });
  test('a token answer of more than the limit is refused', async () => {
    fake.hook = (_request, response, path) =>
      path === '/token'
        ? Boolean(response.end(JSON.stringify({ token: 'x'.repeat(5000) })))
        : Boolean(response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end());
    await expect(pull({ limits: { tokenBytes: 4096 } })).rejects.toMatchObject({ code: 'DENIED', message: expect.stringContaining('4096 bytes') });
  });
});

describe('the name that a certificate must be for', () => {
  const notTrusted = { code: 'REGISTRY_UNREACHABLE', retryable: false, message: expect.stringContaining('not trusted') };
  test.each([false, true])('is asked for of the registry, not of where it leads (behind a proxy: %s)', async (isBehind) => {
    const proxy = await startProxy();
    const asked = new Map<string, Set<unknown>>();
    const note = (request: IncomingMessage, name: string): void => {
      if (request.socket instanceof TLSSocket) asked.set(name, (asked.get(name) ?? new Set()).add(request.socket.servername));
    };
    fake.hook = (request, response, path) => {
      note(request, 'registry');
      return path.includes('/blobs/') && Boolean(response.writeHead(302, { location: `${other.url}${path}` }).end());
    };
    for (const [digest, bytes] of fake.blobs) other.blobs.set(digest, bytes);
    other.hook = (request) => {
      note(request, 'other');
      return false;
    };
    const settings = { serverName: 'registry.internal', allowedAddresses: ['loopback'] };
    const environment: Record<string, string> = isBehind ? { https_proxy: proxy.url } : {};
    await pull({ settings, environment });
    expect([...asked].map(([name, said]) => [name, ...said])).toEqual([['registry', 'registry.internal'], ['other', false]]);
    await expect(pull({ settings: { ...settings, serverName: 'stranger.internal' }, environment })).rejects.toMatchObject(notTrusted);
    await proxy.stop();
  });
});

test('the second connection goes on with the TLS session of the first, with the client certificate too', async () => {
  const reused = new Map<Socket, boolean>();
  fake.hook = ({ socket }, response) => {
    if (socket instanceof TLSSocket) reused.set(socket, socket.isSessionReused());
    response.setHeader('connection', 'close');
    return false;
  };
  await pull();
  expect([...reused.values()]).toEqual([false, true, true, true]);
  reused.clear();
  await pull({ settings: { clientCertFile: clientCertificate.certificate, clientKeyFile: clientCertificate.key } });
  expect([...reused.values()]).toEqual([false, true, true]);
  expect(new Set(fake.seen.slice(-3).map(({ client }) => client !== undefined))).toEqual(new Set([true]));
});

describe('cuts and lies', () => {
  const isLayer = (path: string): boolean => path.endsWith(digestOf(layer));
  test.each([
    ['in one stream', {}],
    ['in several ranges', { rangeThresholdBytes: 1, rangeBytes: 90_000, rangeStreams: 2 }],
  ])('cut at every chunk (%s): every byte right, each asked for from where it broke off', async (_name, limits) => {
    const step = 7001;
    fake.hook = (request, response, path) => {
      if (!isLayer(path)) return false;
      const [, first, last] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
      const from = Number(first ?? 0);
      const to = last === undefined || last === '' ? layer.length - 1 : Number(last);
      const range = { 'content-range': `bytes ${String(from)}-${String(to)}/${String(layer.length)}` };
      response.writeHead(first === undefined ? 200 : 206, { 'content-length': to - from + 1, ...(first === undefined ? {} : range) });
      const piece = layer.subarray(from, Math.min(to + 1, from + step));
      if (from + piece.length > to) response.end(piece);
      else response.write(piece, () => setImmediate(() => response.destroy()));
      return true;
    };
    // So many cuts are a budget of their own.
    const { layers } = await pull({ limits: { ...limits, retriesPerHost: 1000 } });
    expect(layers[0]?.equals(layer)).toBe(true);
    const starts = fake.seen.filter(({ path }) => isLayer(path)).map(({ headers }) => Number(/bytes=(\d+)/.exec(headers.range ?? '')?.[1] ?? 0));
    expect(new Set(starts).size).toBe(starts.length);
    expect(starts.length).toBeGreaterThanOrEqual(Math.floor(layer.length / step));
  });

  test.each([
    ['another start', 206, { 'content-range': 'bytes 1-299999/300000' }, /another range/],
    ['another total', 206, { 'content-range': 'bytes 100000-299999/300001' }, /another range/],
    ['an end beyond the blob', 206, { 'content-range': 'bytes 100000-300000/300001' }, /another range/],
    ['no Content-Range', 206, {}, /another range/],
    ['units that nobody knows', 206, { 'content-range': 'lines 100000-299999/300000' }, /another range/],
    ['a Content-Length that does not fit', 200, { 'content-length': '299999' }, /another length/],
    ['416', 416, {}, /HTTP 416/],
  ])('on the resume, %s: not believed; begun anew, and right in the end', async (_what, status, headers, says) => {
    let asked = 0;
    let lies = 1;
    fake.hook = (request, response, path) => {
      if (!isLayer(path)) return false;
      asked += 1;
      if (request.headers.range === undefined && asked < 2 * lies + 1) {
        response.writeHead(200, { 'content-length': layer.length });
        response.write(layer.subarray(0, 100_000), () => setImmediate(() => response.destroy()));
        return true;
      }
      if (asked > 2 * lies) return false;
      response.writeHead(status, headers);
      response.end(layer.subarray(100_000, 100_010));
      return true;
    };
    const { layers } = await pull();
    expect(layers[0]?.equals(layer)).toBe(true);
    const ranges = fake.seen.filter(({ path }) => isLayer(path)).map(({ headers: sent }) => sent.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/), undefined]);

    // For ever: said for what it is.
    await rm(join(directory, 'sha256', digestOf(layer).slice(7)));
    [asked, lies] = [0, Infinity];
    await expect(pull()).rejects.toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(says) });
  });
});
