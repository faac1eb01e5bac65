/** What a pull does with a registry that has nothing new, is in trouble, or limits us: through whole gateways. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { gatewayViewer, principalOf } from '../../src/access/viewer.js';
import type { GatewayClient, PullState } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { openDatabase, type Database } from '../../src/models/database.js';
import { createImageStore } from '../../src/models/image-store.js';
import { createPullStore } from '../../src/models/pull-store.js';
import { parseDigest } from '../../src/lib/digest.js';
import { digestOf, INDEX, MANIFEST, startFakeRegistry, type FakeRegistry, type SeenRequest } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
/** Of a Location of its own, because what it asks to wait is kept. */
let busy: FakeRegistry;
/** Gives its images to those who log in, when it is told to. */
let guarded: FakeRegistry;
let mirror: FakeRegistry;
let site: Site;
let gateway: RunningGateway;
let api: RunningGateway;
let database: Database;
let client: GatewayClient;
let serial = 0;

function newImage(tag: string, at = registry): string {
  serial += 1;
  return at.putImage([tarOf({ name: 'name', body: `image ${String(serial)}` })], tag);
}

async function pull(reference: string, force = false): Promise<PullState> {
  const { pulls } = await client.pull({ reference, systems: ['one'], force });
  return (await statesOf(client, pulls[0]!.id)).at(-1)!;
}

async function ask(url: string | undefined, query: string): Promise<unknown> {
  const answer = await fetch(url ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return await answer.json();
}

const what = ({ method, path }: Pick<SeenRequest, 'method' | 'path'>): string => `${method} ${path.includes('/blobs/') ? 'blob' : 'manifest'}`;

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  busy = await startFakeRegistry();
  guarded = await startFakeRegistry();
  mirror = await startFakeRegistry();
  const location = { remotetype: 'dockerv2', url: registry.url };
  site = makeSite(stack, registry.url, {
    Locations: {
      test: { ...location, staleWhenUnavailable: true },
      strict: location,
      busy: { ...location, url: busy.url },
      mirrored: { ...location, mirrors: [`${mirror.url}/hub`] },
      guarded: { ...location, url: guarded.url, insecure: true, credentials: { username: 'ann', password: 's3cret' } },
    },
    PullUpdateTimeout: 0,
    RegistryLimits: { retries: 2, retryDelay: 0, retryAfterMax: 2000, layers: 3, parallelLayers: 1 },
  });
  gateway = await startInProcess(site, { api: true, worker: true });
  api = await startInProcess(site, { api: true, worker: false });
  database = await openDatabase({ uri: site.environment['MONGODB_URI'] ?? '', serverSelectionMs: 5000 });
  client = clientOf(gateway);
});
afterEach(() => {
  registry.hook = undefined;
});
afterAll(async () => {
  await database.close();
  await api.close();
  await gateway.close();
  await registry.stop();
  await busy.stop();
  await guarded.stop();
  await mirror.stop();
  await stack.stop();
  site.remove();
});

describe('a tag that has not moved', () => {
  it('costs no pull at the registry: a HEAD, and nothing is read', async () => {
    newImage('still');
    const first = await pull('app:still');
    const from = registry.seen.length;
    const second = await pull('app:still');
    expect(second).toMatchObject({ state: 'READY', isStale: false, image: first.image, layers: [{ fromCache: true, state: 'DONE' }] });
    expect(registry.seen.slice(from).map(what)).toEqual(['HEAD manifest']);
  });

  it('is read again when it has, or when that is forced', async () => {
    newImage('moved');
    await pull('app:moved');
    const digest = newImage('moved');
    expect((await pull('app:moved')).image?.imageId).toBe(digest.slice(7));
    const from = registry.seen.length;
    expect(await pull('app:moved', true)).toMatchObject({ state: 'READY' });
    expect(registry.seen.slice(from).map(what)).toContain('GET manifest');
  });

  it('is read again when its files have gone', async () => {
    const digest = newImage('lost');
    await pull('app:lost');
    const path = `${site.images}/${digest.slice(7)}.squashfs`;
    rmSync(path);
    expect(await pull('app:lost')).toMatchObject({ state: 'READY' });
    expect(existsSync(path)).toBe(true);
  });
});

