import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  checkPublished,
  createLocalTarget,
  publish,
  removeImage,
  type Product,
  type PublishRequest,
} from '../../src/delivery/index.js';
import { LocalDirectory } from '../../src/delivery/local-directory.js';
import { temporaryNames } from '../../src/delivery/names.js';
import { runChild } from '../../src/lib/child.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import type { PublisherOrder } from './fixtures/publisher.js';
import { changedTarget } from './fixtures/watched-target.js';
import { startFixture } from './fixtures/run-fixture.js';
import {
  filesBelow,
  IMAGE_ID,
  makeWorkspace,
  MIB,
  ONE_IMAGE,
  PART,
  publishedDigest,
  PULL_ID,
  SIGNAL,
  type Workspace,
} from './fixtures/workspace.js';

const withMounts = (await canMount()) ? it : it.skip;
const asRoot = process.geteuid?.() === 0 ? it : it.skip;

let workspace: Workspace;

beforeEach(async () => {
  workspace = await makeWorkspace();
});

afterEach(() => workspace.remove());

function order(product: Product): Omit<PublishRequest, 'signal'> {
  return { imageId: IMAGE_ID, pullId: PULL_ID, product, meta: 'FORMAT: squashfs\n', sidecar: '{}\n' };
}

describe('a full disk', () => {
  /** Runs a test in an image directory of 4 MiB. */
  async function onSmallDisk(work: (images: string) => Promise<void>): Promise<void> {
    const images = join(workspace.root, 'small');
    await mountTmpfs(images, 'size=4m');
    try {
      await work(images);
    } finally {
      await unmount(images);
    }
  }

  withMounts('is refused before the first byte, with what is needed and what there is (needs mount)', () =>
    onSmallDisk(async (images) => {
      const product = await workspace.product('a', 5 * MIB);
      const bytes: number[] = [];
      await expect(
        publish(createLocalTarget({ imageDirectory: images }), {
          ...order(product),
          signal: SIGNAL,
          onBytes: (done) => bytes.push(done),
        }),
      ).rejects.toMatchObject({
        code: 'NO_SPACE',
        message: `There is no room for ${images}/${IMAGE_ID}.squashfs: need ${5 * MIB + 2 * 4096} bytes, have ${4 * MIB} bytes. Free some, or expire images, and try again.`,
      });
      expect(bytes).toEqual([]);
      expect(await filesBelow(images)).toEqual([]);
    }),
  );

  withMounts('counts the reserve (needs mount)', () =>
    onSmallDisk(async (images) => {
      const product = await workspace.product('a', 3 * MIB);
      const reserving = createLocalTarget({ imageDirectory: images, reserveBytes: MIB });
      await expect(publish(reserving, { ...order(product), signal: SIGNAL })).rejects.toMatchObject({
        code: 'NO_SPACE',
      });
      await publish(createLocalTarget({ imageDirectory: images }), { ...order(product), signal: SIGNAL });
      expect(await publishedDigest(images)).toBe(product.sha256);
    }),
  );

  withMounts('that fills up in the middle leaves the old image and nothing else (needs mount)', () =>
    onSmallDisk(async (images) => {
      const target = createLocalTarget({ imageDirectory: images });
      const old = await workspace.product('old', MIB / 2);
      await publish(target, { ...order(old), signal: SIGNAL });

      const product = await workspace.product('a', 2.5 * MIB);
      const fill = (): void => {
        expect(() => writeFileSync(join(images, 'filler'), Buffer.alloc(4 * MIB), { flag: 'wx' })).toThrow(
          /ENOSPC/,
        );
      };
      await expect(
        publish(target, {
          ...order(product),
          signal: SIGNAL,
          onBytes: (done) => (done === MIB ? fill() : undefined),
        }),
      ).rejects.toMatchObject({
        code: 'NO_SPACE',
        message: `There is no room for ${images}/${PART}: need ${1.5 * MIB} bytes, have 0 bytes. Free some, or expire images, and try again.`,
      });
      await rm(join(images, 'filler'));
      expect(await filesBelow(images)).toEqual(ONE_IMAGE);
      expect(await publishedDigest(images)).toBe(old.sha256);
    }),
  );

  withMounts('that ran out of inodes says so (needs mount)', async () => {
    const images = join(workspace.root, 'few');
    // The root directory, and one for the image.
    await mountTmpfs(images, 'size=4m,nr_inodes=2');
    try {
      const product = await workspace.product('a', MIB);
      await expect(
        publish(createLocalTarget({ imageDirectory: images }), { ...order(product), signal: SIGNAL }),
      ).rejects.toMatchObject({
        code: 'NO_SPACE',
        message: expect.stringContaining('inodes'),
      });
      expect(await filesBelow(images)).toEqual([]);
    } finally {
      await unmount(images);
    }
  });
});

