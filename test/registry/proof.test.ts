/** Public is what anybody is shown: proved by HEAD, or by reading where HEAD does not tell; else the login must show it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createRegistryClient,
  parseReference,
  registrySettings,
  type HeadResult,
  type RegistryClient,
  type RegistryLimits,
  type RegistrySettings,
  type ResolvedImage,
} from '../../src/registry/index.js';
import { startFakeRegistry, type FakeRegistry, type Hook } from '../support/fake-registry.js';

const names = { defaultRegistry: 'local', registries: ['local'] };
const platform = { os: 'linux', architecture: 'amd64' };
const quick: Partial<RegistryLimits> = { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 1 };
const signal = new AbortController().signal;
const login: Partial<RegistrySettings> = { credentials: { username: 'ann', password: 's3cret' }, insecure: true };
const basic = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;

let fake: FakeRegistry;
let digest: string;
let clients: RegistryClient[];

beforeEach(async () => {
  fake = await startFakeRegistry();
  digest = fake.putImage([Buffer.from('layer')], '1');
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await fake.stop();
});

function clientFor(settings: Partial<RegistrySettings>): RegistryClient {
  const own = registrySettings({ name: 'local', url: fake.url, ...settings });
  const client = createRegistryClient({ registries: [own], limits: quick, environment: {} });
  clients.push(client);
  return client;
}
const resolve = (client: RegistryClient, text: string, head?: HeadResult): Promise<ResolvedImage> =>
  client.resolve(parseReference(text, names), { platform, signal, ...(head === undefined ? {} : { head }) });

/** Ways to answer HEAD that say nothing of who may have the image; each before anybody is asked for a login. */
const silent: readonly (readonly [string, Hook])[] = [
  ['405', (_request, response) => Boolean(response.writeHead(405).end())],
  ['200 without a digest', (_request, response) => Boolean(response.writeHead(200).end())],
  ['the page of a login', (_request, response, path) => Boolean((path === '/sso' ? response.writeHead(200, { 'content-type': 'text/html' }) : response.writeHead(302, { location: '/sso' })).end())],
];
const another: readonly [string, Hook] = [
  'another digest',
  (_request, response) => Boolean(response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end()),
];
const guard: Hook = ({ headers }, response) => headers.authorization !== basic && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
const behind =
  (head: Hook, get?: Hook): Hook =>
  (request, response, path) =>
    request.method === 'HEAD' ? head(request, response, path) : (get?.(request, response, path) ?? false);
const byTagAndDigest = (ways: typeof silent, more: typeof silent): [string, Hook, string][] => [
  ...ways.map(([name, hook]): [string, Hook, string] => [name, hook, 'by tag']),
  ...[...ways, ...more].map(([name, hook]): [string, Hook, string] => [name, hook, 'by digest']),
];

describe.each(byTagAndDigest(silent, [another]))('a registry that answers HEAD by %s', (_what, head, by) => {
  const text = (): string => (by === 'by tag' ? 'team/app:1' : `team/app@${digest}`);

  test(`${by}: what the login alone may read is private`, async () => {
    fake.hook = behind(head, guard);
    const image = await resolve(clientFor(login), text());
    expect(image).toMatchObject({ manifestDigest: digest, access: 'private', identity: { kind: 'service' } });
    await expect(resolve(clientFor({}), text())).rejects.toMatchObject({ code: 'DENIED' });
  });
  test(`${by}: a page instead of the document is not taken for it`, async () => {
    const page: Hook = (request, response) =>
      request.headers.authorization !== basic &&
      Boolean(response.writeHead(request.headers.authorization === undefined ? 200 : 403, { 'content-type': 'text/html' }).end('<h1>Who are you?</h1>'));
    fake.hook = behind(head, page);
    await expect(resolve(clientFor(login), text())).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });
  test(`${by}: what anybody may read is public, and is read once`, async () => {
    fake.hook = behind(head);
    const client = clientFor(login);
    const found = await client.head(parseReference(text(), names), { signal });
    expect(found).toMatchObject({ digest, access: 'public' });
    expect(await resolve(client, text(), found)).toMatchObject({ manifestDigest: digest, access: 'public' });
    expect(fake.seen.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'))).toHaveLength(1);
    expect(fake.seen.map(({ headers }) => headers.authorization)).not.toContain(basic);
  });
  test(`${by}: in trouble it has said nothing: not private`, async () => {
    fake.hook = behind(head, (request, response) => request.headers.authorization !== basic && Boolean(response.writeHead(503).end()));
    await expect(resolve(clientFor(login), text())).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
  });
});
