import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseDigest } from '../../src/lib/digest.js';
import {
  createBlobCache,
  createRegistryClient,
  fetchLayer,
  parseReference,
  registrySettings,
  type BlobCache,
  type BlobProgress,
  type RegistryClient,
  type RegistryLimits,
  type RegistrySettings,
  type ResolveOptions,
} from '../../src/registry/index.js';
import {
  digestOf,
  INDEX,
  LAYER,
  MANIFEST,
  startFakeRegistry,
  type FakeRegistry,
} from '../support/fake-registry.js';

const names = { defaultRegistry: 'local', registries: ['local'] };
const platform = { os: 'linux', architecture: 'amd64' };
const signal = new AbortController().signal;
const quick: Partial<RegistryLimits> = { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 3 };

let fake: FakeRegistry;
let other: FakeRegistry;
let directory: string;
let cache: BlobCache;
let clients: RegistryClient[];

beforeEach(async () => {
  fake = await startFakeRegistry();
  other = await startFakeRegistry();
  directory = await mkdtemp(join(tmpdir(), 'imagegw-hostile-'));
  cache = createBlobCache({ directory, owner: 'me', limits: quick });
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all([fake.stop(), other.stop()]);
  await rm(directory, { recursive: true, force: true });
});

function clientFor(
  settings: Partial<RegistrySettings> = {},
  limits: Partial<RegistryLimits> = {},
): RegistryClient {
  const client = createRegistryClient({
    registries: [registrySettings({ name: 'local', url: fake.url, ...settings })],
    limits: { ...quick, ...limits },
    environment: {},
  });
  clients.push(client);
  return client;
}

const resolve = (client: RegistryClient, text = 'team/app:1', options: Partial<ResolveOptions> = {}) =>
  client.resolve(parseReference(text, names), { platform, signal, ...options });

/** Pulls the only layer of team/app:1 and gives what was reported on the way. */
async function pullLayer(
  client: RegistryClient,
  from = cache,
): Promise<{ bytes: Buffer; seen: BlobProgress[] }> {
  const image = await resolve(client);
  const seen: BlobProgress[] = [];
  const blob = await fetchLayer(client, from, image, image.layers[0]!, {
    signal,
    onProgress: (p) => seen.push(p),
  });
  const bytes = await readFile(blob.path);
  await blob.release();
  return { bytes, seen };
}

async function nothingLeft(): Promise<void> {
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
  expect(await readdir(join(directory, 'held'))).toEqual([]);
}

