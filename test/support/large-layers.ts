/** Layers that are too large to be built in memory. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parseDigest } from '../../src/lib/digest.js';
import type { LayerBlob } from '../../src/rootfs/index.js';
import { tarItem } from './tar.js';

/** Writes a layer to `path`, compressed with zstd while it is made. */
export async function streamLayer(path: string, pieces: Iterable<Buffer>): Promise<LayerBlob> {
  const zstd = spawn('zstd', ['-1', '-q', '-o', path]);
  const exit = once(zstd, 'exit');
  const diff = createHash('sha256');
  for (const piece of pieces) {
    diff.update(piece);
    if (!zstd.stdin.write(piece)) await once(zstd.stdin, 'drain');
  }
  zstd.stdin.end();
  const [status] = (await exit) as [number | null];
  if (status !== 0) throw new Error(`zstd ended with ${String(status)}`);
  const blob = createHash('sha256');
  for await (const chunk of createReadStream(path)) blob.update(chunk as Buffer);
  const { size } = await stat(path);
  const digestOf = (hash: typeof blob): LayerBlob['digest'] => parseDigest(`sha256:${hash.digest('hex')}`);
  return { path, digest: digestOf(blob), diffId: digestOf(diff), size };
}

const digits = (number: number): string => String(number).padStart(3, '0');

/**
 * Directories (`opt/dir000` and so on, at most a thousand) of 999 small files each: the first is made as any archive is,
 * the others are copies with other numbers. `top`: three letters in place of `opt`.
 */
export function* manyEntries(directories: number, top = 'opt'): Generator<Buffer> {
  const items = [tarItem({ name: `${top}/dir000/`, type: 'directory' })];
  for (let f = 1; f < 1000; f++) items.push(tarItem({ name: `${top}/dir000/file-${digits(f)}`, body: `000 ${digits(f)}\n` }));
  const first = Buffer.concat(items);
  for (let d = 0; d < directories; d++) {
    const copy = Buffer.from(first);
    for (let at = 0; at < copy.length; at += 512) {
      if (copy.toString('latin1', at, at + 7) === `${top}/dir`) {
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