describe('an image directory that can not be used', () => {
  it('because it is missing is not created, and never taken for an empty one', async () => {
    const missing = join(workspace.root, 'missing');
    const target = createLocalTarget({ imageDirectory: missing });
    const product = await workspace.product('a', MIB);
    const failure = {
      code: 'DELIVERY_FAILED',
      message: expect.stringMatching(
        /^The image directory .*\/missing does not exist\. The gateway never creates it/,
      ),
    };
    await expect(publish(target, { ...order(product), signal: SIGNAL })).rejects.toMatchObject(failure);
    await expect(removeImage(target, IMAGE_ID)).rejects.toMatchObject(failure);
    await expect(checkPublished(target, { imageId: IMAGE_ID, size: MIB })).rejects.toMatchObject(failure);
    await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    // Also in the middle of a step, when it has just gone.
    const directory = new LocalDirectory(missing);
    await expect(directory.explained('list', '.', (path) => readdir(path))).rejects.toMatchObject(failure);
  });

  withMounts('because it is mounted read-only (needs mount)', async () => {
    await mountTmpfs(workspace.images, 'size=4m');
    try {
      await runChild({ command: 'mount', args: ['-o', 'remount,ro', workspace.images] });
      const product = await workspace.product('a', MIB);
      await expect(
        publish(createLocalTarget({ imageDirectory: workspace.images }), {
          ...order(product),
          signal: SIGNAL,
        }),
      ).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
        message: expect.stringMatching(
          new RegExp(`the file system is mounted read-only. Mount ${workspace.images} writable`),
        ),
      });
    } finally {
      await unmount(workspace.images);
    }
  });

  asRoot('because the gateway runs as another user names both (needs root)', async () => {
    await chmod(workspace.root, 0o755);
    const product = await workspace.product('a', MIB);
    const child = startFixture(
      'publisher.ts',
      { target: { kind: 'local', imageDirectory: workspace.images }, request: order(product) } satisfies PublisherOrder,
      ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
    );
    const output = await text(child.stdout!);
    await child.done;
    expect(output).toMatch(
      new RegExp(
        `failed DELIVERY_FAILED .*permission denied\\. The gateway runs as user "nobody" \\(uid 65534\\): give that user the right to write in ${workspace.images}\\.`,
      ),
    );
    expect(await filesBelow(workspace.images)).toEqual([]);
  });
});

describe('a planted', () => {
  let product: Product;
  let victim: string;

  beforeEach(async () => {
    product = await workspace.product('a', MIB);
    victim = join(workspace.root, 'victim');
    await writeFile(victim, 'precious');
  });

  function publishHere(): Promise<unknown> {
    return publish(createLocalTarget({ imageDirectory: workspace.images }), {
      ...order(product),
      signal: SIGNAL,
    });
  }

  it.each([PART, `${IMAGE_ID}.squashfs`, `${IMAGE_ID}.meta`])(
    'link at %s is replaced, not followed',
    async (name) => {
      await symlink(victim, join(workspace.images, name));
      await publishHere();
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
      expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    },
  );

  it.each(['victim', 'not-there'])(
    'link to %s between the look and the making of a file is refused',
    async (name) => {
      const target = createLocalTarget({ imageDirectory: workspace.images });
      const late = changedTarget(target, {
        writeFile: async (...args) => {
          await symlink(join(workspace.root, name), join(workspace.images, PART));
          await target.writeFile(...args);
        },
      });
      await expect(publish(late, { ...order(product), signal: SIGNAL })).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
      });
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect(await readdir(workspace.root)).not.toContain('not-there');
    },
  );

  it('link at .imagegw is refused, and nothing is written through it', async () => {
    const elsewhere = join(workspace.root, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(workspace.images, '.imagegw'));
    await writeFile(join(elsewhere, `${IMAGE_ID}.json`), 'precious');
    const refused = {
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('.imagegw is not a directory but a link'),
    };
    await expect(publishHere()).rejects.toMatchObject(refused);
    await expect(
      removeImage(createLocalTarget({ imageDirectory: workspace.images }), IMAGE_ID),
    ).rejects.toMatchObject(refused);
    expect(await filesBelow(elsewhere)).toEqual([`${IMAGE_ID}.json`]);
    expect(await readdir(workspace.images)).toEqual(['.imagegw']);
  });

  it.each(['FIFO', 'link'])('%s is not read as a file', async (kind) => {
    const path = join(workspace.images, PART);
    if (kind === 'FIFO') await runChild({ command: 'mkfifo', args: [path] });
    else await symlink(victim, path);
    const target = createLocalTarget({ imageDirectory: workspace.images });
    await expect(target.digest(temporaryNames(IMAGE_ID, PULL_ID).image)).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
    });
  });

  it('FIFO holds nobody up', async () => {
    await runChild({
      command: 'mkfifo',
      args: [join(workspace.images, `${IMAGE_ID}.squashfs`), join(workspace.images, PART)],
    });
    await publishHere();
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('directory is reported, not removed', async () => {
    await mkdir(join(workspace.images, `${IMAGE_ID}.squashfs`));
    await expect(publishHere()).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('a directory has that name'),
    });
    expect(await filesBelow(workspace.images)).toEqual(['.imagegw', `${IMAGE_ID}.squashfs`]);
  });
});