it('an image is as public as the registry says today, in the index and on the system', async () => {
  const digest = newImage('guarded', guarded);
  const meta = (): string => readFileSync(`${site.images}/${digest.slice(7)}.meta`, 'utf8');
  const isPublic = async (): Promise<unknown> =>
    await ask(gateway.url, '{ image(system: "one", reference: "guarded/app:guarded") { isPublic } }');
  const login = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
  const needLogin: FakeRegistry['hook'] = (request, response) =>
    request.headers.authorization !== login && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
  for (const expected of [true, false, true]) {
    guarded.hook = expected ? undefined : needLogin;
    expect(await pull('guarded/app:guarded')).toMatchObject({ state: 'READY' });
    expect(await isPublic()).toEqual({ data: { image: { isPublic: expected } } });
    expect(meta().includes('USERACL')).toBe(!expected);
  }
  // Another name that is public keeps it open.
  guarded.putManifest(JSON.parse(guarded.manifests.get(digest)!.bytes.toString()), 'open');
  expect(await pull('guarded/app:open')).toMatchObject({ state: 'READY' });
  guarded.hook = needLogin;
  expect(await pull('guarded/app:guarded')).toMatchObject({ state: 'READY' });
  expect(await isPublic()).toEqual({ data: { image: { isPublic: true } } });
  expect(meta()).not.toContain('USERACL');
});

describe('a registry that is down', () => {
  const down = (): void => {
    registry.hook = (_request, response) => Boolean(response.writeHead(503).end());
  };

  it('what is published is READY and stale, where the Location allows it', async () => {
    const digest = newImage('kept');
    await pull('app:kept');
    await pull('strict/app:kept');
    down();
    expect(await pull('app:kept')).toMatchObject({ state: 'READY', isStale: true, error: null, image: { imageId: digest.slice(7) } });
    expect(await pull('strict/app:kept')).toMatchObject({ state: 'FAILED', isStale: false, error: { code: 'REGISTRY_UNREACHABLE', retryable: true } });
    expect(await pull('app:never')).toMatchObject({ state: 'FAILED', error: { code: 'REGISTRY_UNREACHABLE' } });
    // Published again is what was asked for.
    expect(await pull('app:kept', true)).toMatchObject({ state: 'FAILED', error: { code: 'REGISTRY_UNREACHABLE' } });
  });

  it('in the middle of a new image, the old one is given whole', async () => {
    const digest = newImage('half');
    await pull('app:half');
    newImage('half');
    registry.hook = (request, response, path) => request.method === 'GET' && path.includes('/blobs/') && Boolean(response.writeHead(503).end());
    const last = await pull('app:half');
    expect(last).toMatchObject({ state: 'READY', isStale: true, image: { imageId: digest.slice(7) } });
    expect(last.bytesDone).toBe(last.bytesTotal);
  });

  it('a refusal is no trouble: it is told, not hidden behind the old image', async () => {
    newImage('refused');
    await pull('app:refused');
    registry.hook = (_request, response) => Boolean(response.writeHead(403).end());
    expect(await pull('app:refused')).toMatchObject({ state: 'FAILED', error: { code: 'DENIED' } });
  });

  it("a caller without access to the tag gets the registry's failure", async () => {
    const imageId = newImage('mine').slice(7);
    await pull('app:mine');
    const images = createImageStore(database);
    const tag = (await images.getTag('one', 'test/app:mine', null))!;
    await images.pointTag({ ...tag, imageId, topDigest: parseDigest(tag.topDigest), principals: [principalOf(gatewayViewer())], ids: { users: [], groups: [] } });
    down();
    expect(await pull('app:mine')).toMatchObject({ state: 'READY', isStale: true });

    let joined = false;
    registry.hook = (_request, response) => {
      if (joined) return Boolean(response.writeHead(503).end());
      joined = true;
      // A stranger joins while the registry is being asked.
      void (async () => {
        const pulls = createPullStore(database);
        const [running] = await pulls.list({ states: ['RESOLVING', 'QUEUED'], limit: 1, order: 'newest' });
        await pulls.join(running!.key, running!.request, 'u:site/stranger');
        response.writeHead(503).end();
      })();
      return true;
    };
    expect(await pull('app:mine')).toMatchObject({ state: 'FAILED', isStale: false, error: { code: 'REGISTRY_UNREACHABLE' } });
  });
});

