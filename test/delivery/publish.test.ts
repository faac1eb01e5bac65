import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  open,
  readFile,
  readlink,
  rm,
  stat,
  type FileHandle,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  createLocalTarget,
  publish,
  publishMetadata,
  type Product,
  type PublishedFiles,
  type PublishRequest,
  type Target,
} from '../../src/delivery/index.js';
import { publishedNames, temporaryNames } from '../../src/delivery/names.js';
import { LostPull } from '../../src/jobs/pull-runner.js';
import { sha256 } from '../../src/lib/digest.js';
import { GatewayError } from '../../src/lib/errors.js';
import { fileVersion } from '../../src/lib/file-version.js';
import { changedTarget, watchedTarget } from './fixtures/watched-target.js';
import {
  filesBelow,
  IMAGE_ID,
  makeWorkspace,
  META_PART,
  MIB,
  ONE_IMAGE,
  PART,
  publishedDigest,
  PULL_ID,
  SIGNAL,
  type Workspace,
} from './fixtures/workspace.js';

const META = 'FORMAT: squashfs\nENV: PATH=/usr/bin:/bin\n';
const SIDECAR = '{"tags":["index.docker.io/alpine:3"]}\n';

let workspace: Workspace;
let target: Target;

beforeEach(async () => {
  workspace = await makeWorkspace();
  target = createLocalTarget({ imageDirectory: workspace.images });
});

afterEach(() => workspace.remove());

function publishProduct(
  product: Product,
  changes: Partial<PublishRequest> = {},
  to: Target = target,
): Promise<PublishedFiles> {
  return publish(to, {
    imageId: IMAGE_ID,
    pullId: PULL_ID,
    product,
    meta: META,
    sidecar: SIDECAR,
    signal: SIGNAL,
    ...changes,
  });
}

function inImages(name: string): string {
  return join(workspace.images, name);
}

const IMAGE = `${IMAGE_ID}.squashfs`;

