/**
 * Images that lie on a disk, imported through whole gateways. The archives are made by skopeo, buildah and mksquashfs; the
 * hostile ones by hand.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { GatewayClient, ImageDetail, PullState } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { CliRun } from '../support/cli-run.js';
import { findCrane } from '../support/crane.js';
import { startDockerRegistry } from '../support/docker-registry.js';
import { INDEX, MANIFEST, startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { differences, snapshot, umociUnpack, unsquash, writeLayout } from '../support/images.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf, type TarItem } from '../support/tar.js';

const run = promisify(execFile);
const crane = findCrane() ?? '';
const withCrane = crane === '' ? it.skip : it;
const asRoot = process.geteuid?.() === 0 ? it : it.skip;
const withMounts = (await canMount()) ? it : it.skip;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway | undefined;
let client: GatewayClient;
/** The directory that imports may come from. */
let inbox: string;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startTestStack(), startFakeRegistry()]);
});
afterAll(async () => {
  await registry.stop();
  await stack.stop();
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  site.remove();
});

async function start(keys: Readonly<Record<string, unknown>> = {}): Promise<void> {
  site = makeSite(stack, registry.url);
  inbox = join(site.directory, 'inbox');
  mkdirSync(inbox);
  const file = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
  writeFileSync(site.configFile, JSON.stringify({ ...file, ImportUsers: 'all', ImportPaths: [inbox], ...keys }));
  const { config } = loadConfig({ file: site.configFile, environment: site.environment });
  gateway = await startInProcess({ ...site, config }, { api: true, worker: true });
  client = clientOf(gateway);
}

interface Options {
  readonly system?: string;
  readonly image?: string;
  readonly isPublic?: boolean;
  readonly force?: boolean;
}

async function imported(path: string, name: string, { system = 'one', ...options }: Options = {}): Promise<PullState> {
  const pull = await client.importImage({ system, path, name, ...options });
  return (await statesOf(client, pull.id)).at(-1)!;
}

async function ready(path: string, name: string, options?: Options): Promise<ImageDetail> {
  const { state, error } = await imported(path, name, options);
  expect({ state, error }).toEqual({ state: 'READY', error: null });
  return (await client.lookup(options?.system ?? 'one', `custom:${name}`))!;
}

async function refusal(path: string, name = 'x', options?: Options): Promise<{ readonly code: string; readonly message: string }> {
  const { state, error, image } = await imported(path, name, options);
  expect({ state, image }).toEqual({ state: 'FAILED', image: null });
  return error!;
}

/** An OCI layout of two layers, the upper one with a whiteout; gives its path. */
function layout(name = 'layout'): string {
  const path = join(inbox, name);
  mkdirSync(path);
  writeLayout(path, [
    tarOf({ name: 'bin/', type: 'directory', mode: 0o755 }, { name: 'bin/tool', body: randomBytes(300_000), mode: 0o755 }, { name: 'gone', body: 'gone' }),
    tarOf({ name: '.wh.gone' }, { name: 'etc/', type: 'directory', mode: 0o755 }, { name: 'etc/motd', body: 'hello\n' }, { name: 'link', type: 'symlink', link: '../../etc/shadow' }),
  ]);
  return path;
}

async function skopeo(from: string, to: string): Promise<string> {
  await run('skopeo', ['--insecure-policy', 'copy', '--quiet', from, to]);
  return to.replace(/^[a-z-]+:/, '').replace(/:[^/]*$/, '');
}

/** Whether the published image is what umoci unpacks of the layout. */
async function isWhatUmociUnpacks(image: ImageDetail, path: string): Promise<string[]> {
  const bundle = join(site.directory, `bundle-${image.imageId.slice(0, 8)}`);
  const root = await umociUnpack(path, bundle);
  const ours = await unsquash(image.path, `${bundle}-ours`);
  return differences(snapshot(root), snapshot(ours));
}

