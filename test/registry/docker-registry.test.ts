import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBlobCache,
  createRegistryClient,
  fetchLayer,
  parseReference,
  registrySettings,
  type Platform,
  type RegistrySettings,
} from '../../src/registry/index.js';
import { runChild } from '../../src/lib/child.js';
import { sha256 } from '../../src/lib/digest.js';
import { createAuthority, type Certificate } from '../support/certificates.js';
import { startDockerRegistry, type DockerRegistry } from '../support/docker-registry.js';
import { startTokenServer, type TokenServer } from '../support/token-server.js';

const platform: Platform = { os: 'linux', architecture: 'amd64' };
const signal = new AbortController().signal;
let directory: string;
let layout: string;

const run = (command: string, ...args: string[]): Promise<string> => runChild({ command, args });
const names = { defaultRegistry: 'local', registries: ['local'] };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-registry-test-'));
  layout = join(directory, 'layout');
  await run('umoci', 'init', '--layout', layout);
  await run('umoci', 'new', '--image', `${layout}:one`);
  for (const name of ['a', 'b']) {
    const tree = join(directory, name);
    await mkdir(tree);
    await writeFile(join(tree, name), randomBytes(200_000));
    await run('umoci', 'insert', '--image', `${layout}:one`, tree, `/${name}`);
  }
  await run(
    'umoci',
    'config',
    '--image',
    `${layout}:one`,
    '--architecture',
    'amd64',
    '--os',
    'linux',
    '--config.env',
    'A=b',
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function push(registry: DockerRegistry, tag: string, ...options: string[]): Promise<void> {
  await run(
    'skopeo',
    'copy',
    '-q',
    '--dest-tls-verify=false',
    ...options,
    `oci:${layout}:one`,
    `docker://${registry.host}/${tag}`,
  );
}

async function pull(settings: Partial<RegistrySettings>, tag: string): ReturnType<typeof pullWith> {
  return await pullWith(registrySettings({ name: 'local', ...settings }), tag);
}

/** Resolves and fetches, and looks at every byte. */
async function pullWith(settings: RegistrySettings, tag: string) {
  const client = createRegistryClient({ registries: [settings], limits: { retries: 0 } });
  const cacheDirectory = await mkdtemp(join(directory, 'cache-'));
  const cache = createBlobCache({ directory: cacheDirectory, owner: 'test' });
  try {
    const image = await client.resolve(parseReference(tag, names), { platform, signal });
    for (const layer of image.layers) {
      const blob = await fetchLayer(client, cache, image, layer, { signal });
      const bytes = await readFile(blob.path);
      expect(sha256(bytes)).toBe(layer.digest);
      expect(bytes.length).toBe(layer.size);
      await blob.release();
    }
    expect(await readdir(join(cacheDirectory, 'partial'))).toEqual([]);
    expect(await readdir(join(cacheDirectory, 'held'))).toEqual([]);
    return image;
  } finally {
    await client.close();
  }
}

describe('plain http', () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.stop());

  test('a pull by digest gives the same image', async () => {
    await push(registry, 'team/app:d');
    const byTag = await pull({ url: registry.url }, 'team/app:d');
    const byDigest = await pull({ url: registry.url }, `team/app@${byTag.manifestDigest}`);
    expect(byDigest.manifestDigest).toBe(byTag.manifestDigest);
  });

  test('what is not there is NOT_FOUND', async () => {
    await expect(pull({ url: registry.url }, 'team/app:nothing')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('TLS, client certificates and htpasswd', () => {
  let registry: DockerRegistry;
  let ca: string;
  let clientCertificate: Certificate;
  const credentials = { username: 'ann', password: 'pass:with:colons' };

  beforeAll(async () => {
    const place = await mkdtemp(join(directory, 'tls-'));
    const authority = await createAuthority(place);
    ca = authority.certificate;
    const server = await authority.issue('server');
    clientCertificate = await authority.issue('client');
    const htpasswd = join(place, 'htpasswd');
    await writeFile(htpasswd, await run('htpasswd', '-Bbn', credentials.username, credentials.password));
    registry = await startDockerRegistry({ tls: { ...server, clientCas: [ca] }, htpasswd });
    const certs = join(place, 'certs');
    await mkdir(certs);
    await copyFile(ca, join(certs, 'ca.crt'));
    await copyFile(clientCertificate.certificate, join(certs, 'client.cert'));
    await copyFile(clientCertificate.key, join(certs, 'client.key'));
    await push(registry, 'private/app:1', '--dest-cert-dir', certs, '--dest-creds', `${credentials.username}:${credentials.password}`);
  });
  afterAll(() => registry.stop());

  const client = (): Partial<RegistrySettings> => ({
    url: registry.url,
    caFile: ca,
    clientCertFile: clientCertificate.certificate,
    clientKeyFile: clientCertificate.key,
  });

  test('a password with colons works, and the image is private', async () => {
    const image = await pull({ ...client(), credentials }, 'private/app:1');
    expect(image.access).toBe('private');
  });
  test('a wrong password is DENIED, without the password in the message', async () => {
    const wrong = pull(
      { ...client(), credentials: { username: 'ann', password: 'hunter2' } },
      'private/app:1',
    );
    await expect(wrong).rejects.toMatchObject({
      code: 'DENIED',
      message: expect.not.stringContaining('hunter2'),
    });
  });
  test('no credentials: DENIED', async () => {
    await expect(pull(client(), 'private/app:1')).rejects.toMatchObject({ code: 'DENIED' });
  });
  test('without the client certificate nothing is given', async () => {
    const { clientCertFile: _cert, clientKeyFile: _key, ...plain } = client();
    await expect(pull({ ...plain, credentials }, 'private/app:1')).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });
  test('a CA that nobody named is refused for good', async () => {
    await expect(pull({ url: registry.url, credentials }, 'private/app:1')).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: false,
    });
  });
});

describe('token authentication', () => {
  let registry: DockerRegistry;
  let tokens: TokenServer;
  let ca: string;
  const credentials = { username: 'ann', password: 'pass:with:colons' };

  beforeAll(async () => {
    const place = await mkdtemp(join(directory, 'token-'));
    const authority = await createAuthority(place);
    ca = authority.certificate;
    const tls = await authority.issue('server');
    tokens = await startTokenServer({ tls, signer: authority, login: credentials, isPublic: (name) => name.startsWith('open/') });
    registry = await startDockerRegistry({
      tls,
      token: { realm: tokens.realm, service: tokens.service, issuer: tokens.issuer, rootCertBundle: ca },
    });
    const login = ['--dest-creds', `${credentials.username}:${credentials.password}`];
    const certs = join(place, 'certs');
    await mkdir(certs);
    await copyFile(ca, join(certs, 'ca.crt'));
    for (const repository of ['open/app', 'closed/app']) {
      await push(registry, `${repository}:1`, '--dest-cert-dir', certs, ...login);
    }
  });
  beforeEach(() => {
    tokens.seen.length = 0;
  });
  afterAll(async () => {
    await registry.stop();
    await tokens.stop();
  });

  const client = (): Partial<RegistrySettings> => ({ url: registry.url, caFile: ca, realmHosts: [tokens.host] });

  test('a public image: one anonymous token for the manifest and all blobs', async () => {
    const image = await pull(client(), 'open/app:1');
    expect(image.access).toBe('public');
    expect(tokens.seen).toEqual([{ scopes: ['repository:open/app:pull'], service: tokens.service, username: undefined }]);
  });
  test('a public one with a login: an anonymous token proves it, and the login reads it', async () => {
    const image = await pull({ ...client(), credentials }, 'open/app:1');
    expect(image).toMatchObject({ access: 'public', identity: { kind: 'service' } });
    expect(tokens.seen.map(({ username }) => username)).toEqual([undefined, 'ann']);
  });
  test('a public one with a wrong password is read without it', async () => {
    const image = await pull({ ...client(), credentials: { username: 'ann', password: 'hunter2' } }, 'open/app:1');
    expect(image.access).toBe('public');
    expect(tokens.seen.map(({ username }) => username)).toContain('ann');
  });
  test('a private one: anonymous first, then one token for the login', async () => {
    const image = await pull({ ...client(), credentials }, 'closed/app:1');
    expect(image.access).toBe('private');
    expect(tokens.seen.map(({ username }) => username)).toEqual([undefined, 'ann']);
  });
  test('a private one without a login: a token that grants nothing, and DENIED', async () => {
    await expect(pull(client(), 'closed/app:1')).rejects.toMatchObject({ code: 'DENIED' });
    // Once, and once with the scope that the registry names.
    expect(tokens.seen.length).toBeLessThanOrEqual(2);
  });
  test('a wrong password: DENIED by the token service', async () => {
    const wrong = { username: 'ann', password: 'hunter2' };
    await expect(pull({ ...client(), credentials: wrong }, 'closed/app:1')).rejects.toMatchObject({
      code: 'DENIED',
      message: expect.not.stringContaining('hunter2'),
    });
  });
  test('a token service that is not bound to the registry gets no login', async () => {
    const pulling = pull({ ...client(), realmHosts: [], allowedAddresses: ['loopback'], credentials }, 'closed/app:1');
    await expect(pulling).rejects.toMatchObject({ code: 'DENIED', message: expect.stringContaining('realmHosts') });
    expect(tokens.seen.map(({ username }) => username)).not.toContain('ann');
  });
});