describe('a registry that limits us', () => {
  it('a wait is told with its reason, for the pull and for the layer', async () => {
    newImage('slow');
    const limited = new Set<string>();
    registry.hook = (request, response) => {
      const key = what({ method: request.method ?? '', path: request.url ?? '' });
      if (limited.has(key) || key === 'GET manifest') return false;
      limited.add(key);
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    };
    const { pulls } = await client.pull({ reference: 'app:slow', systems: ['one'] });
    const states = await statesOf(client, pulls[0]!.id);
    const words = `waiting 1 s, rate limited by ${registry.host}`;
    expect(states.map(({ message }) => message)).toContain(words);
    expect(states.at(-1)).toMatchObject({ state: 'READY' });
    expect(states.at(-1)?.layers.map(({ waitingFor }) => waitingFor)).toEqual([null]);

    // The blob that is asked for first is the config; the layer has its own wait.
    const digest = newImage('slower');
    const { layers } = JSON.parse(registry.manifests.get(digest)!.bytes.toString()) as { layers: { digest: string }[] };
    let asked = 0;
    registry.hook = (_request, response, path) => {
      if (!path.endsWith(layers[0]!.digest) || (asked += 1) > 1) return false;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    };
    const second = await client.pull({ reference: 'app:slower', systems: ['one'] });
    const later = await statesOf(client, second.pulls[0]!.id);
    expect(later.flatMap((state) => state.layers.map(({ waitingFor }) => waitingFor))).toContain(words);
    expect(later.at(-1)).toMatchObject({ state: 'READY' });
  });

  it('what one process is told to wait, another waits too, without asking', async () => {
    newImage('crowded', busy);
    busy.hook = (_request, response) => Boolean(response.writeHead(429, { 'retry-after': '3000' }).end());
    expect(await pull('busy/app:crowded')).toMatchObject({ state: 'FAILED', error: { code: 'RATE_LIMITED', retryable: true } });
    const from = busy.seen.length;
    expect(await ask(api.url, '{ inspect(reference: "busy/app:crowded") { errors { code } } }')).toEqual({
      data: { inspect: { errors: [{ code: 'RATE_LIMITED' }] } },
    });
    expect(busy.seen).toHaveLength(from);
  });

  it('what remains of the pulls is told by every API node, for each identity by itself', async () => {
    newImage('counted', guarded);
    guarded.hook = (request, response) => {
      const given = request.headers.authorization === undefined ? 'anonymous' : 'login';
      response.setHeader('ratelimit-limit', given === 'login' ? '200;w=21600' : '100;w=21600');
      response.setHeader('ratelimit-remaining', given === 'login' ? '150;w=21600' : '7;w=21600');
      // The digest is told to everybody, the content to those who log in.
      return given === 'anonymous' && request.method === 'GET' && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    };
    const query = '{ registry(name: "guarded") { rateLimits { limit remaining windowSeconds identity } } }';
    expect(await ask(api.url, query)).toEqual({ data: { registry: { rateLimits: [] } } });
    await pull('guarded/app:counted');
    guarded.hook = undefined;
    const rateLimits = [
      { limit: 100, remaining: 7, windowSeconds: 21_600, identity: 'ANONYMOUS' },
      { limit: 200, remaining: 150, windowSeconds: 21_600, identity: 'SERVICE' },
    ];
    expect(await ask(api.url, query)).toEqual({ data: { registry: { rateLimits } } });
  });
});