describe('what is imported', () => {
  it('is the same image from an OCI layout, an OCI archive and the registry; its content what umoci unpacks', async () => {
    await start();
    const path = layout();
    const { manifests } = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    const first = await ready(path, 'tool:1');
    expect(first.imageId).toBe(manifests[0]!.digest.slice(7));
    expect(first).toMatchObject({ isPublic: false, tags: [{ reference: 'custom:tool:1' }], layers: [{}, {}] });
    expect(await isWhatUmociUnpacks(first, path)).toEqual([]);
    const archive = await skopeo(`oci:${path}:t`, `oci-archive:${inbox}/tool.tar:t`);
    const second = await ready(archive, 'tool:2');
    expect(second.imageId).toBe(first.imageId);
    expect(second.tags.map(({ reference }) => reference)).toEqual(['custom:tool:1', 'custom:tool:2']);
    // What a registry has of it is the same, too.
    const blobs = join(path, 'blobs/sha256');
    for (const name of readdirSync(blobs)) registry.blobs.set(`sha256:${name}`, readFileSync(join(blobs, name)));
    const manifest = { type: MANIFEST, bytes: readFileSync(join(blobs, first.imageId)) };
    for (const name of ['same', first.manifestDigest]) registry.manifests.set(name, manifest);
    const { pulls } = await client.pull({ reference: 'app:same', systems: ['one'] });
    expect((await statesOf(client, pulls[0]!.id)).at(-1)).toMatchObject({ state: 'READY', image: { imageId: first.imageId } });
    expect(site.leftovers()).toEqual([]);
    // Force publishes it anew.
    rmSync(first.path);
    expect((await ready(path, 'tool:1', { force: true })).imageId).toBe(first.imageId);
    expect(existsSync(first.path)).toBe(true);
  }, 60_000);

  it('has one id from a docker-archive, however often it is made, and the content of the layers', async () => {
    await start();
    const path = layout();
    const first = await ready(await skopeo(`oci:${path}:t`, `docker-archive:${inbox}/a.tar:tool:1`), 'a');
    const second = await ready(await skopeo(`oci:${path}:t`, `docker-archive:${inbox}/b.tar:other:2`), 'b');
    expect(second.imageId).toBe(first.imageId);
    expect(first.manifestDigest).toBe(`sha256:${first.imageId}`);
    expect(await isWhatUmociUnpacks(first, path)).toEqual([]);
  }, 60_000);

  withCrane('is what crane has pulled: its docker-archive holds the layers compressed', async () => {
    await start();
    const path = layout();
    const archive = join(inbox, 'crane.tar');
    const docker = await startDockerRegistry();
    try {
      await run('skopeo', ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', `oci:${path}:t`, `docker://${docker.host}/team/app:1`]);
      await run(crane, ['pull', '--insecure', `${docker.host}/team/app:1`, archive]);
    } finally {
      await docker.stop();
    }
    const image = await ready(archive, 'crane');
    expect(await isWhatUmociUnpacks(image, path)).toEqual([]);
    // The config names its layers as they are unpacked: others can't be put in their place.
    const members = join(site.directory, 'members');
    mkdirSync(members);
    execFileSync('tar', ['-xf', archive, '-C', members]);
    const [{ Layers }] = JSON.parse(readFileSync(join(members, 'manifest.json'), 'utf8')) as [{ Layers: [string] }];
    writeFileSync(join(members, Layers[0]), gzipSync(tarOf({ name: 'bin/tool', body: 'other' })));
    execFileSync('tar', ['-cf', archive, '-C', members, '.']);
    expect(await refusal(archive, 'other')).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/not what the image configuration promises/) });
  }, 60_000);

  it('can be what buildah has built, in both kinds of archive, with the configuration of the image', async () => {
    await start();
    const storage = ['--root', join(site.directory, 'storage'), '--runroot', join(site.directory, 'runroot'), '--storage-driver', 'vfs'];
    const buildah = async (...args: string[]): Promise<string> => (await run('buildah', [...storage, ...args])).stdout.trim();
    writeFileSync(join(site.directory, 'motd'), 'built\n');
    const container = await buildah('from', 'scratch');
    await buildah('copy', '--quiet', container, join(site.directory, 'motd'), '/etc/motd');
    await buildah('config', '--env', 'GREETING=hello', '--entrypoint', '["/bin/tool"]', '--workingdir', '/work', container);
    await buildah('commit', '--quiet', container, 'built');
    await buildah('push', '--quiet', 'built', `docker-archive:${inbox}/built.tar:built:1`);
    await buildah('push', '--quiet', 'built', `oci-archive:${inbox}/built-oci.tar`);
    const docker = await ready(join(inbox, 'built.tar'), 'built-docker');
    expect(docker).toMatchObject({ entrypoint: ['/bin/tool'], workingDirectory: '/work', environment: expect.arrayContaining(['GREETING=hello']) });
    const oci = await ready(join(inbox, 'built-oci.tar'), 'built-oci');
    for (const { path } of [docker, oci]) {
      expect(readFileSync(join(await unsquash(path, `${path}.d`), 'etc/motd'), 'utf8')).toBe('built\n');
    }
  }, 120_000);

  it('is chosen by its name where an archive holds several', async () => {
    await start();
    const [one, two] = [layout('one'), layout('two')];
    const both = join(inbox, 'both');
    await skopeo(`oci:${one}:t`, `oci:${both}:first`);
    await skopeo(`oci:${two}:t`, `oci:${both}:second`);
    expect(await refusal(both)).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/several images.*first, second/) });
    expect(await refusal(both, 'x', { image: 'third' })).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/no image named third/) });
    const image = await ready(both, 'second', { image: 'second' });
    expect(await isWhatUmociUnpacks(image, two)).toEqual([]);
    const docker = await skopeo(`oci:${one}:t`, `docker-archive:${inbox}/one.tar:tool:1`);
    expect(await refusal(docker, 'x', { image: 'tool:9' })).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/tool:1/) });
  }, 60_000);

  it('is chosen by the name that Docker gives it, whose tag alone stands where others have the name', async () => {
    await start();
    const [one, two] = [layout('one'), layout('two')];
    const both = join(inbox, 'both');
    await skopeo(`oci:${one}:t`, `oci:${both}:first`);
    await skopeo(`oci:${two}:t`, `oci:${both}:second`);
    const { manifests } = JSON.parse(readFileSync(join(both, 'index.json'), 'utf8')) as { manifests: object[] };
    const named = (at: number, name: string): object => ({
      ...manifests[at],
      annotations: { 'io.containerd.image.name': `docker.io/library/${name}`, 'org.opencontainers.image.ref.name': name.split(':')[1] },
    });
    const write = (...entries: object[]): void => writeFileSync(join(both, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }));
    write(named(0, 'one:latest'), named(1, 'two:latest'));
    expect(await refusal(both, 'x', { image: 'latest' })).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/docker.io\/library\/one:latest, docker.io\/library\/two:latest/) });
    const image = await ready(both, 'two', { image: 'two:latest' });
    expect(await isWhatUmociUnpacks(image, two)).toEqual([]);
    expect((await ready(both, 'two', { image: 'docker.io/library/two:latest' })).imageId).toBe(image.imageId);
    // One image by two names.
    write(named(1, 'two:latest'), named(1, 'two:2'));
    expect((await ready(both, 'two')).imageId).toBe(image.imageId);
  }, 60_000);

  it('is the one for the platform of the system where an archive holds it for several, also in an index of its own', async () => {
    await start();
    const [ours, theirs] = [layout('amd64'), layout('arm64')];
    const entryOf = (path: string): object => (JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: [object] }).manifests[0];
    const both = join(inbox, 'both');
    execFileSync('cp', ['-a', theirs, both]);
    execFileSync('cp', ['-a', `${ours}/blobs/.`, join(both, 'blobs')]);
    const platform = (architecture: string): object => ({ annotations: {}, platform: { os: 'linux', architecture } });
    const manifests = [{ ...entryOf(theirs), ...platform('arm64') }, { ...entryOf(ours), ...platform('amd64') }];
    writeFileSync(join(both, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    const image = await ready(both, 'flat');
    expect(await isWhatUmociUnpacks(image, ours)).toEqual([]);
    const nested = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
    const digest = createHash('sha256').update(nested).digest('hex');
    writeFileSync(join(both, 'blobs/sha256', digest), nested);
    writeFileSync(join(both, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: INDEX, digest: `sha256:${digest}`, size: nested.length }] }));
    expect((await ready(both, 'nested')).imageId).toBe(image.imageId);
    writeFileSync(join(both, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifests[0], { ...manifests[0], ...platform('s390x') }] }));
    expect(await refusal(both)).toMatchObject({ code: 'ARCH_MISMATCH', message: expect.stringMatching(/linux\/arm64, linux\/s390x/) });
  }, 60_000);

  it("is its importer's alone, or everybody's, on the system and in the index", async () => {
    await start();
    const [mine, ours] = [await ready(layout('mine'), 'mine'), await ready(layout('ours'), 'ours', { isPublic: true })];
    const meta = ({ path }: ImageDetail): string => readFileSync(path.replace(/squashfs$/, 'meta'), 'utf8');
    expect([mine.isPublic, ours.isPublic]).toEqual([false, true]);
    expect(meta(mine)).toMatch(new RegExp(`^USERACL: ${String(process.getuid?.())}$`, 'm'));
    expect(meta(ours)).not.toMatch(/USERACL/);
    // It can be opened, and taken back; another name that is open keeps it so.
    const path = join(inbox, 'mine');
    expect((await ready(path, 'mine', { isPublic: true })).isPublic).toBe(true);
    expect(meta(mine)).not.toMatch(/USERACL/);
    await ready(path, 'open', { isPublic: true });
    expect((await ready(path, 'mine')).imageId).toBe(mine.imageId);
    expect(meta(mine)).not.toMatch(/USERACL/);
    await ready(path, 'open');
    expect(meta(mine)).toMatch(/USERACL/);
  }, 60_000);

  it('goes by `imagegw import`, and from there on by its name alone', async () => {
    await start();
    const path = layout();
    const command = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
      const cli = new CliRun(args, { url: gateway!.url! });
      const code = await cli.exited;
      return { code, stdout: cli.stdout, stderr: cli.stderr };
    };
    const done = await command('import', 'one', path, 'tool');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^READY [0-9a-f]{64} \//) });
    expect((await command('lookup', 'one', 'custom:tool')).stdout.trim()).toBe(done.stdout.split(' ')[1]);
    expect(await command('pull', 'one', 'custom:tool')).toMatchObject({ code: 1, stderr: expect.stringMatching(/BAD_REFERENCE.*import it again/) });
    expect(await command('import', 'one', path, 'test/app')).toMatchObject({ code: 1, stderr: expect.stringMatching(/BAD_REFERENCE/) });
    expect(await command('import', 'one', '/etc/passwd', 'x')).toMatchObject({ code: 3, stderr: expect.stringMatching(/FORBIDDEN/) });
    // Damage can't be mended by a registry; importing again with force does.
    const image = (await client.lookup('one', 'custom:tool'))!;
    truncateSync(image.path, 10);
    const told = await command('verify', 'one');
    expect(told).toMatchObject({ code: 1, stdout: expect.stringMatching(/DAMAGED.*import it again/) });
    expect((await command('import', 'one', path, 'tool', '--force')).code).toBe(0);
    expect((await command('verify', 'one')).code).toBe(0);
    expect(await command('expire', 'one', 'custom:tool')).toMatchObject({ code: 0 });
    expect(existsSync(image.path)).toBe(false);
  }, 60_000);
});

