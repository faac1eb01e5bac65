/** What lies on a system, read back through whole gateways: local and over SSH, with damage of all kinds. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAdminOf } from '../../src/access/viewer.js';
import type { GatewayClient, VerificationReport } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { sha256 } from '../../src/lib/digest.js';
import { giveTo } from '../delivery/fixtures/targets.js';
import { CliRun } from '../support/cli-run.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { expectAgreement } from '../support/agreement.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { writeLayout } from '../support/images.js';
import { startSshd, type Sshd } from '../support/sshd.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';
import { randomBytes } from 'node:crypto';

const UNKNOWN = 'c3'.repeat(32);
const DEAD_PULL = 'pull_0000000000aaaaaaaaaaaaaaaa';

let stack: TestStack;
let registry: FakeRegistry;
let sshd: Sshd;
let site: Site;
let gateway: RunningGateway | undefined;
let client: GatewayClient;
/** Where the system `far` has its images. */
let far: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  [stack, registry, sshd] = await Promise.all([startTestStack(), startFakeRegistry(), startSshd()]);
});
afterAll(async () => {
  await registry.stop();
  await stack.stop();
  await sshd.stop();
});

beforeEach(() => {
  for (const [tag, size] of [['app', 200_000], ['tool', 50_000]] as const) registry.putImage([tarOf({ name: tag, body: randomBytes(size) })], tag);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await kill(worker);
  await gateway?.close();
  gateway = undefined;
  site.remove();
});

async function make(keys: Readonly<Record<string, unknown>> = {}): Promise<void> {
  site = makeSite(stack, registry.url);
  far = join(site.directory, 'far');
  mkdirSync(far);
  await giveTo(sshd, far);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: Record<string, unknown> };
  const ssh = { username: sshd.username, key: sshd.key, knownHosts: sshd.knownHosts, imageDir: far };
  file.Platforms['far'] = { accesstype: 'remote', host: [`127.0.0.1:${sshd.port}`], ssh, platform: 'linux/amd64' };
  change({ ...file, ...keys });
}

/** Writes the configuration anew, for what starts from now on. */
function change(keys: Readonly<Record<string, unknown>>): void {
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
  writeFileSync(site.configFile, JSON.stringify({ ...file, ...keys }));
}

async function start(roles = { api: true, worker: true }): Promise<void> {
  const { loadConfig } = await import('../../src/config/index.js');
  const { config } = loadConfig({ file: site.configFile, environment: site.environment });
  gateway = await startInProcess({ ...site, config }, roles);
  client = clientOf(gateway);
}

async function pull(reference: string, system: string): Promise<{ readonly imageId: string; readonly file: string; readonly sha256: string }> {
  const { pulls } = await client.pull({ reference, systems: [system] });
  const { image, error } = (await statesOf(client, pulls[0]!.id)).at(-1)!;
  expect(error).toBeNull();
  return { imageId: image!.imageId, file: join(system === 'far' ? far : site.images, `${image!.imageId}.squashfs`), sha256: image!.sha256 };
}

async function verify(system: string, ...options: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const run = new CliRun(['verify', system, ...options], { url: gateway?.url ?? 'http://127.0.0.1:9' });
  const code = await run.exited;
  return { code, stdout: run.stdout, stderr: run.stderr };
}

async function report(system: string, ...options: string[]): Promise<VerificationReport> {
  return JSON.parse((await verify(system, '--json', ...options)).stdout) as VerificationReport;
}

const shaOf = (file: string): string => sha256(readFileSync(file));

function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