describe('publish', () => {
  it('makes an image, a sidecar and a .meta, readable by the owner alone', async () => {
    const product = await workspace.product('a', 2.5 * MIB);
    const bytes: number[] = [];
    const files = await publishProduct(product, { onBytes: (done) => bytes.push(done) });

    expect(files).toEqual({
      path: inImages(IMAGE),
      metaPath: inImages(`${IMAGE_ID}.meta`),
      sidecarPath: inImages(`.imagegw/${IMAGE_ID}.json`),
      image: 'copied',
    });
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    expect(await readFile(files.metaPath, 'utf8')).toBe(META);
    expect(await readFile(files.sidecarPath, 'utf8')).toBe(SIDECAR);
    for (const path of [files.path, files.metaPath, files.sidecarPath]) {
      expect((await stat(path)).mode & 0o7777).toBe(0o600);
    }
    expect((await stat(inImages('.imagegw'))).mode & 0o7777).toBe(0o700);
    expect(bytes).toEqual([MIB, 2 * MIB, 2.5 * MIB]);
  });

  it('renames the image first and the .meta last, each made durable before the next', async () => {
    const steps: string[] = [];
    const product = await workspace.product('a', 10);
    await publishProduct(
      product,
      {},
      watchedTarget(target, (step) => void steps.push(step)),
    );
    expect(steps.slice(-6)).toEqual([
      `rename ${PART} ${IMAGE}`,
      'syncFolder .',
      `rename .imagegw/${PART} .imagegw/${IMAGE_ID}.json`,
      'syncFolder .imagegw',
      `rename ${META_PART} ${IMAGE_ID}.meta`,
      'syncFolder .',
    ]);
  });

  it.each([
    ['linked', 0o600],
    ['copied', 0o644],
  ])('fsyncs every file before it is renamed (product %s)', async (_, mode) => {
    const product = await workspace.product('a', MIB, mode);
    const events: string[] = [];
    const handle = await open(product.path);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const original = Reflect.get(prototype, 'sync');
    const spy = jest.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      await Reflect.apply(original, this, []);
      events.push(`fsync ${relative(workspace.images, await readlink(`/proc/self/fd/${this.fd}`))}`);
    });
    try {
      await publishProduct(
        product,
        {},
        watchedTarget(target, (step) => (step.startsWith('rename') ? void events.push('rename') : undefined)),
      );
    } finally {
      spy.mockRestore();
    }
    const before = events.slice(0, events.indexOf('rename'));
    for (const name of [PART, META_PART, `.imagegw/${PART}`]) expect(before).toContain(`fsync ${name}`);
    expect(events.slice(before.length)).toEqual([
      'rename',
      'fsync ',
      'rename',
      'fsync .imagegw',
      'rename',
      'fsync ',
    ]);
  });

  it('links a product that has the mode of the policy already', async () => {
    const product = await workspace.product('a', 2 * MIB, 0o600);
    const bytes: number[] = [];
    expect(await publishProduct(product, { onBytes: (done) => bytes.push(done) })).toMatchObject({
      image: 'linked',
    });
    expect((await stat(inImages(IMAGE))).ino).toBe((await stat(product.path)).ino);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
    expect(bytes).toEqual([2 * MIB]);
  });

  it("copies where a link would change the product's own mode", async () => {
    const product = await workspace.product('a', MIB, 0o600);
    const readable = createLocalTarget({ imageDirectory: workspace.images, mode: 0o640 });
    expect(await publishProduct(product, {}, readable)).toMatchObject({ image: 'copied' });
    expect((await stat(inImages(IMAGE))).mode & 0o7777).toBe(0o640);
    expect((await stat(product.path)).mode & 0o7777).toBe(0o600);
  });

  (process.geteuid?.() === 0 ? it : it.skip)(
    'gives all files to the configured owner (needs root)',
    async () => {
      const product = await workspace.product('a', MIB, 0o600);
      const owned = createLocalTarget({ imageDirectory: workspace.images, owner: { uid: 4321, gid: 8765 } });
      expect(await publishProduct(product, {}, owned)).toMatchObject({ image: 'copied' });
      for (const name of ONE_IMAGE) {
        expect(await stat(inImages(name))).toMatchObject({ uid: 4321, gid: 8765 });
      }
      expect((await stat(product.path)).uid).toBe(0);
      expect(await publishProduct(product, {}, owned)).toMatchObject({ image: 'kept' });
    },
  );

  it('refuses a product behind a symbolic link', async () => {
    const product = await workspace.product('a', MIB);
    await symlink(product.path, join(workspace.root, 'alias'));
    await expect(publishProduct({ ...product, path: join(workspace.root, 'alias') })).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('is not a regular file'),
    });
  });

  it('leaves alone what is published already', async () => {
    const product = await workspace.product('a', MIB);
    await publishProduct(product);
    const before = await Promise.all(ONE_IMAGE.map((name) => stat(inImages(name))));
    const steps: string[] = [];
    const bytes: number[] = [];
    const watched = watchedTarget(target, (step) => void steps.push(step));
    expect(await publishProduct(product, { onBytes: (done) => bytes.push(done) }, watched)).toMatchObject({
      image: 'kept',
    });
    expect(steps.filter((step) => !/^(remove|makeSidecarFolder)/.test(step))).toEqual([]);
    expect(bytes).toEqual([MIB]);
    const after = await Promise.all(ONE_IMAGE.map((name) => stat(inImages(name))));
    expect(after.map(({ ino, mtimeMs }) => [ino, mtimeMs])).toEqual(
      before.map(({ ino, mtimeMs }) => [ino, mtimeMs]),
    );
  });

  it('replaces a published image of the right size with one wrong byte', async () => {
    const product = await workspace.product('a', MIB);
    await publishProduct(product);
    const bytes = await readFile(inImages(IMAGE));
    bytes[MIB - 1]! ^= 1;
    await writeFile(inImages(IMAGE), bytes);
    expect(await publishProduct(product)).toMatchObject({ image: 'copied' });
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('replaces a published image that everybody may read', async () => {
    const product = await workspace.product('a', MIB);
    await publishProduct(product);
    await chmod(inImages(IMAGE), 0o644);
    expect(await publishProduct(product)).toMatchObject({ image: 'copied' });
    expect((await stat(inImages(IMAGE))).mode & 0o7777).toBe(0o600);
  });

  it.each([
    ['linked', 0o600],
    ['copied', 0o644],
  ])('refuses a product (%s) that is not what was promised, and leaves the old image', async (_, mode) => {
    const old = await workspace.product('old', MIB);
    await publishProduct(old);
    const wrongSize = await workspace.product('short', MIB, mode);
    const wrongBytes = { ...(await workspace.product('rotten', MIB, mode)), sha256: sha256('other') };

    await expect(publishProduct({ ...wrongSize, size: MIB + 1 })).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: `The product ${wrongSize.path} is ${MIB} bytes long, not ${MIB + 1} as recorded. Remove it and pull the image again.`,
    });
    await expect(publishProduct(wrongBytes)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining(`The product ${wrongBytes.path} is damaged`),
    });
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
    expect(await publishedDigest(workspace.images)).toBe(old.sha256);
  });

  it('reads a linked file again, unless it was read just now and nobody has written into it since', async () => {
    const product = await workspace.product('a', MIB, 0o600);
    const version = fileVersion(await stat(product.path, { bigint: true }));
    const read: string[] = [];
    const watched = changedTarget(target, {
      digest: (name, ...rest) => {
        read.push(name);
        return target.digest(name, ...rest);
      },
    });
    const publishedOne = await publishProduct({ ...product, version }, {}, watched);
    expect([publishedOne.image, read.includes(PART)]).toEqual(['linked', false]);

    await rm(inImages(IMAGE));
    await publishProduct(product, {}, watched);
    expect(read.filter((name) => name === PART)).toHaveLength(1);

    await rm(inImages(IMAGE));
    const bytes = await readFile(product.path);
    bytes[17]! ^= 1;
    await writeFile(product.path, bytes);
    // Clocks of file systems tick slowly.
    await utimes(product.path, new Date(), new Date(Date.now() + 1000));
    await expect(publishProduct({ ...product, version }, {}, watched)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('is damaged'),
    });
  });

  it('notices bytes that went wrong on the target', async () => {
    const product = await workspace.product('a', MIB);
    const disk = changedTarget(target, {
      writeFile: async (...args) => {
        await target.writeFile(...args);
        const bytes = await readFile(inImages(PART));
        bytes[17]! ^= 1;
        await writeFile(inImages(PART), bytes);
      },
    });
    await expect(publishProduct(product, {}, disk)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('does not hold the bytes of'),
    });
    expect(await filesBelow(workspace.images)).toEqual([]);
  });

  it.each([
    ['../../etc/passwd', PULL_ID],
    [IMAGE_ID.toUpperCase(), PULL_ID],
    [IMAGE_ID, '../x'],
    [IMAGE_ID, 'a.b'],
    [IMAGE_ID, ''],
    [IMAGE_ID, 'x'.repeat(129)],
  ])('makes no path of the ids %j and %j', async (imageId, pullId) => {
    const product = await workspace.product('a', 10);
    await expect(publishProduct(product, { imageId, pullId })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect(await filesBelow(workspace.images)).toEqual([]);
  });
});

