import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { checkPublished, probeTarget, publish, publishMetadata, removeImage, type Product, type PublishRequest, type Target } from '../../src/delivery/index.js';
import { SftpChannel } from '../../src/delivery/sftp/channel.js';
import { temporaryNames } from '../../src/delivery/names.js';
import { digestHex } from '../../src/lib/digest.js';
import { runChild } from '../../src/lib/child.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import type { ReaderOrder, ReaderReport } from './fixtures/reader.js';
import { startFixture } from './fixtures/run-fixture.js';
import { accountOf, giveTo, openTarget, type OpenTarget, type TargetOrder } from './fixtures/targets.js';
import { changedTarget, watchedTarget } from './fixtures/watched-target.js';
import { filesBelow, IMAGE_ID, makeWorkspace, META_PART, MIB, ONE_IMAGE, PART, publishedDigest, PULL_ID, QUICK_PARENT, SIGNAL, type Workspace } from './fixtures/workspace.js';

const withMounts = (await canMount()) ? it : it.skip;
const asRoot = process.geteuid?.() === 0 ? it : it.skip;

const META = 'FORMAT: squashfs\nENV: PATH=/usr/bin:/bin\n';
const SIDECAR = '{"tags":["index.docker.io/alpine:3"]}\n';
const IMAGE = `${IMAGE_ID}.squashfs`;

let sshd: Sshd;
let workspace: Workspace;
const opened: OpenTarget[] = [];
let target: Target;

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

beforeEach(async () => {
  workspace = await makeWorkspace();
  await giveTo(sshd, workspace.images);
  target = open();
});

afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
  await workspace.remove();
});

/** A target on the image directory, through `server`. */
function open(changes: Partial<Extract<TargetOrder, { kind: 'sftp' }>> = {}, server: Sshd = sshd): Target {
  const one = openTarget({ kind: 'sftp', account: accountOf(server), imageDirectory: workspace.images, ...changes });
  opened.push(one);
  return one.target;
}

function request(product: Product, changes: Partial<PublishRequest> = {}): PublishRequest {
  return { imageId: IMAGE_ID, pullId: PULL_ID, product, meta: META, sidecar: SIDECAR, signal: SIGNAL, ...changes };
}

const inImages = (name: string): string => join(workspace.images, name);

