/** The superblock of a squashfs that somebody has made, and everything that can be wrong with it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSuperblock, SUPERBLOCK_BYTES } from '../../src/archives/index.js';

let directory: string;
let image: Buffer;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-superblock-'));
  const tree = join(directory, 'tree');
  mkdirSync(tree);
  for (let at = 0; at < 20; at++) writeFileSync(join(tree, `file${String(at)}`), `content ${String(at)}`);
  execFileSync('mksquashfs', [tree, join(directory, 'image'), '-quiet', '-no-progress', '-b', '65536']);
  image = readFileSync(join(directory, 'image'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(change?: (block: Buffer) => void, size = image.length): ReturnType<typeof readSuperblock> {
  const start = Buffer.from(image.subarray(0, SUPERBLOCK_BYTES));
  change?.(start);
  return readSuperblock(start, size);
}

it('is read as mksquashfs has written it', () => {
  const { bytesUsed, ...rest } = read();
  expect(rest).toEqual({ compressor: 'gzip', inodeCount: 21, blockSize: 65_536 });
  expect(bytesUsed).toBeLessThanOrEqual(statSync(join(directory, 'image')).size);
  // A file may be padded.
  expect(read(undefined, image.length + 100_000).inodeCount).toBe(21);
});

describe('is refused', () => {
  it.each<[string, RegExp, (block: Buffer) => void]>([
    ['another magic number', /does not begin/, (block) => block.writeUInt32LE(0x68737173, 0)],
    ['no inodes', /no inodes/, (block) => block.writeUInt32LE(0, 4)],
    ['version 3.1', /version 3\.1/, (block) => (block.writeUInt16LE(3, 28), block.writeUInt16LE(1, 30))],
    ['LZMA', /number 2/, (block) => block.writeUInt16LE(2, 20)],
    ['a compressor of the future', /number 77/, (block) => block.writeUInt16LE(77, 20)],
    ['blocks of no power of two', /block size/, (block) => block.writeUInt32LE(65_537, 12)],
    ['blocks of 2 MiB', /block size/, (block) => (block.writeUInt32LE(2 ** 21, 12), block.writeUInt16LE(21, 22))],
    ['a block size that is told in two ways', /block size/, (block) => block.writeUInt16LE(17, 22)],
    ['more bytes than the file', /it is cut/, (block) => block.writeBigUInt64LE(BigInt(image.length) + 1n, 40)],
    ['inodes behind the end', /table of inodes/, (block) => block.writeBigUInt64LE(2n ** 60n, 64)],
    ['no directories', /table of directories/, (block) => block.writeBigUInt64LE(2n ** 64n - 1n, 72)],
    ['ids in the superblock', /table of ids/, (block) => block.writeBigUInt64LE(8n, 48)],
    ['fragments behind the end', /table of fragments/, (block) => block.writeBigUInt64LE(2n ** 40n, 80)],
    ['attributes behind the end', /extended attributes/, (block) => block.writeBigUInt64LE(2n ** 40n, 56)],
    ['directories before inodes', /another order/, (block) => block.writeBigUInt64LE(96n, 72)],
    ['a root behind the inodes', /its root/, (block) => block.writeBigUInt64LE(2n ** 40n, 32)],
    ['a root behind the end of a block', /its root/, (block) => block.writeBigUInt64LE(9000n, 32)],
  ])('with %s', (_what, message, change) => {
    expect(() => read(change)).toThrow(message);
    expect(() => read(change)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it('when it is cut, anywhere', () => {
    const { bytesUsed } = read();
    for (const size of [0, 3, 4, 95, 96, Math.floor(bytesUsed / 2), bytesUsed - 1]) {
      expect(() => readSuperblock(image.subarray(0, Math.min(size, SUPERBLOCK_BYTES)), size)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    }
    expect(read(undefined, bytesUsed).bytesUsed).toBe(bytesUsed);
  });

  it('or read, but never anything else than that, whatever its bytes are', () => {
    let refused = 0;
    // A simple generator, so that a failure comes again.
    let state = 12_345;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 20_000; round++) {
      try {
        read((block) => {
          for (let change = 0; change <= random(4); change++) block[random(SUPERBLOCK_BYTES)] = random(256);
        });
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5000);
  });
});
