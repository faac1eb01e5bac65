/** What lies beside an image on its system follows its names: the sidecar, and who may use it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { CONVERSION_VERSION } from '../../src/rootfs/index.js';
import { INDEX, MANIFEST, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { writeLayout } from '../support/images.js';
import { allLeftovers } from '../support/leftovers.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const DIE_AT = new URL('../support/die-at.mjs', import.meta.url).pathname;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let inbox: string;
const workers: RunningGateway[] = [];

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
});
afterAll(async () => {
  await registry.stop();
  await stack.stop();
});
beforeEach(async () => {
  site = makeSite(stack, registry.url, { PullUpdateTimeout: 0, ImportUsers: 'all', ImportPaths: ['inbox'] });
  inbox = join(site.directory, 'inbox');
  mkdirSync(inbox);
  mkdirSync(join(site.images, '.imagegw'));
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
  await api.close();
  site.remove();
});

async function startWorker(): Promise<void> {
  workers.push(await startInProcess(site, { api: false, worker: true }));
}

const putImage = (tag: string, body: string): string => registry.putImage([tarOf({ name: 'a', body })], tag).slice(7);

async function pull(reference: string): Promise<void> {
  const { pulls } = await client.pull({ reference, systems: ['one'] });
  expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY', error: null });
}

interface Sidecar {
  readonly tags: readonly { readonly reference: string; readonly topDigest: string }[];
  readonly access: string;
}

const sidecarOf = (imageId: string): Sidecar => JSON.parse(readFileSync(join(site.images, '.imagegw', `${imageId}.json`), 'utf8')) as Sidecar;
const metaOf = (imageId: string): string => readFileSync(join(site.images, `${imageId}.meta`), 'utf8');
const namesOf = (imageId: string): string => sidecarOf(imageId).tags.map(({ reference }) => reference.replace('test/app:', '')).join(' ');

/** Waits for it, looking whenever something changes beside the images. */
async function comesTrue(test: () => boolean): Promise<void> {
  const watchers = [site.images, join(site.images, '.imagegw')].map((directory) => watch(directory));
  try {
    for (;;) {
      const changed = Promise.race(watchers.map((watcher) => once(watcher, 'change')));
      if (test()) return;
      await changed;
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

it('holds the whole configuration and all names, as they come, move and go', async () => {
  await startWorker();
  const first = putImage('a', 'first');
  await pull('app:a');
  const manifest = JSON.parse(registry.manifests.get('a')!.bytes.toString()) as { config: { digest: string } };
  expect(sidecarOf(first)).toMatchObject({
    imageId: first,
    access: 'public',
    tags: [{ reference: 'test/app:a', platform: null, topDigest: `sha256:${first}`, principals: ['public'] }],
    rules: {
      version: CONVERSION_VERSION,
      policy: { ownership: 'root', widenPermissions: true, setuid: 'keep', capabilities: 'strip', userXattrs: 'drop', devices: 'drop', fifos: 'drop' },
    },
    config: JSON.parse(registry.blobs.get(manifest.config.digest)!.toString()) as unknown,
  });
  registry.manifests.set('b', registry.manifests.get('a')!);
  await pull('app:b');
  await comesTrue(() => namesOf(first) === 'a b');
  const second = putImage('a', 'second');
  await pull('app:a');
  await comesTrue(() => namesOf(first) === 'b');
  expect(namesOf(second)).toBe('a');
  registry.manifests.set('c', registry.manifests.get('b')!);
  await pull('app:c');
  await client.expireImage({ system: 'one', reference: 'app:b' });
  await comesTrue(() => namesOf(first) === 'c');
  expect(metaOf(first)).toBe(metaOf(second));
  await expectAgreement(site, { one: site.images });
});

it('tells what its name is at the registry now, also when that is another index of the same image', async () => {
  await startWorker();
  const imageId = putImage('a', 'first');
  const indexAs = (note: string): string => {
    const { bytes } = registry.manifests.get(`sha256:${imageId}`)!;
    const manifest = { mediaType: MANIFEST, digest: `sha256:${imageId}`, size: bytes.length, platform: { os: 'linux', architecture: 'amd64' } };
    return registry.putManifest({ schemaVersion: 2, mediaType: INDEX, manifests: [manifest], annotations: { note } }, 'a', INDEX);
  };
  for (const note of ['monday', 'tuesday']) {
    const topDigest = indexAs(note);
    await pull('app:a');
    await comesTrue(() => sidecarOf(imageId).tags[0]?.topDigest === topDigest);
  }
});

it('closes an image to others when its last public name goes', async () => {
  await startWorker();
  const path = join(inbox, 'layout');
  mkdirSync(path);
  writeLayout(path, [tarOf({ name: 'tool', body: 'x' })]);
  const importAs = async (name: string, isPublic: boolean): Promise<string> => {
    const { id } = await client.importImage({ system: 'one', path, name, isPublic });
    const last = (await statesOf(client, id)).at(-1)!;
    expect(last).toMatchObject({ state: 'READY', error: null });
    return last.image!.imageId;
  };
  const imageId = await importAs('open', true);
  expect(await importAs('own', false)).toBe(imageId);
  expect(metaOf(imageId)).not.toContain('USERACL');
  await client.expireImage({ system: 'one', reference: 'custom:open' });
  await comesTrue(() => sidecarOf(imageId).tags.length === 1 && metaOf(imageId).includes(`USERACL: ${String(process.getuid?.())}\n`));
  expect(sidecarOf(imageId).access).toBe('private');
  await expectAgreement(site, { one: site.images });
});

it('is written by another worker when the one that had to is killed', async () => {
  const first = putImage('a', 'first');
  // What a task writes is named by its claim, a UUID.
  const doomed = await spawnWorker(site, { environment: { DIE_AT: 'before rename [0-9a-f]{8}-[0-9a-f]{4}-' }, nodeArguments: ['--import', DIE_AT] });
  try {
    const died = once(doomed, 'exit');
    await pull('app:a');
    registry.manifests.set('b', registry.manifests.get('a')!);
    await pull('app:b');
    expect(await died).toEqual([null, 'SIGKILL']);
  } finally {
    await kill(doomed);
  }
  expect(namesOf(first)).toBe('a');
  await startWorker();
  await comesTrue(() => namesOf(first) === 'a b');
  await expectAgreement(site, { one: site.images });
  // It may still be giving the image up.
  for (const worker of workers.splice(0)) await worker.close();
  expect(readdirSync(site.images).filter((name) => name.includes('part'))).toEqual([]);
  expect(await allLeftovers(site)).toEqual([]);
});