describe.each([
  ['one', 'local'],
  ['far', 'over SSH'],
])('verifying the system %s (%s)', (system) => {
  it('finds everything that is wrong, publishes damaged images again by their digest, and leaves the rest alone', async () => {
    await make();
    await start();
    const app = await pull('app:app', system);
    const tool = await pull('app:tool', system);
    expect(await verify(system)).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^WHOLE ${system}: 2 images, `)) });

    // The tag has moved on: only its digest brings the published image back.
    registry.putImage([tarOf({ name: 'app', body: 'newer' })], 'app');
    flip(app.file);
    const directory = join(app.file, '..');
    rmSync(join(directory, `${tool.imageId}.meta`));
    writeFileSync(join(directory, `${UNKNOWN}.squashfs`), 'x');
    writeFileSync(join(directory, `.${UNKNOWN}.${DEAD_PULL}.part`), 'x');
    writeFileSync(join(directory, 'README'), 'not ours');
    if (system === 'far') await giveTo(sshd, far);

    const told = await verify(system, '--no-repair');
    expect(told.code).toBe(1);
    for (const [kind, name] of [['DAMAGED', `${app.imageId}.squashfs`], ['MISSING', `${tool.imageId}.meta`], ['UNKNOWN', UNKNOWN], ['LEFTOVER', DEAD_PULL]]) {
      expect(told.stdout).toMatch(new RegExp(`^${kind!} +\\S*${name!}`, 'm'));
    }
    expect(told.stdout).not.toMatch(/README/);
    expect(shaOf(app.file)).not.toBe(app.sha256);

    const { findings, findingCount } = await report(system);
    expect(findingCount).toBe(4);
    expect(findings.map(({ kind }) => kind).sort()).toEqual(['DAMAGED', 'LEFTOVER', 'MISSING', 'UNKNOWN']);
    for (const { pull: again } of findings) if (again !== null) expect((await statesOf(client, again.id)).at(-1)).toMatchObject({ state: 'READY', error: null });
    expect(shaOf(app.file)).toBe(app.sha256);
    expect(statSync(join(directory, `${tool.imageId}.meta`)).size).toBeGreaterThan(0);
    expect(existsSync(join(directory, `.${UNKNOWN}.${DEAD_PULL}.part`))).toBe(false);
    expect(existsSync(join(directory, 'README'))).toBe(true);
    const named = await client.lookup(system, 'app:app');
    expect(named).toMatchObject({ imageId: app.imageId, tags: [{ reference: 'test/app:app' }] });

    expect((await report(system)).findings).toMatchObject([{ kind: 'UNKNOWN', imageId: UNKNOWN, pull: null }]);
    rmSync(join(directory, `${UNKNOWN}.squashfs`));
    expect((await verify(system)).code).toBe(0);
    rmSync(join(directory, 'README'));
    await expectAgreement(site, { [system]: directory });
  }, 60_000);

  describe('what lies beside an image', () => {
    interface Files {
      readonly image: string;
      readonly meta: string;
      readonly sidecar: string;
    }
    let files: Files;

    /** An image that is its importer's alone. */
    beforeEach(async () => {
      await make({ ImportUsers: 'all', ImportPaths: ['inbox'] });
      await start();
      const path = join(site.directory, 'inbox', 'layout');
      mkdirSync(path, { recursive: true });
      writeLayout(path, [tarOf({ name: 'tool', body: randomBytes(1000) })]);
      const { id } = await client.importImage({ system, path, name: 'own' });
      const { image, error } = (await statesOf(client, id)).at(-1)!;
      expect(error).toBeNull();
      const at = (name: string): string => join(system === 'far' ? far : site.images, name);
      files = { image: at(`${image!.imageId}.squashfs`), meta: at(`${image!.imageId}.meta`), sidecar: at(`.imagegw/${image!.imageId}.json`) };
      expect((await report(system)).findings).toEqual([]);
    }, 60_000);

    async function damage(which: keyof Files, how: (text: string) => string | undefined): Promise<void> {
      const text = readFileSync(files[which], 'utf8');
      const damaged = how(text);
      if (damaged === undefined) return rmSync(files[which]);
      expect(damaged).not.toBe(text);
      writeFileSync(files[which], damaged);
      if (system === 'far') await giveTo(sshd, far);
    }

    it.each<[string, keyof Files, string, (text: string) => string | undefined]>([
      ['metadata that lost who may use the image', 'meta', 'DAMAGED', (text) => text.replace(/^(USER|GROUP)ACL: .*\n/gm, '')],
      ['metadata of the same length that names another user', 'meta', 'DAMAGED', (text) => text.replace(/^USERACL: \d/m, (line) => line.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)))],
      ['no metadata', 'meta', 'MISSING', () => undefined],
      ['a shortened sidecar', 'sidecar', 'DAMAGED', (text) => text.slice(0, text.length >> 1)],
      ['no sidecar', 'sidecar', 'MISSING', () => undefined],
    ])('%s is found, told, and written again', async (_what, which, kind, how) => {
      const whole = readFileSync(files[which], 'utf8');
      await damage(which, how);
      const path = expect.stringContaining(files[which]) as unknown;
      expect(await report(system, '--no-repair')).toMatchObject({ findingCount: 1, findings: [{ kind, path, pull: null, message: expect.stringMatching(/^It [^.]+\.$/) }] });
      expect(existsSync(files[which]) ? readFileSync(files[which], 'utf8') : undefined).not.toBe(whole);
      expect(await report(system)).toMatchObject({ findingCount: 1, findings: [{ kind, path, pull: null, message: expect.stringMatching(/ It was written again\.$/) }] });
      expect(readFileSync(files[which], 'utf8')).toBe(whole);
      expect((await verify(system)).code).toBe(0);
    }, 60_000);

    it('is written again also when the image itself is damaged and can not be had again', async () => {
      const whole = readFileSync(files.meta, 'utf8');
      flip(files.image);
      await damage('meta', (text) => text.replace(/^USERACL: .*\n/m, ''));
      const { findings } = await report(system);
      expect(findings.map(({ path }) => path)).toEqual([expect.stringContaining(files.image), expect.stringContaining(files.meta)]);
      expect(findings[0]!.message).toMatch(/import it again/);
      expect(readFileSync(files.meta, 'utf8')).toBe(whole);
    }, 60_000);

    it('stays away when that keeps a damaged image from being used', async () => {
      flip(files.image);
      await damage('meta', () => undefined);
      expect((await report(system)).findings.map(({ kind, message }) => [kind, /import it again/.test(message)])).toEqual([['DAMAGED', true], ['MISSING', true]]);
      expect(existsSync(files.meta)).toBe(false);
    }, 60_000);
  });

  it('says that the system can not be looked at, and exits with 4', async () => {
    await make();
    await start();
    const { file } = await pull('app:app', system);
    const directory = join(file, '..');
    renameSync(directory, `${directory}-away`);
    expect(await verify(system)).toMatchObject({ code: 4, stdout: '', stderr: expect.stringMatching(/^FAILED DELIVERY_FAILED: .*image directory/m) });
    renameSync(`${directory}-away`, directory);
    expect((await verify(system)).code).toBe(0);
  }, 60_000);
});

it('exits with 4 when there is no gateway, and tells of a system that there is not', async () => {
  await make();
  expect((await verify('one')).code).toBe(4);
  await start();
  expect(await verify('none')).toMatchObject({ code: 1, stderr: expect.stringMatching(/UNKNOWN_SYSTEM/) });
});

it('says what nobody can bring back, and what was shortened', async () => {
  await make();
  await start();
  const { file } = await pull('app:app', 'one');
  truncateSync(file, 100);
  registry.manifests.clear();
  const { findings } = await report('one');
  expect(findings).toMatchObject([{ kind: 'DAMAGED', message: expect.stringMatching(/^It has 100 bytes instead of \d+\./) }]);
  expect((await statesOf(client, findings[0]!.pull!.id)).at(-1)).toMatchObject({ state: 'FAILED', error: { code: 'NOT_FOUND' } });
});

it('lists no more than `VerifyFindings`, and counts all', async () => {
  await make({ VerifyFindings: 2 });
  await start();
  for (const digit of 'abc') writeFileSync(join(site.images, `${digit.repeat(64)}.meta`), 'x');
  const { findings, findingCount } = await report('one');
  expect([findings.length, findingCount]).toEqual([2, 3]);
  expect((await verify('one')).stdout).toMatch(/^and 1 more$/m);
});

it('is done unasked where an interval is set', async () => {
  await make({ VerifyInterval: '1:00:00:00', WorkerHeartbeat: 0.1 });
  writeFileSync(join(site.images, `.${UNKNOWN}.${DEAD_PULL}.part`), 'x');
  await start();
  let seen: VerificationReport | null = null;
  while (seen?.state !== 'DONE') seen = await client.findVerification('one');
  expect(seen.finishedAt).not.toBeNull();
});

it('goes to another worker when the first one is killed while it reads at the limited rate', async () => {
  await make({ VerifyRate: '128 KiB' });
  await start({ api: true, worker: false });
  workers.push(await spawnWorker(site));
  await pull('app:app', 'one');
  const run = new CliRun(['verify', 'one', '--json'], { url: gateway!.url! });
  let seen: VerificationReport | null = null;
  while (seen === null || seen.bytesDone === 0) seen = await client.findVerification('one');
  expect(seen).toMatchObject({ state: 'RUNNING', imageCount: 1, checkedImageCount: 0 });
  await kill(workers[0]!);
  change({ VerifyRate: '1 GiB' });
  workers.push(await spawnWorker(site));
  expect(await run.exited).toBe(0);
  const after = JSON.parse(run.stdout) as VerificationReport;
  expect(after).toMatchObject({ state: 'DONE', findingCount: 0, checkedImageCount: 1 });
  expect(after.worker).not.toBe(seen.worker);
  expect(after.bytesDone).toBe(after.bytesTotal);
}, 60_000);

it('is for administrators of the system', () => {
  const system = { admins: ['ada'], realm: 'site' };
  const viewer = { realm: 'site', name: 'ada', uid: 1, groups: [], isAdmin: false };
  expect(isAdminOf(viewer, system)).toBe(true);
  expect(isAdminOf({ ...viewer, realm: 'other' }, system)).toBe(false);
  expect(isAdminOf({ ...viewer, name: 'bob' }, system)).toBe(false);
  expect(isAdminOf({ ...viewer, name: 'bob', isAdmin: true }, system)).toBe(true);
});
