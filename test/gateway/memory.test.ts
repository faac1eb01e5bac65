/** The memory of a worker, `imagegw worker` as a site runs it, while what is large goes its whole way. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, type RunningChild } from '../../src/lib/child.js';
import { GatewayError } from '../../src/lib/errors.js';
import { probeTools } from '../../src/rootfs/index.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { inScratch } from '../support/images.js';
import { manyEntries, streamLayer } from '../support/large-layers.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const LAYER_MIB = 1024;
/** Of a layer that is large but for its entries, above rest. */
const MOST_GROWTH = 150e6;
/** Of a worker, whatever the image (its children not counted). */
const MOST_BYTES = 300e6;
/** Of a worker and the programs that it runs, together. */
const MOST_WITH_CHILDREN = 900e6;

let stack: TestStack;
let registry: RunningChild;
let many: FakeRegistry;
let site: Site;
let api: RunningGateway;
let worker: ChildProcess;
/** What imagegw-squash did, and its peak in KiB, one run a line. */
let peaks: string;

beforeAll(async () => {
  stack = await startTestStack();
  const script = fileURLToPath(new URL('../registry/fixtures/large-registry.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify({ layerMib: LAYER_MIB })];
  registry = startChild({ command: process.execPath, args, stdout: 'pipe', env: { PATH: process.env['PATH'] } });
  const [line] = (await once(createInterface({ input: registry.stdout! }), 'line')) as [string];
  many = await startFakeRegistry();
  const { url } = JSON.parse(line) as { url: string };
  site = makeSite(stack, url, { Locations: { test: { remotetype: 'dockerv2', url }, many: { remotetype: 'dockerv2', url: many.url } } });
  api = await startInProcess(site, { api: true, worker: false });
  const squash = join(site.directory, 'squash');
  peaks = join(site.directory, 'peaks');
  const { path } = (await probeTools()).squash;
  writeFileSync(squash, `#!/bin/sh\nexec /usr/bin/time --quiet --append --output=${peaks} --format="$1 %M" ${path} "$@"\n`, { mode: 0o755 });
  worker = await spawnWorker(site, { environment: { IMAGEGW_SQUASH: squash } });
});
afterAll(async () => {
  await kill(worker);
  await api.close();
  registry.kill(new GatewayError('CANCELLED', 'The test is over.'));
  await registry.done.catch(() => {});
  await many.stop();
  site.remove();
  await stack.stop();
});

/** A line of proc(5), `status`, of the worker in bytes. */
function memory(line: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${String(worker.pid)}/status`, 'utf8'))?.[1]) * 1024;
}

/** The peaks of all the programs that were run: as if all had run at once, and each had been at its peak. */
function memoryOfChildren(): number {
  const runs = readFileSync(peaks, 'utf8').trim().split('\n').map((line) => line.split(' '));
  expect(runs.map(([what]) => what)).toEqual(['scan', 'pack', 'read']);
  return runs.reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
}

/** From here on peaks are counted (proc(5), `clear_refs`). */
function forgetPeak(): void {
  rmSync(peaks, { force: true });
  writeFileSync(`/proc/${String(worker.pid)}/clear_refs`, '5');
}

/** Where the image is published, and what was said on the way. */
async function pulled(reference: string): Promise<{ readonly path: string; readonly messages: readonly (string | null)[] }> {
  const client = clientOf(api);
  const { pulls } = await client.pull({ reference, systems: ['one'] });
  const states = await statesOf(client, pulls[0]!.id);
  const last = states.at(-1);
  expect(last).toMatchObject({ state: 'READY' });
  return { path: last!.image!.path, messages: states.map(({ message }) => message) };
}

it('a layer of 1 GiB that is fetched, converted and published takes less than 150 MB above rest', async () => {
  forgetPeak();
  const rest = memory('VmRSS');
  const { path } = await pulled('app:1');
  const grown = memory('VmHWM') - rest;
  // It held the whole file.
  expect(statSync(path).size).toBeGreaterThan(LAYER_MIB * 2 ** 20);
  expect(grown).toBeGreaterThan(0);
  expect(grown).toBeLessThan(MOST_GROWTH);
  expect(memory('VmHWM') + memoryOfChildren()).toBeLessThan(MOST_WITH_CHILDREN);
}, 600_000);

it('an image of a million entries fits into the memory of a worker', async () => {
  await inScratch(async (directory) => {
    const { path, diffId } = await streamLayer(join(directory, 'blob'), manyEntries(1000));
    many.putImage([readFileSync(path)], '1', { config: { rootfs: { type: 'layers', diff_ids: [diffId] } } });
  });
  forgetPeak();
  const { path: product, messages } = await pulled('many/app:1');
  expect(memory('VmHWM')).toBeLessThan(MOST_BYTES);
  expect(memory('VmHWM') + memoryOfChildren()).toBeLessThan(MOST_WITH_CHILDREN);
  // It takes long: so the user is told what is being done.
  expect(messages).toContain('merging 1,000,000 entries');
  expect(messages).toContainEqual(expect.stringMatching(/^1,000,001 paths and [\d,]+ bytes$/));
  expect(execFileSync('unsquashfs', ['-cat', product, 'opt/dir999/file-999'], { encoding: 'utf8' })).toBe('999 999\n');
  // The root, the directory above them, and they.
  expect(execFileSync('unsquashfs', ['-s', product], { encoding: 'utf8' })).toMatch(/Number of inodes 1000002\n/);
}, 600_000);
