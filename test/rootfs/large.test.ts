/** What few images have and all rules must hold for: a file beyond what octal digits can say. */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDigest, sha256 } from '../../src/lib/digest.js';
import type { LayerBlob } from '../../src/rootfs/index.js';
import { inScratch } from '../support/images.js';
import { tarItem } from '../support/tar.js';
import { convert } from './convert.js';

const MIB = 2 ** 20;
const HUGE = 8 * 2 ** 30 + 12_345;
/** Of the archive, by sha256sum; a layer with another one is refused. */
const HUGE_DIFF_ID = parseDigest('sha256:df3571541c576deaaf9c65f297be8bd72c35ff4af60cfb693807a7af517402b6');

/** GNU's binary number, which begins where octal digits end. */
function binarySize(header: Buffer): void {
  header.fill(0, 124, 136);
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(HUGE), 128);
}

/** Nearly all zeros, with something at both ends. The blob is made of zstd frames that repeat: nobody has to compress it all. */
function hugeLayer(path: string): LayerBlob {
  const frame = (...pieces: Buffer[]): Buffer => execFileSync('zstd', ['-1', '-q', '-c'], { input: Buffer.concat(pieces) });
  const first = Buffer.alloc(MIB);
  first.write('first');
  const tail = Buffer.alloc(Math.ceil(12_345 / 512) * 512);
  tail.write('last', 12_345 - 4);
  const zeros = frame(Buffer.alloc(MIB));
  const head = frame(tarItem({ name: 'huge', patch: binarySize }), first);
  const blob = Buffer.concat([head, ...Array.from({ length: 8191 }, () => zeros), frame(tail, Buffer.alloc(1024))]);
  writeFileSync(path, blob);
  return { path, digest: sha256(blob), diffId: HUGE_DIFF_ID, size: blob.length };
}

it('a file of more than 8 GiB', () =>
  inScratch(async (directory) => {
    const layer = hugeLayer(join(directory, 'blob'));
    const { product } = await convert([layer], directory, { limits: { ratio: 1_000_000 } });
    expect(execFileSync('unsquashfs', ['-lln', product.path], { encoding: 'utf8' })).toMatch(new RegExp(` ${String(HUGE)} .*squashfs-root/huge\n`));
    const script = 'unsquashfs -cat "$1" huge | head -c 5; unsquashfs -cat "$1" huge | tail -c 4';
    expect(execFileSync('bash', ['-c', script, 'bash', product.path], { encoding: 'utf8' })).toBe('firstlast');
  }), 600_000);
