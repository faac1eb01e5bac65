import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createLocalTarget, publish, sweepTemporary, type Product, type Target } from '../../src/delivery/index.js';
import { GatewayError } from '../../src/lib/errors.js';
import type { PublisherOrder } from './fixtures/publisher.js';
import { startFixture } from './fixtures/run-fixture.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { accountOf, giveTo, openTarget, type TargetOrder } from './fixtures/targets.js';
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

const OLD = { meta: 'FORMAT: squashfs\nENV: V=old\n', sidecar: '{"v":"old"}\n' };
const NEW = { meta: 'FORMAT: squashfs\nENV: V=new\n', sidecar: '{"v":"new"}\n' };

/** Runs the publisher until it stops itself, and kills it there; gives the steps that it did. */
async function publishAndKill(order: PublisherOrder): Promise<string[]> {
  const child = startFixture('publisher.ts', order);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    // SIGKILL, from outside, to the process itself.
    if (line === 'stopped') process.kill(child.pid!, 'SIGKILL');
  }
  await child.done.catch((error: unknown) => {
    if (!(error instanceof GatewayError) || !error.message.includes('SIGKILL')) throw error;
  });
  return lines;
}

// 0600 is linked, 0644 is copied.
describe.each([
  ['linked', 0o600],
  ['copied', 0o644],
  ['sent over SFTP', 0o600],
])('a publish whose product is %s, killed at any step,', (placement, mode) => {
  const isRemote = placement === 'sent over SFTP';
  let sshd: Sshd | undefined;
  let workspace: Workspace;
  let old: Product;
  let product: Product;
  let template: string;
  let steps: string[];

  function targetIn(imageDirectory: string): TargetOrder {
    if (sshd === undefined) return { kind: 'local', imageDirectory };
    return { kind: 'sftp', account: accountOf(sshd), imageDirectory: sshd.seen(imageDirectory) };
  }

  function orderIn(imageDirectory: string, what = product): PublisherOrder {
    return { target: targetIn(imageDirectory), request: { imageId: IMAGE_ID, pullId: PULL_ID, product: what, ...NEW } };
  }

  /** Works on the target in this process. */
  async function withTarget<T>(imageDirectory: string, work: (target: Target) => Promise<T>): Promise<T> {
    const { target, close } = openTarget(targetIn(imageDirectory));
    try {
      return await work(target);
    } finally {
      await close();
    }
  }

  /** Another image directory with the old image in it, or an empty one. */
  async function prepared(withOld: boolean): Promise<string> {
    await rm(workspace.images, { recursive: true });
    if (withOld) await cp(template, workspace.images, { recursive: true, preserveTimestamps: true });
    else await mkdir(workspace.images);
    if (sshd !== undefined) await giveTo(sshd, workspace.images);
    return workspace.images;
  }

  /** Whatever a reader may look at is one of the whole files, and a .meta is never without its image. */
  async function requireWhole(directory: string, what = product): Promise<void> {
    const visible = await filesBelow(directory);
    for (const name of visible.filter((name) => !name.endsWith('.part'))) {
      if (name.endsWith('.squashfs'))
        expect([old.sha256, what.sha256]).toContain(await publishedDigest(directory));
      if (name.endsWith('.meta'))
        expect([OLD.meta, NEW.meta]).toContain(await readFile(join(directory, name), 'utf8'));
      if (name.endsWith('.json'))
        expect([OLD.sidecar, NEW.sidecar]).toContain(await readFile(join(directory, name), 'utf8'));
    }
    if (visible.includes(`${IMAGE_ID}.meta`)) expect(visible).toContain(`${IMAGE_ID}.squashfs`);
  }

  async function requireNew(directory: string, what = product): Promise<void> {
    expect(await filesBelow(directory)).toEqual(ONE_IMAGE);
    expect(await publishedDigest(directory)).toBe(what.sha256);
    expect(await readFile(join(directory, `${IMAGE_ID}.meta`), 'utf8')).toBe(NEW.meta);
    expect(await readFile(join(directory, `.imagegw/${IMAGE_ID}.json`), 'utf8')).toBe(NEW.sidecar);
  }

  beforeAll(async () => {
    if (isRemote) sshd = await startSshd({ chroot: true });
    workspace = await makeWorkspace(sshd?.root);
    old = await workspace.product('old', MIB + 7);
    product = await workspace.product('new', 3 * MIB, mode);
    template = join(workspace.root, 'template');
    await mkdir(template);
    await publish(createLocalTarget({ imageDirectory: template }), {
      imageId: IMAGE_ID,
      pullId: 'earlier',
      product: old,
      ...OLD,
      signal: SIGNAL,
    });
    const lines = await publishAndKill(orderIn(await prepared(true)));
    expect(lines.at(-1)).toBe('done');
    steps = lines.filter((line) => line.startsWith('step '));
    await requireNew(workspace.images);
  });

  afterAll(async () => {
    await sshd?.stop();
    await workspace.remove();
  });

  it.each([
    ['onto an old image', true],
    ['into an empty directory', false],
  ])('shows whole files only, and ends well when run again (%s)', async (_, withOld) => {
    const did = (what: string): boolean => steps.some((step) => step.startsWith(`step ${what}`));
    expect([did('writeFile'), did('adopt'), did('rename')]).toEqual([placement !== 'linked', true, true]);
    for (let stopAt = 0; stopAt < steps.length; stopAt += 1) {
      const images = await prepared(withOld);
      const lines = await publishAndKill({ ...orderIn(images), stopAt });
      expect([lines.length, lines.at(-1)]).toEqual([stopAt + 1, 'stopped']);
      await requireWhole(images);
      await withTarget(images, (target) => publish(target, { ...orderIn(images).request, signal: SIGNAL }));
      await requireNew(images);
    }
  });

  if (placement !== 'linked') {
    it('also in the middle of the bytes, which then go on where they stopped', async () => {
      // More than what a broken SFTP transfer writes again.
      const mib = isRemote ? 40 : 3;
      const large = await workspace.product('large', mib * MIB, mode);
      const images = await prepared(true);
      await publishAndKill({ ...orderIn(images, large), stopAtBytes: (mib - 1) * MIB });
      expect(await filesBelow(images)).toContain(PART);
      await requireWhole(images, large);
      const bytes: number[] = [];
      const request = { ...orderIn(images, large).request, signal: SIGNAL, onBytes: (done: number): number => bytes.push(done) };
      await withTarget(images, (target) => publish(target, request));
      if (isRemote) {
        // Of what was there, the last 32 MiB may have gaps and are sent again.
        expect(bytes[0]).toBeGreaterThan(6 * MIB);
        expect(bytes.at(-1)).toBe(mib * MIB);
      } else {
        expect(bytes).toEqual([mib * MIB]);
      }
      await requireNew(images, large);
    });

    it('leaves what a sweep finds', async () => {
      const images = await prepared(true);
      await publishAndKill({ ...orderIn(images), stopAtBytes: MIB });
      const swept = await withTarget(images, (target) => sweepTemporary(target, (pullId) => pullId !== PULL_ID));
      const path = join(images, PART);
      expect(swept).toEqual([sshd === undefined ? path : `${sshd.host}:${sshd.seen(path)}`]);
      expect(await filesBelow(images)).toEqual(ONE_IMAGE);
      expect(await publishedDigest(images)).toBe(old.sha256);
    });
  }
});