describe('documents', () => {
  test.each<
    [string, (layer: { mediaType: string; digest: string; size: number }) => Record<string, unknown>, string]
  >([
    ['a manifest that is an index too', () => ({ manifests: [] }), 'at once'],
    [
      'an encrypted layer',
      (layer) => ({ layers: [{ ...layer, mediaType: `${LAYER}+encrypted` }] }),
      'encrypted',
    ],
    [
      'a digest with path characters',
      (layer) => ({ layers: [{ ...layer, digest: 'sha256:../../etc/passwd' }] }),
      'not a digest',
    ],
    ['a negative size', (layer) => ({ layers: [{ ...layer, size: -1 }] }), 'malformed'],
    ['an artifact', () => ({ artifactType: 'application/vnd.example' }), 'artifact'],
    [
      'ten thousand layers',
      (layer) => ({ layers: Array.from({ length: 10_000 }, () => layer) }),
      '10000 layers',
    ],
    ['layers without diff ids', (layer) => ({ layers: [layer, layer] }), '2 layers'],
    ['another type in the body', () => ({ mediaType: INDEX }), 'sent as'],
  ])('%s is refused', async (_what, change, says) => {
    const bytes = Buffer.from('layer');
    fake.putImage([bytes], '1', {
      manifest: change({ mediaType: LAYER, digest: digestOf(bytes), size: bytes.length }),
    });
    await expect(resolve(clientFor())).rejects.toMatchObject({
      code: 'BAD_MANIFEST',
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', { schemaVersion: 1, fsLayers: [] }],
    ['application/vnd.docker.distribution.manifest.v1+json; charset=utf-8', { schemaVersion: 1, fsLayers: [] }],
    ['application/json', { schemaVersion: 1 }],
    [MANIFEST, { schemaVersion: 1, fsLayers: [] }],
    [MANIFEST, { schemaVersion: 2, fsLayers: [{ blobSum: digestOf(Buffer.from('x')) }] }],
  ])('Docker schema 1, sent as %s with %j, is refused by a code of its own, which names the image and what to do', async (type, change) => {
    fake.putImage([Buffer.from('x')], '1', { manifest: { mediaType: undefined, ...change } });
    fake.manifests.set('1', { ...fake.manifests.get('1')!, type });
    const said = await resolve(clientFor()).catch((error: unknown) => error);
    expect(said).toMatchObject({ code: 'UNSUPPORTED_MANIFEST', retryable: false });
    for (const part of ['local/team/app:1', 'schema 1', 'push it again', MANIFEST]) expect((said as Error).message).toContain(part);
  });

  test('bytes that are not those of the digest are refused, by tag too', async () => {
    const digest = fake.putImage([Buffer.from('x')], '1');
    const found = fake.manifests.get(digest)!;
    fake.manifests.set(digest, { ...found, bytes: Buffer.concat([found.bytes, Buffer.from(' ')]) });
    await expect(resolve(clientFor(), `team/app@${digest}`)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });

  test('a manifest of 100 MiB is not read', async () => {
    let sent = 0;
    fake.hook = (request, response, path) => {
      if (!path.includes('/manifests/') || request.method !== 'GET') return false;
      response.writeHead(200, { 'content-type': MANIFEST });
      const piece = Buffer.alloc(65_536, 0x20);
      const push = (): void => {
        while (sent < 100 << 20 && !response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) return void response.once('drain', push);
        }
      };
      push();
      return true;
    };
    fake.putImage([Buffer.from('x')], '1');
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'MANIFEST_TOO_LARGE' });
    expect(sent).toBeLessThan(50 << 20);
  });

  test('an index gives the platform, nested once; another platform is ARCH_MISMATCH', async () => {
    const amd = fake.putImage([Buffer.from('amd')], 'a');
    const arm = fake.putImage([Buffer.from('arm')], 'b', { architecture: 'arm64' });
    const entry = (digest: string, architecture?: string, mediaType = MANIFEST) => ({
      mediaType,
      digest,
      size: fake.manifests.get(digest)!.bytes.length,
      ...(architecture === undefined ? {} : { platform: { os: 'linux', architecture } }),
    });
    const inner = fake.putManifest(
      { schemaVersion: 2, mediaType: INDEX, manifests: [entry(amd, 'amd64')] },
      undefined,
      INDEX,
    );
    const top = fake.putManifest(
      {
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [
          entry(arm, 'arm64'),
          { ...entry(amd), platform: { os: 'unknown', architecture: 'unknown' } },
          entry(inner, undefined, INDEX),
        ],
      },
      '1',
      INDEX,
    );
    const image = await resolve(clientFor());
    expect(image).toMatchObject({ topDigest: top, manifestDigest: amd, access: 'public' });
    await expect(
      resolve(clientFor(), 'team/app:1', { platform: { os: 'linux', architecture: 'riscv64' } }),
    ).rejects.toMatchObject({
      code: 'ARCH_MISMATCH',
      message: expect.stringContaining('linux/arm64'),
    });
    await expect(resolve(clientFor(), 'team/app:b')).rejects.toMatchObject({ code: 'ARCH_MISMATCH' });
  });

  test('an index within an index within an index is refused', async () => {
    const amd = fake.putImage([Buffer.from('amd')], 'a');
    const around = (digest: string, mediaType: string, more: object, tag?: string): string =>
      fake.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType, digest, size: fake.manifests.get(digest)!.bytes.length, ...more }] }, tag, INDEX);
    const inner = around(amd, MANIFEST, { platform: { os: 'linux', architecture: 'amd64' } });
    const middle = around(inner, INDEX, {}, '2');
    around(middle, INDEX, {}, '3');
    expect((await resolve(clientFor(), 'team/app:2')).manifestDigest).toBe(amd);
    await expect(resolve(clientFor(), 'team/app:3')).rejects.toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringContaining('more than 2 deep') });
  });

  test('a key that is given twice is refused: readers differ in which one counts', async () => {
    fake.putImage([Buffer.from('x')], '1');
    const found = fake.manifests.get('1')!;
    fake.putManifest(Buffer.from(found.bytes.toString().replace('"layers":', '"layers":[],"layers":')), '1');
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringContaining('"layers" twice') });
  });

  test('more bytes of layers than the limit: TOO_LARGE, and none is fetched', async () => {
    fake.putImage([Buffer.alloc(600, 1), Buffer.alloc(600, 2)], '1');
    await expect(resolve(clientFor({}, { imageBytes: 1199 }))).rejects.toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('1200 bytes') });
    expect((await resolve(clientFor({}, { imageBytes: 1200 }))).bytesTotal).toBe(1200);
  });

  test('a root file system of another type than layers (config.md)', async () => {
    const bytes = Buffer.from('x');
    fake.putImage([bytes], '1', { config: { rootfs: { type: 'layers+base', diff_ids: [digestOf(bytes)] } } });
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringContaining('rootfs.type') });
  });
  test.each(['manifests', 'blobs'])('one of the %s that breaks off is asked for again', async (kind) => {
    fake.putImage([Buffer.from('x')], '1');
    let isFirst = true;
    fake.hook = ({ method }, response, path) => {
      if (method === 'HEAD' || !path.includes(`/${kind}/`) || !isFirst) return false;
      isFirst = false;
      response.writeHead(200, { 'content-length': 1000 }).write('{', () => setImmediate(() => response.destroy()));
      return true;
    };
    expect((await resolve(clientFor())).layers).toHaveLength(1);
    expect(isFirst).toBe(false);
  });

  test.each([
    ['a manifest', (path: string) => path.includes('/manifests/'), 200, 'less than 50000 bytes a second'],
    ['a config', (path: string) => path.includes('/blobs/'), 200, 'less than 50000 bytes a second'],
    ['the text of an error', () => true, 403, 'HTTP 403'],
  ])('%s that trickles for ever is given up', async (_what, isSlow, status, says) => {
    fake.putImage([Buffer.from('x')], '1');
    const timers: NodeJS.Timeout[] = [];
    fake.hook = ({ method }, response, path) => {
      if (method === 'HEAD' || !isSlow(path)) return false;
      response.writeHead(status, { 'content-length': 60_000 });
      timers.push(setInterval(() => response.write(' '), 5));
      return true;
    };
    const error = resolve(clientFor({}, { minimumRateWindowMs: 50, retries: 1 }));
    await expect(error).rejects.toMatchObject({ message: expect.stringContaining(says) });
    // Tried again where that can help.
    expect(timers).toHaveLength(status === 200 ? 2 : 1);
    timers.forEach(clearInterval);
  });

  test('an answer that never comes is given up', async () => {
    fake.hook = () => true;
    await expect(resolve(clientFor({}, { answerTimeoutMs: 50, retries: 1 }))).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
    expect(fake.seen).toHaveLength(2);
  });

  test('a head of an answer without end is not read', async () => {
    fake.hook = (_request, response) => Boolean(response.writeHead(200, { 'x-filler': 'x'.repeat(20_000) }).end());
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', message: expect.stringMatching(/headers/i) });
  });

  test('HEAD that is not allowed falls back to GET', async () => {
    fake.putImage([Buffer.from('x')], '1');
    fake.hook = (request, response) => request.method === 'HEAD' && (response.writeHead(405).end(), true);
    expect((await resolve(clientFor())).layers).toHaveLength(1);
  });
});

