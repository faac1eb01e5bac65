import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChild, type RunningChild } from '../../src/lib/child.js';
import { GatewayError } from '../../src/lib/errors.js';
import type { RegistryLimits } from '../../src/registry/index.js';

const LAYER_MIB = 2048;
const MOST_BYTES = 150e6;

let directory: string;
let registry: RunningChild;
let served: { url: string; layer: string; size: number };

function start(script: string, order: unknown): RunningChild {
  const path = fileURLToPath(new URL(`fixtures/${script}`, import.meta.url));
  return startChild({ command: process.execPath, args: ['--import', 'tsx', path, JSON.stringify(order)], stdout: 'pipe', env: { PATH: process.env['PATH'] } });
}

/** The first line that a child prints, read as JSON. */
async function told<T>(child: RunningChild): Promise<T> {
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), child.done.then(() => [])])) as [string?];
  return JSON.parse(line ?? '') as T;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-memory-'));
  registry = start('large-registry.ts', { layerMib: LAYER_MIB });
  served = await told(registry);
});
afterAll(async () => {
  registry.kill(new GatewayError('CANCELLED', 'The test is over.'));
  await registry.done.catch(() => {});
  await rm(directory, { recursive: true, force: true });
});

const whole: Partial<RegistryLimits> = { rangeStreams: 1 };
test.each([
  ['in several ranges at once', {}, 65],
  ['in one stream', whole, 1],
])('a layer of 2 GiB %s takes less than 150 MB of memory above rest', async (_name, limits, expectedStreams) => {
  const cache = join(directory, 'cache');
  const pull = start('large-pull.ts', { url: served.url, directory: cache, limits });
  const { grownBytes, streams } = await told<{ grownBytes: number; streams: number }>(pull);
  await pull.done;
  expect((await stat(join(cache, 'sha256', served.layer.slice(7)))).size).toBe(served.size);
  expect(streams).toBe(expectedStreams);
  expect(grownBytes).toBeLessThan(MOST_BYTES);
  await rm(cache, { recursive: true });
});
