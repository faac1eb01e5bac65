/**
 * What goes wrong on the way of a pull, through the whole gateway: a stable code, a message that says what to do, and
 * nothing left behind.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCipheriv } from 'node:crypto';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PullState } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { probeTools } from '../../src/rootfs/index.js';
import { digestOf, startFakeRegistry, type FakeRegistry, type Hook } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { allLeftovers } from '../support/leftovers.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const withMounts = (await canMount()) ? it : it.skip;
const MIB = 1024 * 1024;

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway | undefined;
const mounted: string[] = [];

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url, { RegistryLimits: { retries: 1, retryDelayMax: 0 } });
  // Bytes that do not compress, so that the product is as large as the layer.
  registry.putImage([tarOf({ name: 'big', body: noise(3 * MIB) })], 'latest');
});

afterEach(async () => {
  registry.hook = undefined;

  await gateway?.close();
  gateway = undefined;
  for (const directory of mounted.splice(0)) await unmount(directory);
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function start(): Promise<void> {
  gateway = await startInProcess(site, { api: true, worker: true });
}

async function pull(reference = 'app'): Promise<PullState> {
  const client = clientOf(gateway!);
  const { pulls } = await client.pull({ reference, systems: ['one'] });
  return (await statesOf(client, pulls[0]!.id)).at(-1)!;
}

/** The error of a pull that fails; nothing of it is left, on the system neither. */
async function failure(reference?: string) {
  const { state, error } = await pull(reference);
  expect(state).toBe('FAILED');
  await gateway!.close();
  gateway = undefined;
  expect(await allLeftovers(site)).toEqual([]);
  expect(readdirSync(site.images).filter((name) => !name.startsWith('.') && name !== 'filler')).toEqual([]);
  return error!;
}

async function small(name: string, options: string): Promise<string> {
  const directory = join(site.directory, name);
  await mountTmpfs(directory, options);
  mounted.push(directory);
  return directory;
}

/** Takes all room in a directory, at the first request for a layer. */
function fillLater(directory: string): Hook {
  return (_request, _response, asked) => {
    if (asked.includes('/blobs/') && !asked.endsWith(configDigest())) {
      registry.hook = undefined;
      expect(() => writeFileSync(join(directory, 'filler'), Buffer.alloc(16 * MIB))).toThrow(/ENOSPC/);
    }
    return false;
  };
}

describe('a full disk', () => {
  withMounts.each([
    ['cache', 'size=2m'],
    ['expand', 'size=2m'],
  ])('of the %s directory is seen before the first layer is asked for (needs mount)', async (name, options) => {
    const directory = await small(name, options);
    await start();
    const error = await failure();
    expect(error).toMatchObject({ code: 'NO_SPACE', stage: 'ADMIT', retryable: true });
    expect(error.message).toContain(directory);
    expect(error.message).toMatch(/\d+ bytes are needed and \d+ are free/);
    expect(layerRequests()).toBe(0);
  });

  withMounts.each([
    ['cache', 'FETCH'],
    ['expand', 'CONVERT'],
    ['images', 'TRANSFER'],
  ])('of the %s directory that fills up in the middle is told, and room is all that a new pull needs (needs mount)', async (name, stage) => {
    const directory = await small(name, 'size=8m');
    await start();
    registry.hook = fillLater(directory);
    const error = await failure();
    expect(error).toMatchObject({ code: 'NO_SPACE', stage, retryable: true });
    expect(error.message).toContain(directory);
    rmSync(join(directory, 'filler'));
    await start();
    expect(await pull()).toMatchObject({ state: 'READY' });
  });
});

describe('an image directory', () => {
  withMounts('that is mounted read-only (needs mount)', async () => {
    const directory = await small('images', 'ro');
    await start();
    const error = await failure();
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable: true });
    expect(error.message).toContain(directory);
    expect(error.message).toContain('read-only');
  });

  (process.geteuid?.() === 0 ? it.skip : it)('that the gateway may not write to (not as root)', async () => {
    chmodSync(site.images, 0o555);
    await start();
    const error = await failure();
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED', stage: 'TRANSFER', retryable: true });
    expect(error.message).toContain('permission denied');
  });
});