describe('publishing over SFTP', () => {
  it('makes an image, a sidecar and a .meta, readable by the owner alone, and tells of the bytes', async () => {
    const product = await workspace.product('a', 9.5 * MIB);
    const bytes: number[] = [];
    const files = await publish(target, request(product, { onBytes: (done) => bytes.push(done) }));
    const prefix = `${sshd.host}:${workspace.images}`;
    expect(files).toEqual({
      path: `${prefix}/${IMAGE}`,
      metaPath: `${prefix}/${IMAGE_ID}.meta`,
      sidecarPath: `${prefix}/.imagegw/${IMAGE_ID}.json`,
      image: 'copied',
    });
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    expect(await readFile(inImages(`${IMAGE_ID}.meta`), 'utf8')).toBe(META);
    expect(await readFile(inImages(`.imagegw/${IMAGE_ID}.json`), 'utf8')).toBe(SIDECAR);
    for (const name of ONE_IMAGE.filter((name) => name !== '.imagegw')) {
      const { mode, uid } = await stat(inImages(name));
      expect([mode & 0o7777, uid]).toEqual([0o600, sshd.uid]);
    }
    expect((await stat(inImages('.imagegw'))).mode & 0o7777).toBe(0o700);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(9.5 * MIB);
    expect(bytes.length).toBeGreaterThan(10);
  });

  it('renames the image first and the .meta last, each made durable before the next', async () => {
    const steps: string[] = [];
    await publish(watchedTarget(target, (step) => void steps.push(step)), request(await workspace.product('a', 10)));
    expect(steps.slice(-6)).toEqual([
      `rename ${PART} ${IMAGE}`,
      'syncFolder .',
      `rename .imagegw/${PART} .imagegw/${IMAGE_ID}.json`,
      'syncFolder .imagegw',
      `rename ${META_PART} ${IMAGE_ID}.meta`,
      'syncFolder .',
    ]);
  });

  it('asks the server to sync each file before any gets its name, and the directory after each name', async () => {
    const asked: string[] = [];
    const [reallyOpen, fsync, posixRename] = [Reflect.get(SftpChannel.prototype, 'open'), Reflect.get(SftpChannel.prototype, 'fsync'), Reflect.get(SftpChannel.prototype, 'posixRename')];
    const paths = new Map<string, string>();
    const short = (path: string): string => relative(workspace.images, path).replaceAll(IMAGE_ID, 'ID');
    jest.spyOn(SftpChannel.prototype, 'open').mockImplementation(async function (this: SftpChannel, path, flags, mode) {
      const handle = await reallyOpen.call(this, path, flags, mode);
      paths.set(handle.toString('hex'), short(path));
      return handle;
    });
    jest.spyOn(SftpChannel.prototype, 'fsync').mockImplementation(function (this: SftpChannel, handle) {
      asked.push(`fsync ${paths.get(handle.toString('hex')) ?? '?'}`);
      return fsync.call(this, handle);
    });
    jest.spyOn(SftpChannel.prototype, 'posixRename').mockImplementation(function (this: SftpChannel, from, to) {
      asked.push(`rename ${short(to)}`);
      return posixRename.call(this, from, to);
    });
    await publish(target, request(await workspace.product('a', 10)));
    jest.restoreAllMocks();
    expect(asked).toEqual([
      `fsync .ID.${PULL_ID}.part`,
      // The folder of the sidecars was made.
      'fsync .imagegw',
      'fsync ',
      `fsync .imagegw/.ID.${PULL_ID}.part`,
      `fsync .ID.${PULL_ID}.meta.part`,
      'rename ID.squashfs',
      'fsync ',
      'rename .imagegw/ID.json',
      'fsync .imagegw',
      'rename ID.meta',
      'fsync ',
    ]);
  });

  it('leaves the reserve of the site free', async () => {
    const product = await workspace.product('a', MIB);
    await expect(publish(open({ reserveBytes: 2 ** 60 }), request(product))).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect((await readdir(workspace.images)).filter((name) => name !== '.imagegw')).toEqual([]);
  });

  it('replaces an old image, keeps what is there already, and gives the mode that the policy asks for', async () => {
    await publish(target, request(await workspace.product('old', MIB)));
    const product = await workspace.product('new', MIB);
    expect((await publish(target, request(product))).image).toBe('copied');
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    expect((await publish(target, request(product))).image).toBe('kept');
    expect((await publish(open({ mode: 0o640 }), request(product))).image).toBe('copied');
    expect((await stat(inImages(IMAGE))).mode & 0o7777).toBe(0o640);
  });
  asRoot('gives all files and the folder to the configured owner, with the configured mode (needs root)', async () => {
    const server = await startSshd({ asRoot: true });
    try {
      const owned = open({ owner: { uid: 4321, gid: 8765 }, mode: 0o640 }, server);
      const product = await workspace.product('a', MIB);
      expect(await publish(owned, request(product))).toMatchObject({ image: 'copied' });
      for (const name of ONE_IMAGE) expect(await stat(inImages(name))).toMatchObject({ uid: 4321, gid: 8765 });
      for (const name of ONE_IMAGE.filter((name) => name !== '.imagegw')) expect((await stat(inImages(name))).mode & 0o7777).toBe(0o640);
      expect(await publish(owned, request(product))).toMatchObject({ image: 'kept' });
    } finally {
      await server.stop();
    }
  });

  asRoot('says that only root may give files away, and leaves none (needs root)', async () => {
    const product = await workspace.product('a', MIB);
    await expect(publish(open({ owner: { uid: 4321, gid: 8765 } }), request(product))).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringMatching(/^Can't give 127\.0\.0\.1:.*\.part to uid 4321 and gid 8765: .*logs in as nobody/),
    });
    expect((await filesBelow(workspace.images)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });


  it('writes only the metadata when only that changes, and removes in reverse', async () => {
    await publish(target, request(await workspace.product('a', MIB)));
    const { ino } = await stat(inImages(IMAGE));
    await publishMetadata(target, { imageId: IMAGE_ID, pullId: PULL_ID, meta: 'FORMAT: squashfs\nUSERACL: 1\n', sidecar: SIDECAR, signal: SIGNAL });
    expect(await readFile(inImages(`${IMAGE_ID}.meta`), 'utf8')).toBe('FORMAT: squashfs\nUSERACL: 1\n');
    expect((await stat(inImages(IMAGE))).ino).toBe(ino);
    expect(await checkPublished(target, { imageId: IMAGE_ID, size: MIB })).toBe('whole');
    const steps: string[] = [];
    await removeImage(watchedTarget(target, (step) => void steps.push(step)), IMAGE_ID);
    expect(steps.filter((step) => step.startsWith('remove'))).toEqual([`remove ${IMAGE_ID}.meta`, `remove .imagegw/${IMAGE_ID}.json`, `remove ${IMAGE}`]);
    expect(await filesBelow(workspace.images)).toEqual(['.imagegw']);
    expect(await checkPublished(target, { imageId: IMAGE_ID, size: MIB })).toBe('missing');
  });

  it('notices bytes that went wrong on the target, unless the site looks at sizes only', async () => {
    const product = await workspace.product('a', 3 * MIB);
    const spoiling = (to: Target): Target =>
      changedTarget(to, {
        writeFile: async (name, ...rest) => {
          await to.writeFile(name, ...rest);
          await spoil(inImages(name));
        },
      });
    await expect(publish(spoiling(target), request(product))).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('does not hold the bytes of'),
    });
    expect((await readdir(workspace.images)).filter((name) => name !== '.imagegw')).toEqual([]);
    await publish(spoiling(open({ verify: 'size' })), request(product));
    expect(await publishedDigest(workspace.images)).not.toBe(product.sha256);
    // What was there before is read all the same, and mended.
    await publish(open({ verify: 'size' }), request(product));
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
  });

  it('goes on with what a dead worker has left, unless it holds other bytes', async () => {
    const product = await workspace.product('a', 40 * MIB);
    const whole = await readFile(product.path);
    for (const verify of ['always', 'size'] as const) {
      for (const spoiled of [false, true]) {
        await writeFile(inImages(PART), whole.subarray(0, 38 * MIB), { mode: 0o600 });
        if (spoiled) await spoil(inImages(PART));
        await giveTo(sshd, workspace.images);
        const bytes: number[] = [];
        await publish(open({ verify }), request(product, { onBytes: (done) => bytes.push(done) }));
        expect(await publishedDigest(workspace.images)).toBe(product.sha256);
        // The first 6 MiB are behind any gap. Where nothing is read at the end they are read before.
        if (verify === 'size' && spoiled) expect(bytes[0]).toBeLessThan(MIB);
        else expect(bytes[0]).toBeGreaterThanOrEqual(6 * MIB);
        if (verify === 'always' && spoiled) expect(bytes.some((done, index) => done < (bytes[index - 1] ?? 0))).toBe(true);
        await rm(inImages(IMAGE));
      }
    }
  });

  it('closes a gap in what a dead worker has left: requests overtake each other', async () => {
    const product = await workspace.product('a', 40 * MIB);
    const left = (await readFile(product.path)).subarray(0, 38 * MIB);
    left.fill(0, 10 * MIB, 11 * MIB);
    await writeFile(inImages(PART), left, { mode: 0o600 });
    await giveTo(sshd, workspace.images);
    const bytes: number[] = [];
    await publish(target, request(product, { onBytes: (done) => bytes.push(done) }));
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    // At once, and not after the whole has been found wrong.
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  });

  it('stops in the middle of the bytes on an abort, and leaves nothing', async () => {
    const product = await workspace.product('a', 64 * MIB);
    const controller = new AbortController();
    const published = publish(target, request(product, { signal: controller.signal, onBytes: (done) => (done > 8 * MIB ? controller.abort() : undefined) }));
    await expect(published).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await readdir(workspace.images)).filter((name) => name !== '.imagegw')).toEqual([]);
  });

  it('shows readers whole files only while hundreds of publishes of two products run', async () => {
    await workspace.remove();
    workspace = await makeWorkspace(QUICK_PARENT);
    await giveTo(sshd, workspace.images);
    target = open();
    const versions = [0, 1].map(async (at) => ({
      product: await workspace.product(`v${at}`, MIB / 8 + at),
      meta: `FORMAT: squashfs\nENV: V=${at}\n`,
      sidecar: `{"v":${at}}\n`,
    }));
    const [a, b] = await Promise.all(versions);
    const images = [a, b].map((version) => digestHex(version!.product.sha256));
    const texts = [a, b].flatMap((version) => [version!.meta, version!.sidecar]);
    const reader = startFixture('reader.ts', { directory: workspace.images, imageId: IMAGE_ID, images, texts } satisfies ReaderOrder);
    const lines = createInterface({ input: reader.stdout! });
    await once(lines, 'line');
    for (let count = 0; count < 500; count += 1) await publish(target, request((count % 2 === 0 ? a : b)!.product, { ...(count % 2 === 0 ? a : b), pullId: `p${count % 7}` }));
    const reported = once(lines, 'line');
    reader.stdin?.end();
    const report = JSON.parse(((await reported) as [string])[0]) as ReaderReport;
    await reader.done;
    expect(report.faults).toEqual([]);
    for (const whole of [...images, ...texts]) expect(report.seen[whole]).toBeGreaterThan(5);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  }, 180_000);
});

