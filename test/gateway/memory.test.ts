/** The memory of a worker while a large layer goes its whole way. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChild, type RunningChild } from '../../src/lib/child.js';
import { GatewayError } from '../../src/lib/errors.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import type { RunningGateway } from '../../src/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const LAYER_MIB = 1024;
const MOST_BYTES = 150e6;

let stack: TestStack;
let registry: RunningChild;
let site: Site;
let api: RunningGateway;
let worker: ChildProcess;

beforeAll(async () => {
  stack = await startTestStack();
  const script = fileURLToPath(new URL('../registry/fixtures/large-registry.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify({ layerMib: LAYER_MIB })];
  registry = startChild({ command: process.execPath, args, stdout: 'pipe', env: { PATH: process.env['PATH'] } });
  const [line] = (await once(createInterface({ input: registry.stdout! }), 'line')) as [string];
  site = makeSite(stack, (JSON.parse(line) as { url: string }).url);
  api = await startInProcess(site, { api: true, worker: false });
  worker = await spawnWorker(site);
});
afterAll(async () => {
  await kill(worker);
  await api.close();
  registry.kill(new GatewayError('CANCELLED', 'The test is over.'));
  await registry.done.catch(() => {});
  site.remove();
  await stack.stop();
});

/** A line of proc(5), `status`, of the worker in bytes. */
function memory(line: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${String(worker.pid)}/status`, 'utf8'))?.[1]) * 1024;
}

it(
  'a layer of 1 GiB that is fetched, converted and published takes less than 150 MB above rest',
  async () => {
    // From here on the peak is counted (proc(5), `clear_refs`).
    writeFileSync(`/proc/${String(worker.pid)}/clear_refs`, '5');
    const rest = memory('VmRSS');
    const client = clientOf(api);
    const { pulls } = await client.pull({ reference: 'app:1', systems: ['one'] });
    const last = (await statesOf(client, pulls[0]!.id)).at(-1);
    const grown = memory('VmHWM') - rest;
    expect(last).toMatchObject({ state: 'READY' });
    // It held the whole file.
    expect(statSync(last!.image!.path).size).toBeGreaterThan(LAYER_MIB * 2 ** 20);
    expect(grown).toBeGreaterThan(0);
    expect(grown).toBeLessThan(MOST_BYTES);
  },
  600_000,
);