describe('connections', () => {
  test('HEAD, documents and a layer come over one', async () => {
    fake.putImage([Buffer.from('x')], '1');
    const sockets = new Set<unknown>();
    fake.hook = ({ socket }) => {
      sockets.add(socket);
      return false;
    };
    await pullLayer(clientFor());
    expect(fake.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET', 'GET']);
    expect(sockets.size).toBe(1);
  });

  test.each([200, 404])('a body that comes behind the %s of a HEAD is no answer to what is asked next', async (status) => {
    fake.putImage([Buffer.from('x')], '1');
    const digest = [...fake.manifests.keys()][0]!;
    const forged = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n';
    fake.hook = ({ method, socket }) =>
      method === 'HEAD' &&
      socket.write(
        `HTTP/1.1 ${String(status)} OK\r\ncontent-length: ${String(forged.length)}\r\ndocker-content-digest: ${digest}\r\n\r\n${forged}`,
      );
    const client = clientFor();
    if (status === 200) expect((await pullLayer(client)).bytes.toString()).toBe('x');
    else await expect(resolve(client)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    fake.hook = undefined;
    expect((await resolve(client)).layers).toHaveLength(1);
  });
});

describe('layers', () => {
  const layer = randomBytes(300_000);
  const isBlob = (path: string): boolean => path.endsWith(digestOf(layer));
  beforeEach(() => void fake.putImage([layer], '1'));

  test('a cut is resumed where it happened', async () => {
    const cuts = [1000, 100_000, 250_000];
    fake.hook = (request, response, path) => {
      const cut = isBlob(path) ? cuts.shift() : undefined;
      if (cut === undefined) return false;
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const head =
        from === 0
          ? {}
          : { 'content-range': `bytes ${String(from)}-${String(layer.length - 1)}/${String(layer.length)}` };
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': layer.length - from, ...head });
      response.write(layer.subarray(from, cut), () => setImmediate(() => response.destroy()));
      return true;
    };
    const { bytes, seen } = await pullLayer(clientFor());
    expect(bytes.equals(layer)).toBe(true);
    expect(seen.some(({ state, attempt }) => state === 'RETRYING' && attempt > 1)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ state: 'DONE', bytesDone: layer.length, fromCache: false });
    expect(
      fake.seen.filter(({ path }) => isBlob(path)).some(({ headers }) => headers.range !== undefined),
    ).toBe(true);
    await nothingLeft();
  });

  test('a server without ranges that cuts at the same byte every time does not keep us for ever', async () => {
    fake.hook = (_request, response, path) => {
      if (!isBlob(path)) return false;
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 200_000), () => setImmediate(() => response.destroy()));
      return true;
    };
    await expect(pullLayer(clientFor())).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: true,
    });
    await nothingLeft();
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['one byte too many', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
    ['too few', (bytes) => bytes.subarray(0, 1000)],
    ['other bytes', (bytes) => Buffer.alloc(bytes.length)],
  ])('%s: fetched once more, then BAD_LAYER', async (_what, change) => {
    fake.hook = (_request, response, path) =>
      isBlob(path) && (response.writeHead(200).end(change(layer)), true);
    await expect(pullLayer(clientFor())).rejects.toMatchObject({ code: 'BAD_LAYER', retryable: false });
    expect(fake.seen.filter(({ path }) => isBlob(path))).toHaveLength(2);
    await nothingLeft();
  });

  test('nobody may compress on the way: it is asked for as it is, and what comes is never decoded', async () => {
    fake.hook = (_request, response, path) =>
      isBlob(path) && Boolean(response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(layer)));
    await expect(pullLayer(clientFor())).rejects.toMatchObject({ code: 'BAD_LAYER' });
    expect(new Set(fake.seen.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']));
    // A header that is not true changes nothing.
    fake.hook = (_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      return false;
    };
    expect((await pullLayer(clientFor())).bytes.equals(layer)).toBe(true);
  });

  test('wrong bytes once: the second fetch is good', async () => {
    let first = true;
    fake.hook = (_request, response, path) => {
      if (!isBlob(path) || !first) return false;
      first = false;
      response.writeHead(200).end(Buffer.alloc(layer.length));
      return true;
    };
    const { bytes, seen } = await pullLayer(clientFor());
    expect(bytes.equals(layer)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ state: 'DONE', attempt: 2 });
  });

  test('ranges: a large layer comes in several, and a wrong Content-Range is BAD_LAYER', async () => {
    const limits = { ...quick, rangeThresholdBytes: 100_000, rangeBytes: 50_000, rangeStreams: 3 };
    const ranged = createBlobCache({ directory, owner: 'ranged', limits });
    expect((await pullLayer(clientFor(), ranged)).bytes.equals(layer)).toBe(true);
    const ranges = fake.seen.filter(({ path }) => isBlob(path)).map(({ headers }) => headers.range);
    expect(ranges).toContain('bytes=250000-299999');
    await ranged.discard(parseDigest(digestOf(layer)));
    fake.hook = (request, response, path) => {
      if (!isBlob(path) || request.headers.range === undefined) return false;
      response
        .writeHead(206, { 'content-range': `bytes 7-50006/${String(layer.length)}` })
        .end(layer.subarray(7, 50_007));
      return true;
    };
    await expect(pullLayer(clientFor(), ranged)).rejects.toMatchObject({ code: 'BAD_LAYER' });
    await nothingLeft();
  });

  test('a layer that trickles is broken off and resumed', async () => {
    let slow = true;
    fake.hook = (_request, response, path) => {
      if (!isBlob(path) || !slow) return false;
      slow = false;
      response.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 10));
      return true;
    };
    const impatient = createBlobCache({
      directory,
      owner: 'impatient',
      limits: { ...quick, minimumRateWindowMs: 50 },
    });
    expect((await pullLayer(clientFor(), impatient)).bytes.equals(layer)).toBe(true);
  });

  test('one download for all who want it; one caller leaving does not end it', async () => {
    const client = clientFor();
    const image = await resolve(client);
    const leaver = new AbortController();
    let release: () => void = () => {};
    const asked = new Promise<void>((started) => {
      fake.hook = (_request, response, path) => {
        if (!isBlob(path)) return false;
        response.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 100));
        release = () => response.end(layer.subarray(100));
        started();
        return true;
      };
    });
    const leaving = fetchLayer(client, cache, image, image.layers[0]!, { signal: leaver.signal });
    await asked;
    const staying = fetchLayer(client, cache, image, image.layers[0]!, { signal });
    leaver.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
    release();
    await (await staying).release();
    expect(fake.seen.filter(({ path }) => isBlob(path))).toHaveLength(1);
    await nothingLeft();
  });

  test('the last caller leaving ends the download and leaves nothing', async () => {
    const client = clientFor();
    const image = await resolve(client);
    const leaver = new AbortController();
    const closed = new Promise<void>((gone) => {
      fake.hook = (request, response, path) => {
        if (!isBlob(path)) return false;
        response.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 100));
        request.socket.on('close', gone);
        setImmediate(() => leaver.abort());
        return true;
      };
    });
    await expect(
      fetchLayer(client, cache, image, image.layers[0]!, { signal: leaver.signal }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    await closed;
    await nothingLeft();
  });

  test('a damaged cache entry is found by another worker and fetched again', async () => {
    await pullLayer(clientFor());
    await writeFile(join(directory, 'sha256', digestOf(layer).slice(7)), Buffer.alloc(layer.length));
    const another = createBlobCache({ directory, owner: 'another', limits: quick });
    const { bytes, seen } = await pullLayer(clientFor(), another);
    expect(bytes.equals(layer)).toBe(true);
    expect(seen.at(-1)?.fromCache).toBe(false);
    expect((await pullLayer(clientFor(), another)).seen.at(-1)?.fromCache).toBe(true);
  });

  test('the least recently used go first, never what a pull holds', async () => {
    const client = clientFor();
    const second = randomBytes(300_000);
    fake.putImage([second], '2');
    const small = createBlobCache({ directory, owner: 'small', limits: quick, maxBytes: 400_000 });
    const [one, two] = [await resolve(client), await resolve(client, 'team/app:2')];
    const held = await fetchLayer(client, small, one, one.layers[0]!, { signal });
    await (await fetchLayer(client, small, two, two.layers[0]!, { signal })).release();
    expect((await readFile(held.path)).equals(layer)).toBe(true);
    expect(await small.has(one.layers[0]!)).toBe(true);
    await held.release();
    // Times of use that no clock tick can blur.
    await utimes(
      join(directory, 'sha256', digestOf(second).slice(7)),
      new Date(Date.now() + 60_000),
      new Date(),
    );
    const third = randomBytes(100_000);
    fake.putImage([third], '3');
    const three = await resolve(client, 'team/app:3');
    await (await fetchLayer(client, small, three, three.layers[0]!, { signal })).release();
    expect(await small.has(one.layers[0]!)).toBe(false);
    expect(await small.has(two.layers[0]!)).toBe(true);
  });
});

