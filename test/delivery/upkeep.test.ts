import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkPublished,
  createLocalTarget,
  publish,
  removeImage,
  sweepTemporary,
  type Product,
  type Target,
} from '../../src/delivery/index.js';
import { watchedTarget } from './fixtures/watched-target.js';
import {
  filesBelow,
  IMAGE_ID,
  makeWorkspace,
  MIB,
  ONE_IMAGE,
  PULL_ID,
  SIGNAL,
  type Workspace,
} from './fixtures/workspace.js';

let workspace: Workspace;
let target: Target;
let product: Product;
let path: string;
let metaPath: string;

beforeEach(async () => {
  workspace = await makeWorkspace();
  target = createLocalTarget({ imageDirectory: workspace.images });
  product = await workspace.product('a', MIB);
  ({ path, metaPath } = await publish(target, {
    imageId: IMAGE_ID,
    pullId: PULL_ID,
    product,
    meta: 'FORMAT: squashfs\n',
    sidecar: '{}\n',
    signal: SIGNAL,
  }));
});

afterEach(() => workspace.remove());

describe('checkPublished', () => {
  const quick = (): Promise<string> => checkPublished(target, { imageId: IMAGE_ID, size: MIB });
  const full = (): Promise<string> =>
    checkPublished(target, { imageId: IMAGE_ID, size: MIB, sha256: product.sha256 });

  it('finds a whole image whole', async () => {
    expect([await quick(), await full()]).toEqual(['whole', 'whole']);
  });

  it.each(['image', 'meta'])('finds one without its %s missing', async (which) => {
    await rm(which === 'image' ? path : metaPath);
    expect([await quick(), await full()]).toEqual(['missing', 'missing']);
  });

  it('finds a shortened image, and an empty .meta, damaged', async () => {
    await truncate(metaPath, 0);
    expect(await quick()).toBe('damaged');
    await writeFile(metaPath, 'FORMAT: squashfs\n');
    await truncate(path, MIB - 1);
    expect([await quick(), await full()]).toEqual(['damaged', 'damaged']);
  });

  it('finds one flipped bit by reading everything', async () => {
    const bytes = await readFile(path);
    bytes[MIB / 2]! ^= 1;
    await writeFile(path, bytes);
    expect([await quick(), await full()]).toEqual(['whole', 'damaged']);
  });

  it('stops reading on abort', async () => {
    const signal = AbortSignal.abort();
    await expect(
      checkPublished(target, { imageId: IMAGE_ID, size: MIB, sha256: product.sha256 }, { signal }),
    ).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

describe('removeImage', () => {
  it('takes the .meta first and the image last, each made durable before the next', async () => {
    const steps: string[] = [];
    await removeImage(
      watchedTarget(target, (step) => void steps.push(step)),
      IMAGE_ID,
    );
    expect(steps).toEqual([
      `remove ${IMAGE_ID}.meta`,
      'syncFolder .',
      `remove .imagegw/${IMAGE_ID}.json`,
      'syncFolder .imagegw',
      `remove ${IMAGE_ID}.squashfs`,
      'syncFolder .',
    ]);
    expect(await filesBelow(workspace.images)).toEqual(['.imagegw']);
  });

  it('touches no other image, can be repeated, and leaves the product', async () => {
    const other = 'b2'.repeat(32);
    await writeFile(join(workspace.images, `${other}.squashfs`), 'x');
    await removeImage(target, IMAGE_ID);
    await removeImage(target, IMAGE_ID);
    expect(await filesBelow(workspace.images)).toEqual(['.imagegw', `${other}.squashfs`]);
    expect((await readFile(product.path)).length).toBe(MIB);
  });

  it('makes no path of an id that is none', async () => {
    await expect(removeImage(target, '../victim')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('sweepTemporary', () => {
  it("removes what dead pulls left, and nobody else's files", async () => {
    const other = 'b2'.repeat(32);
    const dead = [`.${IMAGE_ID}.dead.part`, `.${other}.dead.meta.part`, `.imagegw/.${other}.dead.part`];
    const stays = [
      `.${IMAGE_ID}.alive_1-x.part`,
      `${IMAGE_ID}.squashfs.partial.a1B2c3`,
      '.short.dead.part',
      `.${IMAGE_ID}.dead.part.old`,
      `.imagegw/.${IMAGE_ID}.alive_1-x.part`,
    ];
    for (const name of [...dead, ...stays]) await writeFile(join(workspace.images, name), 'x');
    await mkdir(join(workspace.images, `.${other}.dead.part`));
    const asked: string[] = [];

    const removed = await sweepTemporary(target, async (pullId) => {
      asked.push(pullId);
      return Promise.resolve(pullId === 'alive_1-x');
    });

    expect(removed.sort()).toEqual(dead.map((name) => join(workspace.images, name)).sort());
    expect(asked.sort()).toEqual(['alive_1-x', 'dead']);
    expect(await filesBelow(workspace.images)).toEqual(
      [...ONE_IMAGE, ...stays, `.${other}.dead.part`].sort(),
    );
  });

  it('finds nothing in a directory where nothing was published yet', async () => {
    const empty = join(workspace.root, 'empty');
    await mkdir(empty);
    expect(await sweepTemporary(createLocalTarget({ imageDirectory: empty }), () => false)).toEqual([]);
  });
});
