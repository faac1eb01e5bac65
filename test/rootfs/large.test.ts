/** What few images have and all rules must hold for: a million entries, a file beyond what octal digits can say. */
import { expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../src/lib/child.js';
import { parseDigest } from '../../src/lib/digest.js';
import type { LayerBlob } from '../../src/rootfs/index.js';
import { inScratch } from '../support/images.js';
import { tarItem } from '../support/tar.js';
import { convert } from './convert.js';
import type { Order, Outcome } from './fixtures/convert-alone.js';

/** A layer, compressed with zstd while it is made. */
async function streamLayer(directory: string, pieces: Iterable<Buffer>): Promise<LayerBlob> {
  const path = join(directory, 'blob');
  const zstd = spawn('zstd', ['-1', '-q', '-o', path]);
  const exit = once(zstd, 'exit');
  const diff = createHash('sha256');
  for (const piece of pieces) {
    diff.update(piece);
    if (!zstd.stdin.write(piece)) await once(zstd.stdin, 'drain');
  }
  zstd.stdin.end();
  expect(await exit).toEqual([0, null]);
  const blob = createHash('sha256');
  for await (const chunk of createReadStream(path)) blob.update(chunk as Buffer);
  const { size } = await stat(path);
  const digestOf = (hash: typeof blob): LayerBlob['digest'] => parseDigest(`sha256:${hash.digest('hex')}`);
  return { path, digest: digestOf(blob), diffId: digestOf(diff), size };
}

const digits = (number: number): string => String(number).padStart(3, '0');

/** A thousand directories of 999 files: the first is made as any archive is, the others are copies with other numbers. */
function* million(): Generator<Buffer> {
  const items = [tarItem({ name: 'opt/dir000/', type: 'directory' })];
  for (let f = 1; f < 1000; f++) items.push(tarItem({ name: `opt/dir000/file-${digits(f)}`, body: `000 ${digits(f)}\n` }));
  const first = Buffer.concat(items);
  for (let d = 0; d < 1000; d++) {
    const copy = Buffer.from(first);
    for (let at = 0; at < copy.length; at += 512) {
      if (copy.toString('latin1', at, at + 7) === 'opt/dir') {
        copy.write(digits(d), at + 7, 'latin1');
        // As the header says it, with blanks in its own place (POSIX ustar).
        copy.fill(' ', at + 148, at + 156);
        let sum = 0;
        for (let byte = at; byte < at + 512; byte++) sum += copy[byte] ?? 0;
        copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
      } else copy.write(digits(d), at, 'latin1');
    }
    yield copy;
  }
  yield Buffer.alloc(1024);
}

/** What a worker may take in memory, whatever the image (its children not counted). */
const MOST_BYTES = 300e6;

it('a million entries, in the memory of a worker', () =>
  inScratch(async (directory) => {
    const order: Order = { layers: [await streamLayer(directory, million())], directory };
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
    const layer = await streamLayer(directory, huge());
    const { product } = await convert([layer], directory, { limits: { ratio: 1_000_000 } });
    expect(execFileSync('unsquashfs', ['-lln', product.path], { encoding: 'utf8' })).toMatch(new RegExp(` ${String(HUGE)} .*squashfs-root/huge\n`));
    const script = 'unsquashfs -cat "$1" huge | head -c 5; unsquashfs -cat "$1" huge | tail -c 4';
    expect(execFileSync('bash', ['-c', script, 'bash', product.path], { encoding: 'utf8' })).toBe('firstlast');
  }), 600_000);