describe('a remote image directory that can not be used', () => {
  it('because it is missing is not created, and never taken for an empty one', async () => {
    const product = await workspace.product('a', MIB);
    const missing = open({ imageDirectory: inImages('missing') });
    const failure = { code: 'DELIVERY_FAILED', message: expect.stringMatching(/^The image directory 127\.0\.0\.1:.*\/missing does not exist\. The gateway never creates it/) };
    await expect(publish(missing, request(product))).rejects.toMatchObject(failure);
    await expect(removeImage(missing, IMAGE_ID)).rejects.toMatchObject(failure);
    for (const folder of ['.', '.imagegw'] as const) await expect(missing.list(folder)).rejects.toMatchObject(failure);
    expect(await readdir(workspace.images)).toEqual([]);
  });

  asRoot('because it belongs to somebody else names the user (needs root)', async () => {
    await runChild({ command: 'chown', args: ['root', workspace.images] });
    await expect(publish(target, request(await workspace.product('a', MIB)))).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining(`permission denied. The gateway logs in as user "nobody" on 127.0.0.1:${sshd.port}: give that user the right to write in ${workspace.images}.`),
    });
    expect(await readdir(workspace.images)).toEqual([]);
  });

  withMounts('because it is mounted read-only says so (needs mount)', async () => {
    await mountTmpfs(workspace.images, 'size=4m,mode=777');
    try {
      await runChild({ command: 'mount', args: ['-o', 'remount,ro', workspace.images] });
      await expect(publish(target, request(await workspace.product('a', MIB)))).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
        message: expect.stringContaining('the file system is mounted read-only'),
      });
    } finally {
      await unmount(workspace.images);
    }
  });

  withMounts('because it is full is refused before the first byte, or leaves the old image alone (needs mount)', async () => {
    await mountTmpfs(workspace.images, 'size=4m,mode=777');
    try {
      const bytes: number[] = [];
      const large = request(await workspace.product('large', 5 * MIB), { onBytes: (done) => bytes.push(done) });
      await expect(publish(target, large)).rejects.toMatchObject({
        code: 'NO_SPACE',
        message: `There is no room for ${sshd.host}:${workspace.images}/${IMAGE}: need ${5 * MIB + 2 * 4096} bytes, have ${4 * MIB} bytes. Free some, or expire images, and try again.`,
      });
      expect(bytes).toEqual([]);

      const old = await workspace.product('old', MIB / 2);
      await publish(target, request(old));
      const fill = (): void => {
        expect(() => writeFileSync(inImages('filler'), Buffer.alloc(4 * MIB), { flag: 'wx' })).toThrow(/ENOSPC/);
      };
      let filled = false;
      const filling = request(await workspace.product('new', 2.5 * MIB), {
        onBytes: () => {
          if (!filled) fill();
          filled = true;
        },
      });
      await expect(publish(target, filling)).rejects.toMatchObject({ code: 'NO_SPACE' });
      await rm(inImages('filler'));
      expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
      expect(await publishedDigest(workspace.images)).toBe(old.sha256);
    } finally {
      await unmount(workspace.images);
    }
  });
});