describe('a squashfs', () => {
  function make(name = 'image.sqsh', ...options: string[]): string {
    const tree = join(site.directory, `tree-${name}`);
    mkdirSync(join(tree, 'bin'), { recursive: true });
    writeFileSync(join(tree, 'bin/tool'), randomBytes(200_000), { mode: 0o4755 });
    chmodSync(join(tree, 'bin/tool'), 0o4755);
    linkSync(join(tree, 'bin/tool'), join(tree, 'bin/same'));
    execFileSync('mkfifo', [join(tree, 'pipe')]);
    symlinkSync('bin/tool', join(tree, 'link'));
    const path = join(inbox, name);
    execFileSync('mksquashfs', [tree, path, '-quiet', '-no-progress', ...options]);
    return path;
  }
  const shaOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

  it.each(['gzip', 'xz', 'lz4', 'zstd', 'lzo'])('packed with %s is packed anew by the rules of the system; its id is that of the file', async (compressor) => {
    await start();
    const path = make('image.sqsh', '-comp', compressor);
    const image = await ready(path, 'sq');
    expect(image.imageId).toBe(shaOf(path));
    expect(shaOf(image.path)).not.toBe(shaOf(path));
    expect(image.changes.join()).toMatch(/packed anew/);
    const ours = await unsquash(image.path, join(site.directory, 'ours'));
    const theirs = await unsquash(path, join(site.directory, 'theirs'));
    const found = differences(snapshot(theirs), snapshot(ours));
    // The policy drops FIFOs; all else is the same, hard links too.
    expect(found.join('\n')).toMatch(/pipe/);
    expect(found.filter((line) => !/pipe/.test(line))).toEqual([]);
    expect(site.leftovers()).toEqual([]);
  }, 60_000);

  it('is published as it is where the site says so', async () => {
    await start({ ImportSquashfsRepack: false });
    const path = make();
    const image = await ready(path, 'sq');
    expect(shaOf(image.path)).toBe(shaOf(path));
    expect(image).toMatchObject({ imageId: shaOf(path), packer: 'imported (gzip)', changes: [expect.stringMatching(/as it is/)] });
  }, 60_000);

  it('is refused where the site wants none, and with an examiner that it would pass by', async () => {
    await start({ ImportSquashfs: 'none' });
    expect(await refusal(make())).toMatchObject({ code: 'POLICY_REFUSED', message: expect.stringMatching(/ImportSquashfs/) });
    await gateway!.close();
    site.remove();
    await start({ ImportSquashfsRepack: false, ExaminerHook: '/bin/true' });
    expect(await refusal(make())).toMatchObject({ code: 'POLICY_REFUSED', message: expect.stringMatching(/examine/) });
  }, 60_000);

  it('that is damaged or larger than a layer may be gives a clear end, and leaves nothing', async () => {
    await start({ RootfsLimits: { layerSize: '100 KiB' } });
    const path = make();
    expect(await refusal(path)).toMatchObject({ code: 'TOO_LARGE', message: expect.stringMatching(/102400 bytes unpacked/) });
    const bytes = readFileSync(path);
    bytes.fill(0xff, 100, bytes.length - 200);
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/can't be unpacked/) });
    truncateSync(path, 150_000);
    expect(await refusal(path)).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/it is cut/) });
    expect(site.leftovers()).toEqual([]);
  }, 60_000);

  withMounts('is stopped before what comes out of it fills the disk (needs mount)', async () => {
    const expand = mkdtempSync(join(tmpdir(), 'imagegw-expand-'));
    await mountTmpfs(expand, 'size=4m');
    try {
      await start({ ExpandDirectory: expand });
      const tree = join(site.directory, 'zeros');
      mkdirSync(tree);
      writeFileSync(join(tree, 'zeros'), Buffer.alloc(1 << 20));
      const small = join(inbox, 'small.squashfs');
      execFileSync('mksquashfs', [tree, small, '-quiet', '-no-progress']);
      await ready(small, 'small');
      truncateSync(join(tree, 'zeros'), 16 << 20);
      const large = join(inbox, 'large.squashfs');
      execFileSync('mksquashfs', [tree, large, '-quiet', '-no-progress']);
      expect(await refusal(large)).toMatchObject({ code: 'NO_SPACE', retryable: true, message: expect.stringMatching(/too little room.*of which its product may need \d+/) });
    } finally {
      await gateway?.close();
      gateway = undefined;
      await unmount(expand);
      rmdirSync(expand);
    }
  }, 60_000);
});