describe('where an image came from', () => {
  const query = (reference: string): string =>
    `{ image(system: "one", reference: "${reference}") { attestations layers { servedBy { endpoint identity } } } }`;
  const sidecarOf = (digest: string): unknown => JSON.parse(readFileSync(`${site.images}/.imagegw/${digest.slice(7)}.json`, 'utf8'));

  it('is told of each layer and of the pull: as whom the registry was asked, never the login; so are the attestations of the index', async () => {
    const digest = newImage('signed', guarded);
    const entry = (of: string, os: string, annotations?: object): object => ({
      mediaType: MANIFEST,
      digest: of,
      size: guarded.manifests.get(of)!.bytes.length,
      platform: { os, architecture: os === 'linux' ? 'amd64' : 'unknown' },
      annotations,
    });
    const about = (of: string): object => ({ 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': of });
    const [own, others] = [newImage('attestation', guarded), newImage('attestation-of-another', guarded)];
    const manifests = [entry(digest, 'linux'), entry(own, 'unknown', about(digest)), entry(others, 'unknown', about(`sha256:${'0'.repeat(64)}`))];
    guarded.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests }, 'signed', INDEX);
    guarded.hook = (request, response) =>
      request.headers.authorization === undefined && Boolean(response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    const servedBy = { endpoint: guarded.host, identity: 'SERVICE' };
    const pulled = await pull('guarded/app:signed');
    guarded.hook = undefined;
    expect(pulled).toMatchObject({ state: 'READY', identity: 'SERVICE', layers: [{ servedBy }] });
    expect(JSON.stringify(pulled)).not.toMatch(/s3cret/);
    expect(await ask(gateway.url, query('guarded/app:signed'))).toEqual({ data: { image: { attestations: [own], layers: [{ servedBy }] } } });
    expect(sidecarOf(digest)).toMatchObject({ attestations: [own], layers: [{ servedBy: { endpoint: guarded.host, identity: 'service' } }] });
    // Of what was not fetched nothing is told.
    expect(await pull('guarded/app:signed')).toMatchObject({ state: 'READY', identity: null, layers: [{ fromCache: true, servedBy: null }] });
  });

  it('a mirror is named where it was the mirror', async () => {
    const layer = tarOf({ name: 'name', body: 'mirrored' });
    for (const one of [registry, mirror]) one.putImage([layer], 'mirrored');
    const servedBy = { endpoint: `${mirror.host}/hub`, identity: 'ANONYMOUS' };
    expect(await pull('mirrored/app:mirrored')).toMatchObject({ state: 'READY', identity: 'ANONYMOUS', layers: [{ servedBy }] });
  });
});

it('the limits of the configuration are those of the pull', async () => {
  registry.putImage([1, 2, 3, 4].map((n) => tarOf({ name: 'name', body: String(n) })), 'tall');
  const { error } = await pull('app:tall');
  expect(error).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringContaining('the limit is 3') });
});

it('the largest layer is fetched first: what comes last is read while nothing else comes', async () => {
  const layers = [2000, 90_000, 20_000].map((size, at) => tarOf({ name: `f${String(at)}`, body: Buffer.alloc(size, 65 + at) }));
  registry.putImage(layers, 'sizes');
  const from = registry.seen.length;
  expect(await pull('app:sizes')).toMatchObject({ state: 'READY' });
  const asked = registry.seen.slice(from).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  const digests = layers.map(digestOf);
  expect(asked.filter((digest) => digests.includes(digest))).toEqual([digests[1], digests[2], digests[0]]);
});