describe('an abort', () => {
  it('in the middle of the bytes leaves nothing', async () => {
    const product = await workspace.product('a', 3 * MIB);
    const controller = new AbortController();
    const bytes: number[] = [];
    const publishing = publishProduct(product, {
      signal: controller.signal,
      onBytes: (done) => {
        bytes.push(done);
        controller.abort(new GatewayError('CANCELLED', 'not wanted any more'));
      },
    });
    await expect(publishing).rejects.toMatchObject({ code: 'CANCELLED', message: 'not wanted any more' });
    expect(bytes).toEqual([MIB]);
    expect(await filesBelow(workspace.images)).toEqual([]);
  });

  it.each(['makeSidecarFolder', 'adopt', 'writeText'])('at %s leaves no image', async (at) => {
    const product = await workspace.product('a', MIB, 0o600);
    const controller = new AbortController();
    const watched = watchedTarget(target, (step) => {
      if (step.startsWith(at)) controller.abort();
    });
    await expect(publishProduct(product, { signal: controller.signal }, watched)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect((await filesBelow(workspace.images)).filter((name) => name !== '.imagegw')).toEqual([]);
  });

  it('after the first rename comes too late: the image gets its .meta', async () => {
    const product = await workspace.product('a', MIB, 0o600);
    const controller = new AbortController();
    const watched = watchedTarget(target, (step) => {
      if (step.startsWith('rename')) controller.abort();
    });
    await publishProduct(product, { signal: controller.signal }, watched);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });
});

describe('leftovers of a killed attempt', () => {
  it('are continued where they end', async () => {
    const product = await workspace.product('a', 3 * MIB);
    await writeFile(inImages(PART), (await readFile(product.path)).subarray(0, 2 * MIB), { mode: 0o600 });
    const bytes: number[] = [];
    await publishProduct(product, { onBytes: (done) => bytes.push(done) });
    expect(bytes).toEqual([3 * MIB]);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });

  it('with other bytes are written anew', async () => {
    const product = await workspace.product('a', 3 * MIB);
    await writeFile(inImages(PART), Buffer.alloc(2 * MIB));
    await publishProduct(product);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('that are longer than the product are written anew', async () => {
    const product = await workspace.product('a', MIB);
    await writeFile(inImages(PART), Buffer.alloc(2 * MIB));
    await publishProduct(product);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('that are a link of another file do not get into that file', async () => {
    const victim = await workspace.product('victim', MIB, 0o600);
    await link(victim.path, inImages(PART));
    const product = await workspace.product('a', 2 * MIB);
    await publishProduct(product);
    expect(sha256(await readFile(victim.path))).toBe(victim.sha256);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('of the small files are replaced', async () => {
    const product = await workspace.product('a', MIB);
    await mkdir(inImages('.imagegw'));
    await writeFile(inImages(META_PART), 'half');
    await writeFile(inImages(`.imagegw/${PART}`), 'half');
    const { metaPath } = await publishProduct(product);
    expect(await readFile(metaPath, 'utf8')).toBe(META);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });
});

describe('two workers with one pull', () => {
  it('do not publish what the other has not finished', async () => {
    const old = await workspace.product('old', MIB);
    await publishProduct(old);
    const product = await workspace.product('a', 2 * MIB);
    const watched = watchedTarget(target, async (step) => {
      // Ours is checked by now; the other worker begins anew under the same name.
      if (step === `rename ${PART} ${IMAGE}`) throw new Error('renamed an unfinished file');
      if (step === 'makeSidecarFolder') await truncate(inImages(PART), MIB);
    });
    await expect(publishProduct(product, {}, watched)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('changed after it was checked'),
    });
    expect(await publishedDigest(workspace.images)).toBe(old.sha256);
  });

  it('leave each other what is there: the one that has lost the pull stops, and the other goes on where it was', async () => {
    const product = await workspace.product('a', 3 * MIB);
    const controller = new AbortController();
    const stopped = publishProduct(product, {
      signal: controller.signal,
      onBytes: (done) => {
        if (done === 2 * MIB) controller.abort(new LostPull(false));
      },
    });
    await expect(stopped).rejects.toBeInstanceOf(LostPull);
    expect(await stat(inImages(PART))).toMatchObject({ size: 2 * MIB });
    const bytes: number[] = [];
    await publishProduct(product, { onBytes: (done) => bytes.push(done) });
    expect(bytes).toEqual([3 * MIB]);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('stop when both write the same file', async () => {
    const product = await workspace.product('a', 3 * MIB);
    const publishing = publishProduct(product, {
      onBytes: (done) => {
        if (done === MIB) growBehindItsBack();
      },
    });
    await expect(publishing).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('Another worker with the same pull'),
    });

    // What is there is the other's, who goes on with it.
    expect(await filesBelow(workspace.images)).toContain(PART);

    function growBehindItsBack(): void {
      writeFileSync(inImages(PART), 'more', { flag: 'a' });
    }
  });
});

describe('renaming onto another link of the same file', () => {
  it('leaves no temporary name, as rename(2) alone would', async () => {
    const product = await workspace.product('a', MIB, 0o600);
    await publishProduct(product);
    await link(inImages(IMAGE), inImages(PART));
    const names = temporaryNames(IMAGE_ID, PULL_ID);
    await target.rename(names.image, publishedNames(IMAGE_ID).image);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });
});

describe('publishMetadata', () => {
  const changed = {
    imageId: IMAGE_ID,
    pullId: 'tag-move',
    meta: 'FORMAT: squashfs\nUSERACL: 7\n',
    sidecar: '{}\n',
    signal: SIGNAL,
  };

  it('rewrites the sidecar and the .meta and not the image', async () => {
    const { path, metaPath, sidecarPath } = await publishProduct(await workspace.product('a', MIB));
    const before = await stat(path);
    await publishMetadata(target, changed);
    expect(await readFile(metaPath, 'utf8')).toBe(changed.meta);
    expect(await readFile(sidecarPath, 'utf8')).toBe(changed.sidecar);
    const after = await stat(path);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });

  it('makes no .meta for an image that is not there', async () => {
    await expect(publishMetadata(target, changed)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('is not there'),
    });
    expect(await filesBelow(workspace.images)).toEqual([]);
  });

  it('works when only the reserve is free', async () => {
    await publishProduct(await workspace.product('a', MIB));
    const full = createLocalTarget({
      imageDirectory: workspace.images,
      reserveBytes: Number.MAX_SAFE_INTEGER,
    });
    await publishMetadata(full, changed);
    expect(await readFile(inImages(`${IMAGE_ID}.meta`), 'utf8')).toBe(changed.meta);
  });
});