/** Of a user that every Debian has. */
function uidOf(name: string): number {
  return Number(execFileSync('id', ['-u', name], { encoding: 'utf8' }));
}

describe('a squashfs with damage anywhere', () => {
  it('ends in a code, or is what it was; nothing is left, and the gateway goes on', async () => {
    await start();
    const tree = join(site.directory, 'tree');
    mkdirSync(tree);
    for (let at = 0; at < 30; at++) writeFileSync(join(tree, `file${String(at)}`), `content ${String(at)}`.repeat(at * 100));
    const path = join(inbox, 'image.sqsh');
    execFileSync('mksquashfs', [tree, path, '-quiet', '-no-progress', '-noI', '-noD', '-noF']);
    const whole = readFileSync(path);
    const codes = new Set<string>();
    for (let round = 0; round < 15; round++) {
      const bytes = Buffer.from(whole);
      // In the tables behind the data, mostly.
      const from = round % 5 === 0 ? 0 : bytes.length - 6000;
      for (let change = 0; change < 3; change++) bytes[from + ((round * 7919 + change * 104_729) % (bytes.length - from))]! ^= 1 << ((round + change) % 8);
      writeFileSync(path, bytes);
      const { state, error } = await imported(path, 'damaged');
      codes.add(error?.code ?? state);
    }
    const known = ['READY', 'BAD_LAYER', 'BAD_USER_INPUT', 'TOO_LARGE', 'CONVERSION_FAILED', 'POLICY_REFUSED'];
    expect([...codes].filter((code) => !known.includes(code))).toEqual([]);
    expect(codes.size).toBeGreaterThan(1);
    writeFileSync(path, whole);
    await ready(path, 'whole');
    expect(site.leftovers()).toEqual([]);
  }, 90_000);
});