describe('trouble', () => {
  beforeEach(() => void fake.putImage([Buffer.from('x')], '1'));
  /** Answers the first `count` requests with a status. */
  function failing(count: number, status: number, headers: Record<string, string> = {}): void {
    let left = count;
    fake.hook = (_request, response) => left-- > 0 && (response.writeHead(status, headers).end(), true);
  }

  test.each([
    [500, {}],
    [503, { 'retry-after': '0' }],
    [429, {}],
    [429, { 'retry-after': 'Wed, 01 Jan 2020 00:00:00 GMT' }],
  ])('HTTP %i %j is waited out', async (status, headers) => {
    failing(2, status, headers);
    expect((await resolve(clientFor())).layers).toHaveLength(1);
  });
  test('429 for ever is RATE_LIMITED, 502 for ever REGISTRY_UNREACHABLE; both may pass', async () => {
    failing(Infinity, 429);
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    failing(Infinity, 502);
    await expect(resolve(clientFor())).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: true,
    });
  });
  test('a long Retry-After ends the pull at once, and the next one does not even ask', async () => {
    failing(Infinity, 429, { 'retry-after': '1800' });
    const client = clientFor();
    await expect(resolve(client)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('1800 s'),
    });
    const asked = fake.seen.length;
    await expect(resolve(client)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(fake.seen).toHaveLength(asked);
  });
  test('a Retry-After of years is believed up to the limit', async () => {
    failing(Infinity, 429, { 'retry-after': '999999999' });
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining(' 3600 s ') });
  });
  test('a registry that is not there', async () => {
    await fake.stop();
    await expect(resolve(clientFor())).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: true,
    });
  });
  test('the pull account of Docker Hub is read', async () => {
    fake.hook = (_request, response) => {
      response.setHeader('ratelimit-limit', '100;w=21600').setHeader('ratelimit-remaining', '7;w=21600');
      return false;
    };
    const said: unknown[] = [];
    const client = createRegistryClient({
      registries: [registrySettings({ name: 'local', url: fake.url })],
      environment: {},
      onRateLimit: (...account) => said.push(account),
    });
    clients.push(client);
    await resolve(client);
    const account = { limit: 100, remaining: 7, windowSeconds: 21_600, identity: 'anonymous' };
    expect(said[0]).toEqual(['local', { ...account, seenAt: expect.any(Date) }]);
  });
});