describe('the packer', () => {
  afterEach(() => {
    delete process.env['IMAGEGW_SQUASH'];
  });

  /** An imagegw-squash that packs in another way. */
  async function replace(script: string): Promise<string> {
    const { squash } = await probeTools();
    const program = join(site.directory, 'squash');
    writeFileSync(program, `#!/bin/sh\n[ "$1" = pack ] || exec ${squash.path} "$@"\n${script}\n`);
    chmodSync(program, 0o755);
    process.env['IMAGEGW_SQUASH'] = program;
    return program;
  }

  it('that is missing keeps a worker from starting, and how to get it is said', async () => {
    process.env['IMAGEGW_SQUASH'] = join(site.directory, 'none');
    const starting = startInProcess(site, { api: true, worker: true });
    await expect(starting).rejects.toMatchObject({ code: 'PACKER_MISSING', message: expect.stringContaining('IMAGEGW_SQUASH') });
    expect(await allLeftovers(site)).toEqual([]);
  });

  it('that has gone since the start', async () => {
    const program = await replace('exit 1');
    await start();
    rmSync(program);
    const error = await failure();
    expect(error).toMatchObject({ code: 'PACKER_MISSING', stage: 'FETCH', retryable: false });
    expect(error.message).toContain(program);
  });

  it.each([
    ['killed half-way', 'head -c 100 >/dev/null; kill -9 $$', 'SIGKILL'],
    ['failing half-way', 'head -c 100 >/dev/null; echo out of luck >&2; exit 1', 'out of luck'],
  ])('%s', async (_how, script, said) => {
    await replace(script);
    await start();
    const error = await failure();
    expect(error).toMatchObject({ code: 'CONVERSION_FAILED', stage: 'CONVERT', retryable: true });
    expect(error.message).toContain(said);
  });
});

describe('a registry', () => {
  it('that is down', async () => {
    await start();
    await registry.stop();
    const error = await failure();
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', stage: 'RESOLVE', retryable: true });
    expect(error.message).toContain(registry.host);
  });

  it('without the repository', async () => {
    await start();
    registry.hook = (_request, response, asked) => {
      if (!asked.includes('/nobody/')) return false;
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
      return true;
    };
    const error = await failure('nobody/nothing:latest');
    expect(error).toMatchObject({ code: 'NOT_FOUND', stage: 'RESOLVE', retryable: false });
    expect(error.message).toContain('nobody/nothing');
  });

  it('that breaks off a layer each time', async () => {
    await start();
    registry.hook = (_request, response, asked) => {
      const blob = registry.blobs.get(asked.slice(asked.lastIndexOf('/') + 1));
      if (blob === undefined || asked.endsWith(configDigest())) return false;
      response.writeHead(200, { 'content-length': blob.length });
      response.write(blob.subarray(0, 1000), () => response.destroy());
      return true;
    };
    expect(await failure()).toMatchObject({ code: 'REGISTRY_UNREACHABLE', stage: 'FETCH', retryable: true });
  });

  it('whose layer ends too early', async () => {
    await start();
    registry.hook = (_request, response, asked) => {
      const blob = registry.blobs.get(asked.slice(asked.lastIndexOf('/') + 1));
      if (blob === undefined || asked.endsWith(configDigest())) return false;
      // Without a length, an early end looks like the end.
      response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(blob.subarray(0, 1000));
      return true;
    };
    expect(await failure()).toMatchObject({ code: 'BAD_LAYER', stage: 'FETCH', retryable: false });
  });

  it('whose layer is a gzip bomb', async () => {
    await start();
    const tar = tarOf({ name: 'zeros', body: Buffer.alloc(96 * MIB) });
    const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
    const bomb = gzipSync(tar, { level: 9 });
    registry.putImage([bomb], 'bomb', { config: { rootfs } });
    const error = await failure('app:bomb');
    expect(error).toMatchObject({ code: 'BAD_LAYER', stage: 'FETCH', retryable: false });
    expect(error.message).toContain(digestOf(bomb));
    expect(error.message).toContain('RootfsLimits.ratio');
  });
});

function layerRequests(): number {
  return registry.seen.filter(({ path: asked }) => asked.includes('/blobs/') && !asked.endsWith(configDigest())).length;
}

function configDigest(): string {
  return (JSON.parse(registry.manifests.get('latest')!.bytes.toString()) as { config: { digest: string } }).config.digest;
}

/** The same bytes each time, which do not compress. */
function noise(length: number): Buffer {
  return createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16)).update(Buffer.alloc(length));
}
