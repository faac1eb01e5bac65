/**
 * Layers, segments and products with random damage: each is read or refused in an orderly way, and no program dies of
 * it. A failing case prints its seed; `IMAGEGW_TEST_SEED=<seed>` begins there.
 */
import { beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GatewayError } from '../../src/lib/errors.js';
import { applyPolicy, DEFAULT_ROOTFS_LIMITS, mergeLayers, packSquashfs, probeTools, scanLayer, verifyProduct, type RootfsTools } from '../../src/rootfs/index.js';
import { diceOf, type Dice } from '../support/dice.js';
import { inScratch, writeBlob, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { KEEP_ALL } from './convert.js';

const SEED = Number(process.env['IMAGEGW_TEST_SEED'] ?? 1);
const CASES = 120;
const SQUASHFS = { compression: 'zstd', level: 3, blockSize: 4096 } as const;
const limits = DEFAULT_ROOTFS_LIMITS;
const signal = new AbortController().signal;
let tools: RootfsTools;

beforeAll(async () => {
  tools = await probeTools();
});

function someTar(dice: Dice): Buffer {
  const items: TarItem[] = Array.from({ length: 1 + dice(12) }, (_, i): TarItem => {
    const name = `d${String(i % 3)}/f${String(i)}${'x'.repeat(dice(4) === 0 ? 120 : 0)}`;
    if (dice(6) === 0) return { name, type: 'symlink', link: 'd0/f0' };
    const noise = createHash('sha512').update(String(dice(1e6))).digest();
    return { name, body: Buffer.concat(Array.from({ length: dice(400) }, () => noise)), ...(dice(4) === 0 ? { pax: { mtime: '12.5' } } : {}) };
  });
  return tarOf(...items);
}

function damaged(data: Buffer, dice: Dice, from = 0, to = data.length): Buffer {
  const copy = Buffer.from(data);
  for (let times = 1 + dice(4); times > 0; times--) {
    const at = from + dice(to - from);
    const kind = dice(4);
    if (kind === 0) copy.fill(255, at, Math.min(at + 8, to));
    else if (kind === 1) copy.fill(0, at, Math.min(at + 8, to));
    else copy[at] = dice(256);
  }
  return dice(5) === 0 ? copy.subarray(0, from + dice(copy.length - from)) : copy;
}

/** What came of it: nothing wrong, or an error of ours with one of these codes. */
async function outcome(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error === undefined) return 'read';
  if (!(error instanceof GatewayError)) return 'an error of another kind';
  return /signal|Sanitizer|runtime error/.test(error.message) ? error.message : error.code;
}

it(`damaged layers are read or refused, from seed ${String(SEED)}`, async () => {
  const seen = new Set<string>();
  await inScratch(async (directory) => {
    for (let seed = SEED; seed < SEED + CASES; seed++) {
      const dice = diceOf(seed);
      let tar = someTar(dice);
      if (dice(3) > 0) tar = damaged(tar, dice);
      let blob = dice(3) === 0 ? tar : dice(2) === 0 ? gzipSync(tar) : execFileSync('zstd', ['-q', '-c'], { input: tar });
      if (dice(2) === 0) blob = damaged(blob, dice);
      const segment = { path: join(directory, 'segment'), squashfs: SQUASHFS, threads: 2, memoryBytes: 1 << 20 };
      const found = await outcome(scanLayer(writeBlob(directory, blob, tar), { tools, limits, signal, segment }));
      expect({ seed, found }).toEqual({ seed, found: ['read', 'BAD_LAYER'].includes(found) ? found : 'read or BAD_LAYER' });
      seen.add(found);
      rmSync(segment.path, { force: true });
    }
  });
  expect([...seen].sort()).toEqual(['BAD_LAYER', 'read']);
});

it(`damaged segments and products are found, from seed ${String(SEED)}`, async () => {
  const seen = new Map<string, number>();
  await inScratch(async (directory) => {
    for (let seed = SEED; seed < SEED + CASES; seed++) {
      const dice = diceOf(seed);
      const layer = writeLayer(directory, someTar(dice));
      const segment = { path: join(directory, 'segment'), squashfs: SQUASHFS, threads: 2, memoryBytes: 1 << 20 };
      const index = await scanLayer(layer, { tools, limits, signal, segment });
      const root = await mergeLayers([index], limits);
      await applyPolicy(root, KEEP_ALL);
      const output = join(directory, 'product');
      const bounds = { tools, processors: 2, timeLimitMs: 60_000, signal };
      const isOfSegment = dice(2) === 0;
      if (isOfSegment) writeFileSync(segment.path, damaged(readFileSync(segment.path), dice));
      const packing = packSquashfs(root, [index], { output, squashfs: SQUASHFS, memoryBytes: 1 << 24, ...bounds });
      const made = packing.then(async (packed) => {
        // Behind the end of a product there is padding, which may be anything.
        const used = Number(readFileSync(output).readBigUInt64LE(40));
        if (!isOfSegment) writeFileSync(output, damaged(readFileSync(output), dice, 0, used));
        const size = readFileSync(output).length;
        return await verifyProduct({ ...packed, size }, root, bounds);
      });
      const found = await outcome(made);
      expect({ seed, found }).toEqual({ seed, found: ['read', 'CONVERSION_FAILED'].includes(found) ? found : 'read or CONVERSION_FAILED' });
      seen.set(found, (seen.get(found) ?? 0) + 1);
      rmSync(output, { force: true });
    }
  });
  // Not all of a segment is used, and some bytes of a product say nothing about its content.
  expect(seen.get('CONVERSION_FAILED')).toBeGreaterThan(CASES / 2);
});