describe('credentials', () => {
  const credentials = { username: 'ann', password: 's3cret:word' };
  const basic = `Basic ${Buffer.from('ann:s3cret:word').toString('base64')}`;
  beforeEach(() => void fake.putImage([Buffer.from('x')], '1'));

  /** Wants a bearer token of `realm` for everything below /v2/. */
  function wantToken(realm: string, isGood: (token: string) => boolean): void {
    fake.hook = (request, response, path) => {
      if (path === '/token') return false;
      if (isGood(request.headers.authorization ?? '')) return false;
      response
        .writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",scope="repository:team/app:pull"` })
        .end();
      return true;
    };
  }
  const serveToken = (from: FakeRegistry, body: object): void => {
    const before = from.hook;
    from.hook = (request, response, path) => {
      if (path !== '/token') return before?.(request, response, path) ?? false;
      response.writeHead(200).end(JSON.stringify(body));
      return true;
    };
  };

  test('an anonymous token, as access_token and without service', async () => {
    wantToken(`${fake.url}/token`, (header) => header === 'Bearer good');
    serveToken(fake, { access_token: 'good' });
    expect((await resolve(clientFor())).access).toBe('public');
    expect(fake.seen.find(({ path }) => path.startsWith('/token'))?.path).toBe(
      '/token?scope=repository%3Ateam%2Fapp%3Apull',
    );
  });
  test('a token that is never good ends in DENIED', async () => {
    wantToken(`${fake.url}/token`, () => false);
    serveToken(fake, { token: 'bad' });
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'DENIED' });
    expect(fake.seen.length).toBeLessThan(12);
  });
  test('a token that expires in mid-blob is renewed for the same caller', async () => {
    const layer = randomBytes(100_000);
    fake.putImage([layer], '1');
    let good = 1;
    fake.hook = (request, response, path) => {
      if (path === '/token') {
        response.writeHead(200).end(JSON.stringify({ token: `t${String(good)}` }));
        return true;
      }
      if (request.headers.authorization !== `Bearer t${String(good)}`) {
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end();
        return true;
      }
      if (!path.endsWith(digestOf(layer)) || good > 1) return false;
      good = 2;
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 5000), () => setImmediate(() => response.destroy()));
      return true;
    };
    expect((await pullLayer(clientFor())).bytes.equals(layer)).toBe(true);
  });
  test('credentials do not go to a realm on another host', async () => {
    wantToken(`${other.url}/token`, () => false);
    const settings = { credentials, insecure: true, allowedAddresses: ['loopback'] };
    await expect(resolve(clientFor(settings))).rejects.toMatchObject({ code: 'DENIED' });
    const sent = JSON.stringify([...other.seen, ...fake.seen]);
    expect(sent).not.toContain(basic.slice(6));
  });
  test('credentials do not go over plain http unless the registry is marked insecure', async () => {
    const wantBasic: FakeRegistry['hook'] = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    fake.hook = wantBasic;
    await expect(resolve(clientFor({ credentials }))).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    expect(JSON.stringify(fake.seen)).not.toContain(basic.slice(6));
    const image = await resolve(clientFor({ credentials, insecure: true }));
    expect(image.access).toBe('private');
    expect(JSON.stringify(image)).not.toContain('s3cret');
  });
  test.each([
    ['in one header', 'Negotiate, Basic realm="a, b", Bearer realm="REALM",service="x, y"'],
    ['in several headers', ['NTLM', 'basic realm="a \\"b\\""', 'BEARER Realm = "REALM" , Service="x, y"']],
  ])('of several challenges %s, the token is chosen', async (_how, challenge) => {
    const text = JSON.stringify(challenge).replace('REALM', `${fake.url}/token`);
    fake.hook = (request, response, path) => {
      if (path === '/token') return Boolean(response.end(JSON.stringify({ token: 'good' })));
      if (request.headers.authorization === 'Bearer good') return false;
      return Boolean(response.writeHead(401, { 'www-authenticate': JSON.parse(text) as string | string[] }).end());
    };
    expect((await resolve(clientFor({ credentials, insecure: true }))).layers).toHaveLength(1);
    const asked = fake.seen.filter(({ path }) => path.startsWith('/token'));
    expect(asked.map(({ path }) => new URL(path, fake.url).searchParams.get('service'))).toEqual(asked.map(() => 'x, y'));
    expect(asked.length).toBeGreaterThan(0);
    const toRegistry = fake.seen.filter(({ path }) => path.startsWith('/v2/')).map(({ headers }) => headers.authorization);
    expect(toRegistry).not.toContain(basic);
  });

  test("the caller's login takes the place of the service's", async () => {
    fake.hook = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    };
    const client = clientFor({ credentials, insecure: true });
    const wrong = resolve(client, 'team/app:1', { credentials: { username: 'bob', password: 'no' } });
    await expect(wrong).rejects.toMatchObject({ code: 'DENIED' });
  });
  test('a registry that sends our secrets back does not get them into an error', async () => {
    fake.hook = (request, response) => {
      const { authorization } = request.headers;
      if (authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (request.method === 'HEAD') return false;
      else
        response
          .writeHead(403)
          .end(JSON.stringify({ errors: [{ message: `${authorization} s3cret:word` }] }));
      return true;
    };
    const refused = resolve(clientFor({ credentials, insecure: true }));
    await expect(refused).rejects.toMatchObject({ code: 'DENIED', message: expect.stringContaining('***') });
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') });
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining(basic.slice(6)) });
  });
  test('a redirect to another host carries no credentials', async () => {
    const layer = fake.putBlob(Buffer.from('x'));
    other.putBlob(Buffer.from('x'));
    fake.hook = (request, response, path) => {
      if (request.headers.authorization !== basic)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (path.endsWith(layer))
        response.writeHead(307, { location: `${other.url}/cdn/${layer}?signature=1` }).end();
      else return false;
      return true;
    };
    const client = clientFor({ credentials, insecure: true, allowedAddresses: ['loopback'] });
    expect((await pullLayer(client)).bytes.toString()).toBe('x');
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each(['redirect', 'realm'])(
    'a %s to another port of the loopback is refused although the registry is there',
    async (way) => {
      fake.putImage([Buffer.from('x')], '1');
      fake.hook = (_request, response) => {
        if (way === 'redirect') response.writeHead(302, { location: `${other.url}/secret` }).end();
        else
          response
            .writeHead(401, {
              'www-authenticate': `Bearer realm="${other.url.replace('127.0.0.1', 'localhost')}/token"`,
            })
            .end();
        return true;
      };
      await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'POLICY_REFUSED', retryable: false });
      expect(other.seen).toHaveLength(0);
    },
  );
  test.each([
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'http://0x7f.1/',
    'http://10.0.0.1/',
    'http://[fd00:ec2::254]/',
  ])('%s', async (location) => {
    fake.hook = (_request, response) => (response.writeHead(302, { location }).end(), true);
    await expect(resolve(clientFor())).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
  });
  test('a name that is allowed but ends elsewhere: the peer of the connection is what counts, and gets not a byte', async () => {
    let [connections, received] = [0, 0];
    const stranger = createServer((socket) => {
      connections += 1;
      socket.on('data', (bytes) => (received += bytes.length)).on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    // The unspecified address is the one that its look-up gives, and the loopback when connected to.
    const url = `http://0.0.0.0:${String((stranger.address() as AddressInfo).port)}`;
    const closed = new Promise<void>((resolved) => {
      stranger.once('connection', (socket: Socket) => socket.once('close', () => resolved()));
    });
    await expect(resolve(clientFor({ url }))).rejects.toMatchObject({ code: 'POLICY_REFUSED', message: expect.stringContaining('127.0.0.1') });
    await closed;
    expect([connections, received]).toEqual([1, 0]);
    stranger.close();
  });
  test('redirects in a circle end', async () => {
    fake.hook = (_request, response, path) => (response.writeHead(302, { location: path }).end(), true);
    await expect(resolve(clientFor())).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: false,
    });
    expect(fake.seen).toHaveLength(6);
  });
});