describe('on a remote system a planted', () => {
  let victim: string;
  let product: Product;

  beforeEach(async () => {
    product = await workspace.product('a', MIB);
    victim = join(workspace.root, 'victim');
    await writeFile(victim, 'precious', { mode: 0o666 });
    await chmod(victim, 0o666);
  });

  it.each([PART, IMAGE, `${IMAGE_ID}.meta`])('link at %s is replaced, not followed', async (name) => {
    await symlink(victim, inImages(name));
    await publish(target, request(product));
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });

  it('link at .imagegw is refused, and nothing is written through it', async () => {
    const elsewhere = join(workspace.root, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o777 });
    await symlink(elsewhere, inImages('.imagegw'));
    const refused = { code: 'DELIVERY_FAILED', message: expect.stringContaining('.imagegw is not a directory but a link') };
    await expect(publish(target, request(product))).rejects.toMatchObject(refused);
    await expect(removeImage(target, IMAGE_ID)).rejects.toMatchObject(refused);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('FIFO holds nobody up, and a directory is reported', async () => {
    await runChild({ command: 'mkfifo', args: [inImages(PART), inImages(IMAGE)] });
    await expect(target.digest(temporaryNames(IMAGE_ID, PULL_ID).image)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    await publish(target, request(product));
    await rm(inImages(IMAGE));
    await mkdir(inImages(IMAGE));
    await expect(publish(target, request(product))).rejects.toMatchObject({ message: expect.stringContaining('a directory has that name') });
  });

  it('file that comes at the last moment is not written into', async () => {
    const late = watchedTarget(target, async (step) => {
      if (!step.startsWith('writeFile')) return;
      await writeFile(inImages(PART), '');
      await chmod(inImages(PART), 0o666);
      await link(inImages(PART), inImages('witness'));
    });
    await expect(publish(late, request(product))).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(await filesBelow(workspace.images)).toEqual(['witness']);
    expect((await stat(inImages('witness'))).size).toBe(0);
  });

  it('file that is no longer the one that was looked at is not written into', async () => {
    const name = temporaryNames(IMAGE_ID, PULL_ID).image;
    await writeFile(inImages(name), Buffer.alloc(10), { mode: 0o666 });
    await chmod(inImages(name), 0o666);
    // Anybody could have written into it, so it is not ours.
    await expect(target.writeFile(name, product.path, product.size, { signal: SIGNAL, offset: 10 })).rejects.toMatchObject({ message: expect.stringContaining('exchanged by somebody else') });
    expect((await stat(inImages(name))).size).toBe(10);
  });
});

describe('a server without the extensions of OpenSSH', () => {
  let older: Sshd;
  beforeAll(async () => {
    older = await startSshd({ sftpArguments: '-P posix-rename,fsync,statvfs' });
  });
  afterAll(() => older.stop());

  it('is refused before anything is written, and used where the site allows it; nothing is removed first', async () => {
    const product = await workspace.product('a', MIB);
    await expect(publish(open({}, older), request(product))).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      retryable: false,
      message: expect.stringMatching(/lacks posix-rename@openssh\.com, fsync@openssh\.com, statvfs@openssh\.com/),
    });
    expect(await readdir(workspace.images)).toEqual([]);
    const allowed = open({ allowOlderServers: true }, older);
    await publish(allowed, request(product));
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    const other = await workspace.product('b', MIB);
    await expect(publish(allowed, request(other))).rejects.toMatchObject({ code: 'DELIVERY_FAILED', message: expect.stringContaining("can't be replaced") });
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
    expect(await publishedDigest(workspace.images)).toBe(product.sha256);
    // Who tries it is told so.
    const { steps } = await probeTarget(allowed, { id: 'trial', path: product.path, size: MIB, signal: SIGNAL });
    expect(steps.filter(({ problem }) => problem !== null)).toMatchObject([{ step: 'RENAME', problem: expect.stringContaining("can't be replaced") }]);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });
});

it('the test server gives no shell, so that nothing here can depend on one', async () => {
  const output = await new Promise<string>((resolve) => {
    execFile(
      'ssh',
      ['-F', 'none', '-p', String(sshd.port), '-i', sshd.key, '-o', `UserKnownHostsFile=${sshd.knownHosts}`, `${sshd.username}@${sshd.host}`, 'echo', 'shell'],
      { timeout: 20_000 },
      (_error, stdout) => resolve(stdout),
    ).stdin?.end();
  });
  expect(output).not.toContain('shell');
});

/** Changes one byte near the beginning, and neither size nor time. */
async function spoil(path: string): Promise<void> {
  const { size, atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
  await writeFile(path, bytes);
  await truncate(path, size);
  await utimes(path, atime, mtime);
}
