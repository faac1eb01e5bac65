import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, mkdirSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { CONVERSION_VERSION } from '../../src/rootfs/index.js';
import { digestOf, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { ask, clientOf, kill, makeSite, spawnGateway, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway;
let api: RunningGateway;
let client: GatewayClient;
/** Of another API process than the one that works. */
let other: GatewayClient;
let serial = 0;

/** An image of two layers that no test has seen before. */
function newImage(tag: string): string {
  serial++;
  return registry.putImage(
    [
      tarOf({ name: 'etc/', type: 'directory' }, { name: 'etc/name', body: `image ${String(serial)}` }, { name: 'etc/old', body: 'x' }),
      tarOf({ name: 'etc/.wh.old' }, { name: 'etc/link', type: 'symlink', link: 'name' }, { name: 'big', body: Buffer.alloc(300_000, serial) }),
    ],
    tag,
  );
}

async function pullTo(reference: string, force = false) {
  const { pulls } = await client.pull({ reference, systems: ['one'], force });
  return pulls[0]!;
}

async function failureOf(reference: string) {
  const pull = await pullTo(reference);
  const last = (await statesOf(client, pull.id)).at(-1)!;
  expect(last.state).toBe('FAILED');
  expect(site.leftovers()).toEqual([]);
  return last.error!;
}

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url);
  gateway = await startInProcess(site, { api: true, worker: true });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(gateway);
  other = clientOf(api);
});

