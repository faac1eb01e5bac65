/**
 * A layer's blob as the tar that it holds. What the compression is, the first bytes tell, not the media type: layers
 * typed gzip that hold zstd exist.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { startChild, type RunningChild } from '../lib/child.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { bad } from './tar-entry.js';
import type { RootfsTools } from './tools.js';

/** Chunks of this size keep the number of events low: at 16 KiB Node's zlib is half as fast. */
const CHUNK_BYTES = 1 << 20;

/**
 * Gives the uncompressed bytes of a blob in order. Whatever runs behind it has ended when the iteration has,
 * however it ends.
 *
 * @throws GatewayError BAD_LAYER when the blob is cut or damaged, or its compression is not known.
 */
export async function* inflate(
  path: string,
  tools: RootfsTools,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const kind = await compressionOf(path);
  if (kind === 'none') {
    yield* chunksOf(createReadStream(path, { highWaterMark: CHUNK_BYTES }), signal);
  } else if (kind === 'gzip' && tools.igzip === undefined) {
    const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    source.on('error', (error) => gunzip.destroy(error));
    source.pipe(gunzip);
    try {
      yield* chunksOf(gunzip, signal);
    } catch (error) {
      throw error instanceof GatewayError ? error : damaged(error);
    } finally {
      source.destroy();
    }
  } else {
    yield* fromProgram(path, program(kind, tools), signal);
  }
}

async function* fromProgram(
  path: string,
  command: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r');
  try {
    const child = startChild({
      command,
      args: ['-dc'],
      stdin: file.fd,
      stdout: 'pipe',
      signal,
      errorCode: 'BAD_LAYER',
    });
    // No await before the first read: Node throws away what nobody reads when a child ends early.
    yield* outputOf(child, signal);
  } finally {
    await file.close();
  }
}

async function* outputOf(child: RunningChild, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const { stdout } = child;
  if (stdout === null) return child.done;
  let complete = false;
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
    complete = true;
  } finally {
    if (!complete) child.kill(new GatewayError('CANCELLED', 'The reader of the layer has stopped.'));
    await child.done.catch((error: unknown) => {
      if (signal.aborted) throw abortReason(signal);
      if (complete) throw damaged(error);
    });
  }
}

async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const onAbort = (): void => void stream.destroy(abortReason(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

type Compression = 'gzip' | 'zstd' | 'none';

async function compressionOf(path: string): Promise<Compression> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(512);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
    // A zstd frame, or a skippable one in front of it.
    if (head.readUInt32LE(0) === 0xfd2fb528 || (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50)
      return 'zstd';
    const isTar =
      bytesRead === 512 &&
      (head.toString('latin1', 257, 262) === 'ustar' ||
        /^[0-7 \0]{8}$/.test(head.toString('latin1', 148, 156)));
    if (isTar) return 'none';
    throw bad('its compression is not known: expected gzip, zstd or a plain tar');
  } finally {
    await file.close();
  }
}

function program(kind: 'gzip' | 'zstd', tools: RootfsTools): string {
  const found = kind === 'gzip' ? tools.igzip : tools.zstd;
  if (found !== undefined) return found;
  throw new GatewayError(
    'PACKER_MISSING',
    'A layer is compressed with zstd, and the program "zstd" is not installed: install it (Debian package zstd).',
  );
}

function damaged(cause: unknown): GatewayError {
  return new GatewayError('BAD_LAYER', 'its compressed data is cut or damaged', { cause });
}
