/** What few images have and all rules must hold for: a million entries, a file beyond what octal digits can say. */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../src/lib/child.js';
import { inScratch } from '../support/images.js';
import { manyEntries, streamLayer } from '../support/large-layers.js';
import { tarItem } from '../support/tar.js';
import { convert } from './convert.js';
import type { Order, Outcome } from './fixtures/convert-alone.js';

/** What a worker may take in memory, whatever the image (its children not counted). */
const MOST_BYTES = 300e6;

it('a million entries, in the memory of a worker', () =>
  inScratch(async (directory) => {
    const order: Order = { layers: [await streamLayer(join(directory, 'blob'), manyEntries(1000))], directory };
    const script = fileURLToPath(new URL('fixtures/convert-alone.ts', import.meta.url));
    const said = await runChild({ command: process.execPath, args: ['--import', 'tsx', script, JSON.stringify(order)] });
    const { path, entryCount, peakBytes } = JSON.parse(said) as Outcome;
    // The directory above them is implied.
    expect(entryCount).toBe(1_000_001);
    expect(peakBytes).toBeLessThan(MOST_BYTES);
    expect(execFileSync('unsquashfs', ['-cat', path, 'opt/dir999/file-999'], { encoding: 'utf8' })).toBe('999 999\n');
    expect(execFileSync('unsquashfs', ['-s', path], { encoding: 'utf8' })).toMatch(/Number of inodes 1000002\n/);
  }), 600_000);

const HUGE = 8 * 2 ** 30 + 12_345;

/** GNU's binary number, which begins where octal digits end. */
function binarySize(header: Buffer): void {
  header.fill(0, 124, 136);
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(HUGE), 128);
}

/** Nearly all zeros, with something at both ends. */
function* huge(): Generator<Buffer> {
  yield tarItem({ name: 'huge', patch: binarySize });
  const block = Buffer.alloc(1 << 20);
  block.write('first');
  yield block;
  block.fill(0, 0, 5);
  for (let at = 1; at < 8192; at++) yield block;
  const tail = Buffer.alloc(Math.ceil(12_345 / 512) * 512);
  tail.write('last', 12_345 - 4);
  yield tail;
  yield Buffer.alloc(1024);
}

it('a file of more than 8 GiB', () =>
  inScratch(async (directory) => {
    const layer = await streamLayer(join(directory, 'blob'), huge());
    const { product } = await convert([layer], directory, { limits: { ratio: 1_000_000 } });
    expect(execFileSync('unsquashfs', ['-lln', product.path], { encoding: 'utf8' })).toMatch(new RegExp(` ${String(HUGE)} .*squashfs-root/huge\n`));
    const script = 'unsquashfs -cat "$1" huge | head -c 5; unsquashfs -cat "$1" huge | tail -c 4';
    expect(execFileSync('bash', ['-c', script, 'bash', product.path], { encoding: 'utf8' })).toBe('firstlast');
  }), 600_000);
