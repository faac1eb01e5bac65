import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOfFile, publish, publishedNames, surveyTarget, type Product } from '../../src/delivery/index.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { accountOf, giveTo, openTarget, type OpenTarget } from './fixtures/targets.js';
import { IMAGE_ID, makeWorkspace, MIB, PULL_ID, SIGNAL, type Workspace } from './fixtures/workspace.js';

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

describe.each(['local', 'sftp'] as const)('looking through an image directory (%s)', (kind) => {
  let workspace: Workspace;
  let opened: OpenTarget;
  let product: Product;
  const at = (name: string): string => join(workspace.images, name);

  beforeEach(async () => {
    workspace = await makeWorkspace();
    await giveTo(sshd, workspace.images);
    opened = openTarget(
      kind === 'local' ? { kind, imageDirectory: workspace.images } : { kind, account: accountOf(sshd), imageDirectory: workspace.images },
    );
    product = await workspace.product('a', 3 * MIB);
    await publish(opened.target, { imageId: IMAGE_ID, pullId: PULL_ID, product, meta: 'FORMAT: squashfs\n', sidecar: '{}\n', signal: SIGNAL });
  });
  afterEach(async () => {
    await opened.close();
    await workspace.remove();
  });

  it('tells images, files on their way, and nothing else', async () => {
    const other = 'b2'.repeat(32);
    for (const name of [`${other}.meta`, `.imagegw/${other}.json`, `.${other}.dead.part`, 'README', `${other}.squashfs.partial.a1`, `${other}.json`]) {
      await writeFile(at(name), 'x');
    }
    const { target } = opened;
    const shown = (name: string): string => join(target.pathOf('.'), name);
    const { images, temporary } = await surveyTarget(target);
    expect([...images.keys()].sort()).toEqual([IMAGE_ID, other]);
    expect([...(images.get(IMAGE_ID) ?? [])].sort()).toEqual([`.imagegw/${IMAGE_ID}.json`, `${IMAGE_ID}.meta`, `${IMAGE_ID}.squashfs`].map(shown).sort());
    expect([...(images.get(other) ?? [])].sort()).toEqual([`.imagegw/${other}.json`, `${other}.meta`].map(shown).sort());
    expect([...temporary]).toEqual([['dead', [shown(`.${other}.dead.part`)]]]);
  });

  it('says which file of an image is wrong, and how', async () => {
    const { target } = opened;
    const look = () => faultOfFile(target, { name: publishedNames(IMAGE_ID).image, size: 3 * MIB, sha256: product.sha256 });
    expect(await look()).toBeUndefined();
    const image = at(`${IMAGE_ID}.squashfs`);
    const bytes = await readFile(image);
    bytes[2 * MIB + 7]! ^= 0x20;
    await writeFile(image, bytes);
    expect(await look()).toMatchObject({ state: 'damaged', path: expect.stringMatching(/squashfs$/), problem: expect.stringMatching(product.sha256) });
    await writeFile(image, bytes.subarray(1));
    expect(await look()).toMatchObject({ state: 'damaged', problem: `has ${3 * MIB - 1} bytes instead of ${3 * MIB}` });
    await rm(image);
    await symlink('/etc/passwd', image);
    expect(await look()).toMatchObject({ state: 'damaged', problem: 'is not a regular file' });
    await rm(image);
    expect(await look()).toMatchObject({ state: 'missing', problem: 'is not there' });
  });

  it('reads as fast as it is let, all of it', async () => {
    const pieces: number[] = [];
    const fault = await faultOfFile(
      opened.target,
      { name: publishedNames(IMAGE_ID).image, size: 3 * MIB, sha256: product.sha256 },
      { pace: async (bytes) => Promise.resolve(void pieces.push(bytes)) },
    );
    expect(fault).toBeUndefined();
    expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(3 * MIB);
    expect(Math.max(...pieces)).toBeLessThanOrEqual(MIB);
  });
});
