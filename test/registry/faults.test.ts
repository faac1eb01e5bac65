import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBlobCache,
  createRegistryClient,
  DEFAULT_REGISTRY_LIMITS,
  fetchLayer,
  parseReference,
  registrySettings,
  type BlobProgress,
  type RegistryLimits,
  type RegistrySettings,
  type ResolvedImage,
  type Wait,
} from '../../src/registry/index.js';
import { digestOf, INDEX, MANIFEST, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';

const platform = { os: 'linux', architecture: 'amd64' };
const names = { defaultRegistry: 'local', registries: ['local'] };
/** Retries without long waits: what is tested is what happens, not how long it takes. */
const quick: Partial<RegistryLimits> = { retryBaseMs: 1, rateLimitedBaseMs: 1, retries: 3 };

let fake: FakeRegistry;
let directory: string;
let waits: Wait[];

beforeEach(async () => {
  fake = await startFakeRegistry();
  directory = await mkdtemp(join(tmpdir(), 'imagegw-faults-'));
  waits = [];
});
afterEach(async () => {
  await fake.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Pulled {
  readonly image: ResolvedImage;
  readonly layers: readonly string[];
  readonly progress: readonly BlobProgress[];
}

async function pull(
  tag = 'app:1',
  settings: Partial<RegistrySettings> = {},
  limits: Partial<RegistryLimits> = {},
  signal = new AbortController().signal,
): Promise<Pulled> {
  const bounds = { ...quick, ...limits };
  const client = createRegistryClient({
    registries: [registrySettings({ name: 'local', url: fake.url, ...settings })],
    limits: bounds,
    environment: {},
  });
  const cache = createBlobCache({ directory, owner: 'test', limits: bounds });
  const progress: BlobProgress[] = [];
  try {
    const onWait = (wait: Wait): void => void waits.push(wait);
    const image = await client.resolve(parseReference(tag, names), { platform, signal, onWait });
    // Digests: to compare bytes one by one takes jest seconds.
    const layers: string[] = [];
    for (const layer of image.layers) {
      const blob = await fetchLayer(client, cache, image, layer, {
        signal,
        onProgress: (state) => progress.push(state),
      });
      layers.push(digestOf(await readFile(blob.path)));
      await blob.release();
    }
    return { image, layers, progress };
  } finally {
    await client.close();
    expect(await readdir(join(directory, 'partial')).catch(() => [])).toEqual([]);
  }
}

const isBlobGet = (path: string, digest: string): boolean => path.endsWith(`/blobs/${digest}`);

describe('blobs', () => {
  const layer = randomBytes(300_000);
  let digest: string;
  beforeEach(() => {
    fake.putImage([layer], 'app-1');
    fake.putImage([layer], '1');
    digest = fake.putBlob(layer);
  });

  test('cuts: resumed from where it broke off, every byte right', async () => {
    fake.hook = (request, response, path) => {
      if (!isBlobGet(path, digest)) return false;
      const first = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const total = { 'content-length': layer.length - first };
      if (first === 0) response.writeHead(200, total);
      else response.writeHead(206, { ...total, 'content-range': `bytes ${String(first)}-299999/300000` });
      const piece = layer.subarray(first, first + 50_000);
      if (first + 50_000 >= layer.length) response.end(piece);
      else response.write(piece, () => setImmediate(() => response.destroy()));
      return true;
    };
    const { layers, progress } = await pull();
    expect(layers).toEqual([digestOf(layer)]);
    const ranges = fake.seen
      .filter(({ path }) => isBlobGet(path, digest))
      .map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    expect(progress.some(({ state, attempt }) => state === 'RETRYING' && attempt > 1)).toBe(true);
    expect(progress.at(-1)).toMatchObject({ state: 'DONE', bytesDone: layer.length, fromCache: false });
  });

  test('a server that ignores ranges: begun again, every byte right', async () => {
    let asked = 0;
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest)) return false;
      asked += 1;
      response.writeHead(200, { 'content-length': layer.length });
      if (asked > 1) response.end(layer);
      else response.write(layer.subarray(0, 100_000), () => setImmediate(() => response.destroy()));
      return true;
    };
    const { layers, progress } = await pull();
    expect(layers).toEqual([digestOf(layer)]);
    expect(progress.at(-1)?.bytesDone).toBe(layer.length);
    expect(Math.max(...progress.map(({ bytesDone }) => bytesDone))).toBe(layer.length);
  });

  const answers: readonly [
    string,
    (bytes: Buffer) => { head: Record<string, string | number>; body: Buffer; status?: number },
  ][] = [
    ['another content', (bytes) => ({ head: {}, body: Buffer.alloc(bytes.length) })],
    ['too many bytes', (bytes) => ({ head: {}, body: Buffer.concat([bytes, Buffer.from('x')]) })],
    ['too few bytes', (bytes) => ({ head: {}, body: bytes.subarray(1) })],
    ['a lying Content-Length', (bytes) => ({ head: { 'content-length': 7 }, body: bytes.subarray(0, 7) })],
    [
      'a range that nobody asked for',
      (bytes) => ({
        status: 206,
        head: { 'content-range': 'bytes 5-299999/300000' },
        body: bytes.subarray(5),
      }),
    ],
  ];
  test.each(answers)('%s: fetched once more, then BAD_LAYER', async (_what, answer) => {
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest)) return false;
      const { head, body, status } = answer(layer);
      response.writeHead(status ?? 200, head).end(body);
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'BAD_LAYER', retryable: false });
    expect(fake.seen.filter(({ path }) => isBlobGet(path, digest))).toHaveLength(2);
    expect(await readdir(join(directory, 'sha256'))).toEqual([]);
  });

  test('wrong once, then right: the pull goes through', async () => {
    let asked = 0;
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest) || (asked += 1) > 1) return false;
      response.end(Buffer.alloc(layer.length));
      return true;
    };
    const { layers, progress } = await pull();
    expect(layers).toEqual([digestOf(layer)]);
    expect(progress.at(-1)).toMatchObject({ state: 'DONE', attempt: 2, bytesDone: layer.length });
  });

  test('an endless body is left at the first byte too many', async () => {
    let sent = 0;
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest)) return false;
      const more = (): void => {
        if (response.destroyed) return;
        sent += layer.length;
        response.write(layer, more);
      };
      more();
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'BAD_LAYER' });
    expect(sent).toBeGreaterThan(layer.length);
    // Twice, and what lies in the buffers of both sockets.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('a trickle is broken off, and resumed', async () => {
    let asked = 0;
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest) || (asked += 1) > 1) return false;
      response.writeHead(200, { 'content-length': layer.length });
      const drip = setInterval(() => response.write('x'), 10);
      response.write(layer.subarray(0, 1000));
      response.on('close', () => clearInterval(drip));
      return true;
    };
    const pulled = pull('app:1', {}, { minimumBytesPerSecond: 1_000_000, minimumRateWindowMs: 100 });
    // The drips are wrong bytes, so the digest fails once and the second fetch repairs it.
    expect((await pulled).layers).toEqual([digestOf(layer)]);
    expect(asked).toBeGreaterThan(1);
  });

  test('several ranges at once, where the server takes them', async () => {
    const { layers, progress } = await pull(
      'app:1',
      {},
      { rangeThresholdBytes: 1, rangeBytes: 70_000, rangeStreams: 3 },
    );
    expect(layers).toEqual([digestOf(layer)]);
    const ranges = fake.seen
      .filter(({ path }) => isBlobGet(path, digest))
      .map(({ headers }) => headers.range);
    expect(ranges.sort()).toEqual(
      [
        'bytes=0-69999',
        'bytes=140000-209999',
        'bytes=210000-279999',
        'bytes=280000-299999',
        'bytes=70000-139999',
      ].sort(),
    );
    expect(progress.at(-1)).toMatchObject({ bytesDone: layer.length, state: 'DONE' });
  });

  test('several ranges wanted, but the server knows none: one stream', async () => {
    fake.hook = (request, _response, path) => {
      if (isBlobGet(path, digest)) delete request.headers.range;
      return false;
    };
    expect((await pull('app:1', {}, { rangeThresholdBytes: 1, rangeBytes: 70_000 })).layers).toEqual([digestOf(layer)]);
  });

  test('an abort in mid-blob: CANCELLED, and no temp file', async () => {
    const controller = new AbortController();
    fake.hook = (_request, response, path) => {
      if (!isBlobGet(path, digest)) return false;
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 1000), () => controller.abort());
      return true;
    };
    await expect(pull('app:1', {}, {}, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a registry in trouble', () => {
  beforeEach(() => {
    fake.putImage([Buffer.from('layer')], '1');
  });

  test('503, then a reset, then right: tried again', async () => {
    let asked = 0;
    fake.hook = (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else if (asked === 2) response.destroy();
      else return false;
      return true;
    };
    await pull();
    expect(waits.length).toBeGreaterThan(0);
  });
  test('down for good: REGISTRY_UNREACHABLE after the budget', async () => {
    fake.hook = (_request, response) => Boolean(response.writeHead(500).end());
    await expect(pull()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
    expect(fake.seen).toHaveLength(4);
  });
  test('five tries, when nothing else is configured', async () => {
    fake.hook = (_request, response) => Boolean(response.writeHead(500).end());
    const { retries } = DEFAULT_REGISTRY_LIMITS;
    await expect(pull('app:1', {}, { retries })).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(fake.seen).toHaveLength(5);
  });
  test('429 with Retry-After is waited for and told', async () => {
    let asked = 0;
    fake.hook = (_request, response) => {
      if ((asked += 1) > 1) return false;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    };
    await pull();
    expect(waits).toContainEqual({ seconds: 1, reason: expect.stringContaining('rate limited') });
  });
  test('a Retry-After longer than a job may wait: RATE_LIMITED at once', async () => {
    fake.hook = (_request, response) => Boolean(response.writeHead(429, { 'retry-after': '3000' }).end());
    await expect(pull()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(fake.seen).toHaveLength(1);
  });
  test('HEAD not allowed: GET decides', async () => {
    fake.hook = (request, response) => request.method === 'HEAD' && Boolean(response.writeHead(405).end());
    expect((await pull()).image.access).toBe('public');
  });
});

describe('manifests', () => {
  const layers = [Buffer.from('a layer')];
  const refused = async (code: string, text: RegExp): Promise<void> => {
    await expect(pull()).rejects.toMatchObject({ code, message: expect.stringMatching(text) });
  };

  test('an index: the platform is chosen, and both digests are known', async () => {
    const wanted = fake.putImage(layers, 'x');
    const other = fake.putImage([Buffer.from('arm')], 'y', { architecture: 'arm64' });
    const entry = (digest: string, architecture: string, os = 'linux'): unknown => ({
      mediaType: MANIFEST,
      digest,
      size: fake.manifests.get(digest)?.bytes.length,
      platform: { os, architecture },
    });
    const top = fake.putManifest(
      {
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [entry(other, 'unknown', 'unknown'), entry(other, 'arm64'), entry(wanted, 'amd64')],
      },
      '1',
      INDEX,
    );
    const { image } = await pull();
    expect(image).toMatchObject({ topDigest: top, manifestDigest: wanted, platform });
  });
  test('no such platform: ARCH_MISMATCH with what there is', async () => {
    fake.putImage(layers, '1', { architecture: 'arm64' });
    await refused('ARCH_MISMATCH', /arm64/);
  });
  test('schema 1', async () => {
    fake.putManifest(
      { schemaVersion: 1, fsLayers: [] },
      '1',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    );
    await refused('UNSUPPORTED_MANIFEST', /schema 1/);
  });
  test('manifest and index at once', async () => {
    fake.putImage(layers, '1', { manifest: { manifests: [] } });
    await refused('BAD_MANIFEST', /at once/);
  });
  test('a wrong Content-Type', async () => {
    const digest = fake.putImage(layers, '1');
    fake.manifests.set('1', { type: INDEX, bytes: fake.manifests.get(digest)!.bytes });
    fake.manifests.set(digest, { type: INDEX, bytes: fake.manifests.get(digest)!.bytes });
    await refused('BAD_MANIFEST', /sent as/);
  });
  test('other bytes than the digest says', async () => {
    const digest = fake.putImage(layers, '1');
    fake.hook = (request, response, path) =>
      request.method === 'GET' &&
      path.endsWith(digest) &&
      Boolean(response.writeHead(200, { 'content-type': MANIFEST }).end('{}'));
    await expect(pull(`app@${digest}`)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });
  test.each(['sha256:../../../etc/passwd', `sha256:${'A'.repeat(64)}`, 'md5:00'])(
    'the digest %s',
    async (digest) => {
      fake.putImage(layers, '1', {
        manifest: { layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1 }] },
      });
      await refused('BAD_MANIFEST', /digest/);
    },
  );
  test('an encrypted layer', async () => {
    const digest = fake.putBlob(layers[0]!);
    fake.putImage(layers, '1', {
      manifest: {
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted', digest, size: 7 }],
      },
    });
    await refused('BAD_MANIFEST', /encrypted/);
  });
  test('an artifact', async () => {
    fake.putImage(layers, '1', { manifest: { artifactType: 'application/vnd.example.sbom' } });
    await refused('BAD_MANIFEST', /vnd\.example\.sbom/);
  });
  test('ten thousand layers', async () => {
    fake.putImage(
      Array.from({ length: 10_000 }, (_, at) => Buffer.from(String(at))),
      '1',
    );
    await expect(pull()).rejects.toMatchObject({
      code: expect.stringMatching(/^(BAD_MANIFEST|MANIFEST_TOO_LARGE)$/),
    });
  });
  test('a manifest of 100 MiB is not read', async () => {
    const digest = fake.putImage(layers, '1');
    let sent = 0;
    fake.hook = (request, response, path) => {
      if (request.method !== 'GET' || !path.includes('/manifests/')) return false;
      response.writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digest });
      const more = (): void => {
        if (response.destroyed || sent >= 100 << 20) return void response.end();
        sent += 1 << 20;
        response.write(Buffer.alloc(1 << 20, ' '), more);
      };
      more();
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'MANIFEST_TOO_LARGE' });
    expect(sent).toBeLessThan(100 << 20);
  });
});