describe('who may import, and from where', () => {
  const refuses = async (input: { readonly path: string; readonly name?: string; readonly system?: string }, code: string, message: RegExp): Promise<void> => {
    await expect(client.importImage({ system: 'one', name: 'x', ...input })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  };

  it('nobody, unless ImportUsers names them', async () => {
    await start({ ImportUsers: ['somebody-else'] });
    await refuses({ path: layout() }, 'FORBIDDEN', /ImportUsers/);
    await gateway!.close();
    site.remove();
    await start({ ImportUsers: [] });
    await refuses({ path: layout() }, 'FORBIDDEN', /ImportUsers/);
  });

  it('nowhere but below ImportPaths, by a plain path', async () => {
    await start();
    await refuses({ path: '/etc/passwd' }, 'FORBIDDEN', /ImportPaths/);
    await refuses({ path: `${inbox}/../images` }, 'BAD_USER_INPUT', /"\.\."/);
    await refuses({ path: `${inbox}/./x` }, 'BAD_USER_INPUT', /absolute path/);
    await refuses({ path: 'x' }, 'BAD_USER_INPUT', /absolute path/);
    await refuses({ path: inbox }, 'FORBIDDEN', /ImportPaths/);
    await refuses({ path: `${inbox}-other/x` }, 'FORBIDDEN', /ImportPaths/);
    await refuses({ path: `${inbox}/x`, system: 'none' }, 'UNKNOWN_SYSTEM', /none/);
    for (const name of ['test/app:1', 'library/alpine', '../x', 'a b', '', 'x@sha256:1']) await refuses({ path: `${inbox}/x`, name }, 'BAD_REFERENCE', /can't name an imported image/);
    expect(await refusal(join(inbox, 'missing'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  asRoot('only what is their own, or an administrator\'s for all', async () => {
    await start();
    const path = layout();
    const file = await skopeo(`oci:${path}:t`, `docker-archive:${inbox}/a.tar:t`);
    chownSync(file, 4711, 4711);
    expect(await refusal(file)).toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(/belongs to uid 4711/) });
    chownSync(file, uidOf('daemon'), 0);
    expect(await refusal(file)).toMatchObject({ code: 'FORBIDDEN' });
    await gateway!.close();
    const { config } = loadConfig({ file: site.configFile, environment: site.environment });
    gateway = await startInProcess({ ...site, config: { ...config, admins: ['nobody-has-this-name', 'daemon'] } }, { api: true, worker: true });
    client = clientOf(gateway);
    chmodSync(file, 0o644);
    for (const directory of [site.directory, inbox]) chmodSync(directory, 0o755);
    await ready(file, 'of-an-administrator');
    // Every file of a layout counts, not the directory alone.
    chownSync(join(path, 'index.json'), 4711, 4711);
    expect(await refusal(path)).toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(/index\.json.*belongs to uid 4711/) });
  });
});

describe('hostile imports', () => {
  it('links, FIFOs, devices and other files are refused', async () => {
    await start();
    const path = layout();
    symlinkSync(path, join(inbox, 'link'));
    symlinkSync('/etc', join(inbox, 'etc'));
    symlinkSync(inbox, join(inbox, 'self'));
    execFileSync('mkfifo', [join(inbox, 'fifo')]);
    if (process.geteuid?.() === 0) execFileSync('mknod', [join(inbox, 'device'), 'c', '1', '3']);
    else symlinkSync('/dev/null', join(inbox, 'device'));
    writeFileSync(join(inbox, 'text'), 'x'.repeat(10_000));
    writeFileSync(join(inbox, 'empty'), '');
    mkdirSync(join(inbox, 'directory'));
    writeFileSync(join(inbox, 'plain.tar'), tarOf({ name: 'a', body: 'b' }));
    for (const [name, code, message] of [
      ['link', 'FORBIDDEN', /a symbolic link/],
      ['etc/passwd', 'FORBIDDEN', /a symbolic link/],
      ['self/layout', 'FORBIDDEN', /a symbolic link/],
      ['fifo', 'FORBIDDEN', /a FIFO/],
      ['device', 'FORBIDDEN', /a device|a symbolic link/],
      ['text', 'BAD_USER_INPUT', /neither a squashfs nor/],
      ['empty', 'BAD_USER_INPUT', /neither a squashfs nor/],
      ['directory', 'BAD_USER_INPUT', /no OCI layout/],
      ['text/x', 'FORBIDDEN', /a file/],
      ['plain.tar', 'BAD_MANIFEST', /neither "oci-layout" nor "manifest.json"/],
    ] as const) {
      expect(await refusal(join(inbox, name))).toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect(site.leftovers()).toEqual([]);
  }, 60_000);

  it('a layout with links inside is not followed out of it', async () => {
    await start();
    for (const [name, spoil] of [
      ['index', (path: string) => (renameSync(join(path, 'index.json'), join(inbox, 'elsewhere.json')), symlinkSync(join(inbox, 'elsewhere.json'), join(path, 'index.json')))],
      ['blobs', (path: string) => (renameSync(join(path, 'blobs'), join(inbox, 'elsewhere')), symlinkSync(join(inbox, 'elsewhere'), join(path, 'blobs')))],
    ] as const) {
      const path = layout(name);
      spoil(path);
      expect(await refusal(path)).toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(/a symbolic link/) });
    }
  });

  it('archives whose parts are not what they say they are', async () => {
    await start();
    const path = layout();
    const index = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: { digest: string; size: number }[] };
    const at = (digest: string): string => join(path, 'blobs/sha256', digest.slice(7));
    const manifestFile = at(index.manifests[0]!.digest);
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { layers: { digest: string }[] };
    const layerFile = at(manifest.layers[0]!.digest);
    const [layer, document] = [readFileSync(layerFile), readFileSync(manifestFile)];
    // Wrong content under the digest of a layer, of the same size.
    const wrong = Buffer.from(layer);
    wrong[100]! ^= 1;
    writeFileSync(layerFile, wrong);
    expect(await refusal(path)).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/something else than sha256/) });
    writeFileSync(layerFile, layer.subarray(1));
    expect(await refusal(path)).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/bytes in the archive/) });
    rmSync(layerFile);
    expect(await refusal(path)).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/does not hold the layer/) });
    writeFileSync(layerFile, layer);
    writeFileSync(manifestFile, ` ${document.toString()}`);
    expect(await refusal(path)).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/something else than/) });
    writeFileSync(manifestFile, Buffer.alloc(20 * 2 ** 20, ' '));
    expect(await refusal(path)).toMatchObject({ code: 'MANIFEST_TOO_LARGE' });
    writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ digest: 'sha256:../../../../etc/passwd', size: 1 }] }));
    expect(await refusal(path)).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/malformed/) });
    expect(site.leftovers()).toEqual([]);
  }, 60_000);

  it('nobody gets layers that lie in the cache by naming them', async () => {
    await start();
    const path = layout('theirs');
    await ready(path, 'theirs');
    const stolen = join(inbox, 'stolen');
    execFileSync('cp', ['-a', path, stolen]);
    const blobs = join(stolen, 'blobs/sha256');
    // The manifest and config alone, and layers of the right sizes that hold nothing.
    for (const name of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, name));
      if (bytes[0] === 0x1f) writeFileSync(join(blobs, name), Buffer.alloc(bytes.length));
    }
    expect(await refusal(stolen, 'stolen')).toMatchObject({ code: 'BAD_LAYER', message: expect.stringMatching(/something else than/) });
    expect(await client.lookup('one', 'custom:stolen')).toBeNull();
  }, 60_000);

  it('docker-archives that reach out, are cut, or hold a name twice', async () => {
    await start({ ImportMembers: 20 });
    const layer = tarOf({ name: 'a', body: 'a' });
    const sha = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [`sha256:${sha(layer)}`] } });
    const archive = (manifest: unknown, ...more: TarItem[]): Buffer =>
      tarOf({ name: 'manifest.json', body: JSON.stringify(manifest) }, { name: `${sha(config)}.json`, body: config }, ...more);
    const entry = { Config: `${sha(config)}.json`, RepoTags: ['a:1'], Layers: ['layer.tar'] };
    const file = join(inbox, 'a.tar');
    const put = (bytes: Buffer): void => writeFileSync(file, bytes);
    const outcome = async (bytes: Buffer): Promise<{ code: string; message: string }> => {
      put(bytes);
      return refusal(file);
    };
    put(archive([entry], { name: 'layer.tar', body: layer }));
    await ready(file, 'good');
    put(archive([{ ...entry, Layers: ['x/layer.tar'] }], { name: 'x/layer.tar', type: 'symlink', link: '../real.tar' }, { name: 'real.tar', body: layer }));
    await ready(file, 'linked');
    for (const name of ['../../../../etc/passwd', '/etc/passwd']) {
      expect(await outcome(archive([{ ...entry, Layers: [name] }]))).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/has no layer/) });
      expect(await outcome(archive([{ ...entry, Config: name }]))).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/has no /) });
      expect(await outcome(archive([entry], { name: 'layer.tar', type: 'symlink', link: name }))).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/has no layer/) });
    }
    expect(await outcome(archive([entry], { name: 'layer.tar', type: 'symlink', link: 'b' }, { name: 'b', type: 'symlink', link: 'layer.tar' }))).toMatchObject({ code: 'BAD_MANIFEST' });
    expect(await outcome(archive([entry], { name: 'layer.tar', body: layer }, { name: './layer.tar', body: layer }))).toMatchObject({ message: expect.stringMatching(/in it twice/) });
    expect(await outcome(archive([entry], { name: 'layer.tar', body: Buffer.alloc(layer.length) }))).toMatchObject({ code: 'BAD_LAYER' });
    expect(await outcome(archive([entry], ...Array.from({ length: 30 }, (_, at) => ({ name: String(at) }))))).toMatchObject({ code: 'TOO_LARGE', message: expect.stringMatching(/ImportMembers/) });
    const whole = archive([entry], { name: 'layer.tar', body: layer });
    expect(await outcome(whole.subarray(0, 3000))).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/cut/) });
    expect(await outcome(archive([{ ...entry, Config: `${'0'.repeat(64)}.json` }], { name: `${'0'.repeat(64)}.json`, body: config }))).toMatchObject({ code: 'BAD_MANIFEST', message: expect.stringMatching(/something else/) });
    // Names that lead out of the image go the way that they go in any pull.
    const escaping = tarOf({ name: '../../escaped', body: 'x' });
    const other = config.replace(sha(layer), sha(escaping));
    const bytes = tarOf({ name: 'manifest.json', body: JSON.stringify([{ ...entry, Config: 'config' }]) }, { name: 'config', body: other }, { name: 'layer.tar', body: escaping });
    put(bytes);
    const end = await imported(file, 'escaping');
    expect(existsSync(join(site.directory, '../escaped'))).toBe(false);
    if (end.state === 'READY') expect(execFileSync('unsquashfs', ['-l', end.image!.path], { encoding: 'utf8' })).not.toMatch(/\.\./);
    else expect(end.error).toMatchObject({ code: 'BAD_LAYER' });
  }, 90_000);
});