afterAll(async () => {
  await api.close();
  await gateway.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

describe('a pull', () => {
  it('goes from the registry to a whole squashfs with its metadata, and says so in whole states', async () => {
    const digest = newImage('first');
    const pull = await pullTo('app:first');
    const states = await statesOf(other, pull.id);
    const last = states.at(-1)!;
    expect(last).toMatchObject({ state: 'READY', stage: null, error: null, image: { imageId: digest.slice(7) } });
    expect(last.bytesDone).toBe(last.bytesTotal);
    expect(last.layers.map(({ state, bytesDone, size }) => [state, bytesDone === size])).toEqual([['DONE', true], ['DONE', true]]);
    const sequences = states.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    const bytes = states.map(({ bytesDone }) => bytesDone);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));

    const path = last.image!.path;
    expect(path).toBe(join(site.images, `${digest.slice(7)}.squashfs`));
    expect(execFileSync('unsquashfs', ['-cat', path, 'etc/name'], { encoding: 'utf8' })).toBe(`image ${String(serial)}`);
    const listed = execFileSync('unsquashfs', ['-l', path], { encoding: 'utf8' }).trim().split('\n').filter((line) => line.startsWith('squashfs-root/'));
    expect(listed).toEqual(['squashfs-root/big', 'squashfs-root/etc', 'squashfs-root/etc/link', 'squashfs-root/etc/name']);
    expect(readFileSync(path.replace(/squashfs$/, 'meta'), 'utf8')).toBe("FORMAT: squashfs\nCMD: ['/bin/sh']\nENV: PATH=/bin\n");
    expect(JSON.parse(readFileSync(join(site.images, '.imagegw', `${digest.slice(7)}.json`), 'utf8'))).toMatchObject({ manifestDigest: digest });
    expect(site.leftovers()).toEqual([]);

    const image = await client.lookup('one', 'docker://app:first');
    expect(image).toMatchObject({ imageId: digest.slice(7), isPublic: true, tags: [{ reference: 'test/app:first' }] });
  });

  it('keeps what the product was made of, and what was dropped and changed on the way', async () => {
    const tars = [
      tarOf({ name: 'dev/', type: 'directory' }, { name: 'dev/null', type: 'char', major: 1, minor: 3 }, { name: 'own', body: 'own', uid: 7 }),
      tarOf({ name: 'ping', body: 'ping', pax: { 'SCHILY.xattr.security.capability': 'x' } }),
    ];
    const layers = tars.map((tar) => gzipSync(tar));
    const digest = registry.putImage(layers, 'recorded', { config: { rootfs: { type: 'layers', diff_ids: tars.map(digestOf) } } });
    const { config } = JSON.parse(registry.manifests.get('recorded')!.bytes.toString()) as { config: { digest: string } };
    const states = await statesOf(client, (await pullTo('app:recorded')).id);
    expect(states.at(-1)).toMatchObject({ state: 'READY' });
    const fields = 'manifestDigest configDigest path size sha256 packer entryCount changes rules { version policy { ownership widenPermissions setuid capabilities userXattrs devices fifos } } layers { digest diffId size }';
    const answer = await fetch(gateway.url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ image(system: "one", reference: "app:recorded") { ${fields} } }` }),
    });
    const { data } = (await answer.json()) as { data: { image: { path: string } } };
    const product = readFileSync(data.image.path);
    expect(data.image).toEqual({
      manifestDigest: digest,
      configDigest: config.digest,
      path: join(site.images, `${digest.slice(7)}.squashfs`),
      size: product.length,
      sha256: digestOf(product),
      packer: expect.stringMatching(/^imagegw-squash \d+ zstd \S+ .*--compressor zstd --block-size 131072 --level 3$/),
      entryCount: 3,
      changes: [
        'contents of /dev, /proc and /sys dropped: 1 ("dev/null")',
        'owner set to root: 1 ("own")',
        'file capabilities dropped: 1 ("ping")',
      ],
      rules: {
        version: CONVERSION_VERSION,
        policy: { ownership: 'ROOT', widenPermissions: true, setuid: 'KEEP', capabilities: 'STRIP', userXattrs: 'DROP', devices: 'DROP', fifos: 'DROP' },
      },
      layers: layers.map((layer, at) => ({ digest: digestOf(layer), diffId: digestOf(tars[at]!), size: layer.length })),
    });
  });

  it('is one pull and one job for fifty callers of two API processes at once', async () => {
    newImage('crowd');
    const nodes = await Promise.all([spawnGateway(site, 'api'), spawnGateway(site, 'api')]);
    const clients = nodes.map(({ url }) => clientOf({ url }));
    const held: (() => void)[] = [];
    // Nobody ends before all have asked, and the jobs are counted.
    registry.hook = (request, response, path) => {
      if (!path.includes('/manifests/crowd')) return false;
      held.push(() => {
        const { type, bytes } = registry.manifests.get('crowd')!;
        response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(request.method === 'HEAD' ? undefined : bytes);
      });
      return true;
    };
    const pulls = await Promise.all(Array.from({ length: 50 }, (_, i) => clients[i % 2]!.pull({ reference: 'app:crowd', systems: ['one'] })));
    expect(new Set(pulls.map(({ pulls: [pull] }) => pull!.id)).size).toBe(1);
    const { system } = await ask<{ system: { queuedPullCount: number; runningPullCount: number } }>(gateway.url, '{ system(name: "one") { queuedPullCount runningPullCount } }');
    expect(system.queuedPullCount + system.runningPullCount).toBe(1);
    registry.hook = undefined;
    for (const answer of held) answer();
    expect((await statesOf(client, pulls[0]!.pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY', attempt: 1 });
    // Each blob was fetched once.
    expect(registry.seen.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/crowd')).length).toBeLessThanOrEqual(1);
    for (const { child } of nodes) await kill(child);
  });

  it('moves a tag to a new image and keeps the old one readable', async () => {
    const before = newImage('moving');
    await statesOf(client, (await pullTo('app:moving')).id);
    const after = newImage('moving');
    await statesOf(client, (await pullTo('app:moving', true)).id);
    expect((await client.lookup('one', 'app:moving'))!.imageId).toBe(after.slice(7));
    expect(existsSync(join(site.images, `${before.slice(7)}.squashfs`))).toBe(true);
  });

  it('of another tag of a present image fetches nothing', async () => {
    newImage('same');
    await statesOf(client, (await pullTo('app:same')).id);
    registry.manifests.set('alias', registry.manifests.get('same')!);
    const from = registry.seen.length;
    const last = (await statesOf(client, (await pullTo('app:alias')).id)).at(-1)!;
    expect(last).toMatchObject({ state: 'READY', layers: [{ fromCache: true }, { fromCache: true }] });
    expect(registry.seen.slice(from).filter(({ path }) => path.includes('/blobs/')).length).toBeLessThanOrEqual(1);
    expect((await client.lookup('one', 'app:alias'))!.tags.map(({ reference }) => reference)).toEqual(['test/app:alias', 'test/app:same']);
  });

  it('that comes again soon asks nobody, and tells of the layers that are there', async () => {
    newImage('again');
    const first = (await statesOf(client, (await pullTo('app:again')).id)).at(-1)!;
    const from = registry.seen.length;
    const last = (await statesOf(client, (await pullTo('app:again')).id)).at(-1)!;
    expect(registry.seen.slice(from)).toEqual([]);
    expect(last).toMatchObject({ state: 'READY', bytesTotal: first.bytesTotal, bytesDone: first.bytesTotal });
    expect(last.layers).toEqual(first.layers.map((layer) => ({ ...layer, attempt: 0, fromCache: true, servedBy: null })));
  });

  it('tells a late subscriber once, and listens to nothing when nobody watches', async () => {
    newImage('late');
    const pull = await pullTo('app:late');
    await statesOf(client, pull.id);
    expect((await statesOf(other, pull.id)).map(({ state }) => state)).toEqual(['READY']);
    expect(gateway.hub.channelCount).toBe(0);
    expect(api.hub.channelCount).toBe(0);
  });

  it('expires: the files go with the last name', async () => {
    const digest = newImage('gone');
    await statesOf(client, (await pullTo('app:gone')).id);
    expect(await client.expireImage({ system: 'one', reference: 'app:gone' })).toMatchObject({ imageRemoved: true });
    expect(readdirSync(site.images).filter((name) => name.includes(digest.slice(7)))).toEqual([]);
    expect(await client.lookup('one', 'app:gone')).toBeNull();
  });
});

describe('cancelling', () => {
  it('from another API process stops the work at once and leaves nothing', async () => {
    newImage('stopped');
    let arrived: () => void = () => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    registry.hook = (_request, response, path) => {
      if (!path.includes('/blobs/') || path.endsWith(configOf('stopped'))) return false;
      const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1))!;
      response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 1));
      arrived();
      return true;
    };
    const pull = await pullTo('app:stopped');
    await asked;
    await other.cancelPull(pull.id);
    const last = (await statesOf(other, pull.id)).at(-1)!;
    registry.hook = undefined;
    expect(last).toMatchObject({ state: 'CANCELLED', error: { code: 'CANCELLED', stage: 'FETCH' } });
    expect(site.leftovers()).toEqual([]);
  });

  it('of a pull that has ended says so', async () => {
    newImage('over');
    const pull = await pullTo('app:over');
    await statesOf(client, pull.id);
    await expect(client.cancelPull(pull.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

/** Digest of the config of a tag. */
function configOf(tag: string): string {
  return (JSON.parse(registry.manifests.get(tag)!.bytes.toString()) as { config: { digest: string } }).config.digest;
}

describe('what is wrong is told', () => {
  it('an unknown system and a malformed reference, before anything starts', async () => {
    await expect(client.pull({ reference: 'app:first', systems: ['nowhere'] })).rejects.toMatchObject({ code: 'UNKNOWN_SYSTEM' });
    await expect(client.pull({ reference: 'App!!:x', systems: ['one'] })).rejects.toMatchObject({ code: 'BAD_REFERENCE' });
    await expect(client.pull({ reference: 'app', systems: [] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('a tag that is not there', async () => {
    expect(await failureOf('app:absent')).toMatchObject({ code: 'NOT_FOUND', stage: 'RESOLVE', retryable: false });
  });

  it('a layer with other bytes than its digest', async () => {
    newImage('wrong');
    const [, layer] = (JSON.parse(registry.manifests.get('wrong')!.bytes.toString()) as { layers: { digest: string }[] }).layers;
    const bytes = Buffer.from(registry.blobs.get(layer!.digest)!);
    bytes[600] = 0xff;
    registry.blobs.set(layer!.digest, bytes);
    expect(await failureOf('app:wrong')).toMatchObject({ code: 'BAD_LAYER', stage: 'FETCH' });
  });

  it('a layer that leads out of the image', async () => {
    registry.putImage([tarOf({ name: '../evil', body: 'x' })], 'escape');
    const error = await failureOf('app:escape');
    expect(error).toMatchObject({ code: 'BAD_LAYER' });
    expect(error.message).toContain('../evil');
  });

  it('an image directory that is gone', async () => {
    newImage('homeless');
    rmSync(join(site.directory, 'two'), { recursive: true });
    const { pulls } = await client.pull({ reference: 'app:homeless', systems: ['two'] });
    const last = (await statesOf(client, pulls[0]!.id)).at(-1)!;
    mkdirSync(join(site.directory, 'two'));
    expect(last).toMatchObject({ state: 'FAILED', error: { code: 'DELIVERY_FAILED', retryable: true } });
    expect(last.error!.message).toContain(join(site.directory, 'two'));
  });

  it('a pull that does not exist', async () => {
    await expect(until(client, 'pull_00000000000000000000000000', () => true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