describe('credentials and addresses', () => {
  const layer = Buffer.from('a private layer');
  const credentials = { username: 'ann', password: 'se:cret' };
  let other: FakeRegistry;
  beforeEach(async () => {
    other = await startFakeRegistry();
  });
  afterEach(() => other.stop());

  /** Bearer tokens: anonymous gets an empty one, ann gets `good`. */
  function protect(realm: string, tokens: FakeRegistry): void {
    fake.hook = (request, response, path) => {
      if (tokens === fake && path === '/token') return answerToken(request.headers.authorization, response);
      if (request.headers.authorization === 'Bearer good') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="test"` }).end();
      return true;
    };
    if (tokens !== fake)
      tokens.hook = (request, response) => answerToken(request.headers.authorization, response);
  }
  function answerToken(
    authorization: string | undefined,
    response: import('node:http').ServerResponse,
  ): boolean {
    const known = authorization === `Basic ${Buffer.from('ann:se:cret').toString('base64')}`;
    response.end(JSON.stringify(known ? { access_token: 'good', expires_in: 300 } : { token: 'empty' }));
    return true;
  }

  test('a token service of its own: private, and the token is used', async () => {
    fake.putImage([layer], '1');
    protect(`${fake.url}/token`, fake);
    const { image, layers } = await pull('app:1', { credentials, insecure: true });
    expect(image.access).toBe('private');
    expect(layers).toEqual([digestOf(layer)]);
  });
  test('no credentials: DENIED, in a bounded number of requests', async () => {
    fake.putImage([layer], '1');
    protect(`${fake.url}/token`, fake);
    await expect(pull()).rejects.toMatchObject({ code: 'DENIED' });
    expect(fake.seen.length).toBeLessThan(8);
  });
  test('credentials do not travel over http unless the Location says so', async () => {
    fake.putImage([layer], '1');
    protect(`${fake.url}/token`, fake);
    await expect(pull('app:1', { credentials })).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    const basic = fake.seen.filter(({ headers }) => headers.authorization?.startsWith('Basic') === true);
    expect(basic).toEqual([]);
  });
  test('a realm on a host that is not bound gets no credentials', async () => {
    fake.putImage([layer], '1');
    protect(`${other.url}/token`, other);
    await expect(
      pull('app:1', { credentials, insecure: true, allowedAddresses: ['loopback'] }),
    ).rejects.toMatchObject({ code: 'DENIED' });
    expect(other.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });
  test('a realm that is bound gets them', async () => {
    fake.putImage([layer], '1');
    protect(`${other.url}/token`, other);
    const { image } = await pull('app:1', { credentials, insecure: true, realmHosts: [other.host] });
    expect(image.access).toBe('private');
  });
  test('a redirect to another host carries no authorization', async () => {
    fake.putImage([layer], '1');
    const digest = other.putBlob(layer);
    protect(`${fake.url}/token`, fake);
    const guard = fake.hook;
    fake.hook = (request, response, path) => {
      if (guard?.(request, response, path) === true) return true;
      if (!isBlobGet(path, digest)) return false;
      response.writeHead(307, { location: `${other.url}/v2/x/blobs/${digest}` }).end();
      return true;
    };
    const { layers } = await pull('app:1', { credentials, insecure: true, allowedAddresses: ['loopback'] });
    expect(layers).toEqual([digestOf(layer)]);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });
  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433'])(
    'a redirect to the loopback as %s is not connected to',
    async (name) => {
      fake.putImage([layer], '1');
      const digest = other.putBlob(layer);
      fake.hook = (_request, response, path) => {
        if (!isBlobGet(path, digest)) return false;
        response
          .writeHead(307, { location: `http://${name}:${other.host.split(':')[1]}/v2/x/blobs/${digest}` })
          .end();
        return true;
      };
      await expect(pull()).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
      expect(other.seen).toEqual([]);
    },
  );
  test('a 401 in mid-blob: a new token, and the bytes are kept', async () => {
    const big = randomBytes(200_000);
    fake.putImage([big], '1');
    const digest = fake.putBlob(big);
    let good = 'good';
    let cut = false;
    fake.hook = (request, response, path) => {
      if (path === '/token') {
        const known = request.headers.authorization !== undefined;
        response.end(JSON.stringify(known ? { token: good } : { token: 'empty' }));
        return true;
      }
      if (request.headers.authorization !== `Bearer ${good}`) {
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token"` }).end();
        return true;
      }
      if (!isBlobGet(path, digest) || cut) return false;
      cut = true;
      good = 'newer';
      response.writeHead(200, { 'content-length': big.length });
      response.write(big.subarray(0, 100_000), () => setImmediate(() => response.destroy()));
      return true;
    };
    const { layers } = await pull('app:1', { credentials, insecure: true });
    expect(layers).toEqual([digestOf(big)]);
    const last = fake.seen.filter(({ path }) => isBlobGet(path, digest)).at(-1);
    expect(last?.headers).toMatchObject({
      authorization: 'Bearer newer',
      range: expect.stringMatching(/^bytes=[1-9]/),
    });
  });
});

describe('mirrors', () => {
  test('content comes from the mirror, the tag from the registry; a wrong mirror is passed over', async () => {
    const mirror = await startFakeRegistry();
    const bad = await startFakeRegistry();
    try {
      const layer = Buffer.from('mirrored');
      const digest = fake.putImage([layer], '1');
      mirror.putImage([layer], '1');
      bad.hook = (_request, response) => Boolean(response.writeHead(404).end());
      const at = (url: string): RegistrySettings['mirrors'][number] => ({
        url,
        pull: 'digest',
        insecure: false,
      });
      const { image, layers } = await pull('app:1', { mirrors: [at(bad.url), at(mirror.url)] });
      expect(image.manifestDigest).toBe(digest);
      expect(layers).toEqual([digestOf(layer)]);
      expect(fake.seen.map(({ method }) => method)).toEqual(['HEAD']);
      expect(mirror.seen.every(({ path }) => path.includes('sha256:'))).toBe(true);
    } finally {
      await mirror.stop();
      await bad.stop();
    }
  });
});