describe('mirrors', () => {
  test('content comes from the mirror by digest, the tag from the registry; a mirror in trouble is passed over', async () => {
    fake.putImage([Buffer.from('x')], '1');
    other.putImage([Buffer.from('x')], '1');
    const mirrors = [{ url: other.url, pull: 'digest' as const, insecure: false }];
    await pullLayer(clientFor({ mirrors }));
    expect(other.seen.every(({ path }) => path.includes('sha256:'))).toBe(true);
    expect(fake.seen.map(({ method }) => method)).toEqual(['HEAD']);
    other.hook = (_request, response) => (response.writeHead(404).end(), true);
    await cache.discard(parseDigest(digestOf(Buffer.from('x'))));
    expect((await pullLayer(clientFor({ mirrors }))).bytes.toString()).toBe('x');
  });

  describe('whose layer is rotten', () => {
    const layer = randomBytes(200_000);
    const isLayer = ({ path }: { path: string }): boolean => path.endsWith(`/blobs/${digestOf(layer)}`);
    let third: FakeRegistry;
    beforeEach(async () => {
      third = await startFakeRegistry();
      for (const one of [fake, other, third]) one.putImage([layer], '1');
      other.blobs.set(digestOf(layer), Buffer.alloc(layer.length));
    });
    afterEach(() => third.stop());
    const mirrors = (...from: readonly FakeRegistry[]): Partial<RegistrySettings> => ({
      mirrors: from.map(({ url }) => ({ url, pull: 'digest' as const, insecure: false })),
    });
    const asked = (): number[] => [other, third, fake].map(({ seen }) => seen.filter(isLayer).length);

    test('it is not asked again for it: the next mirror is, and the registry if that is no better', async () => {
      const { bytes, seen } = await pullLayer(clientFor(mirrors(other, third)));
      expect(bytes.equals(layer)).toBe(true);
      expect(asked()).toEqual([1, 1, 0]);
      expect(seen.at(-1)).toMatchObject({ attempt: 2, state: 'DONE' });
      third.blobs.set(digestOf(layer), Buffer.alloc(layer.length, 1));
      await cache.discard(parseDigest(digestOf(layer)));
      expect((await pullLayer(clientFor(mirrors(other, third)))).bytes.equals(layer)).toBe(true);
      expect(asked()).toEqual([2, 2, 1]);
    });
    test('in several ranges too', async () => {
      const { bytes } = await pullLayer(clientFor(mirrors(other)), createBlobCache({ directory, owner: 'me', limits: { ...quick, rangeThresholdBytes: 1, rangeBytes: 60_000, rangeStreams: 2 } }));
      expect(bytes.equals(layer)).toBe(true);
      expect(asked()).toEqual([4, 0, 4]);
    });
    test('another length or another range is as bad', async () => {
      other.blobs.set(digestOf(layer), layer.subarray(1));
      expect((await pullLayer(clientFor(mirrors(other)))).bytes.equals(layer)).toBe(true);
      expect(asked()).toEqual([1, 0, 1]);
    });
    test('and the registry is no better: BAD_LAYER, each mirror asked once and the registry twice', async () => {
      for (const one of [fake, third]) one.blobs.set(digestOf(layer), Buffer.alloc(layer.length));
      await expect(pullLayer(clientFor(mirrors(other, third)))).rejects.toMatchObject({ code: 'BAD_LAYER' });
      expect(asked()).toEqual([1, 1, 2]);
      await nothingLeft();
    });
  });
});
