/**
 * Brings one blob into an open file: size and digest enforced while streaming, resumed after a cut, large ones in
 * several ranges at once. What is wrong is fetched again from the start, elsewhere where there is another source: it is
 * final when nobody is left who has not sent it wrong before.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { digestAlgorithm, type Digest } from '../lib/digest.js';
import { abortReason, errnoOf, GatewayError, messageOf } from '../lib/errors.js';
import { hashOfFile, type HashedFile } from '../lib/file-hash.js';
import { createBatchWriter } from './batch-writer.js';
import type { BlobSource, BlobStream } from './image.js';
import { watchRate } from './rate-watch.js';
import type { RegistryLimits } from './settings.js';
import type { OnWait } from './waiting.js';

export interface Download {
  readonly digest: Digest;
  readonly size: number;
  readonly source: BlobSource;
  readonly file: FileHandle;
  /** Of the file, for messages. */
  readonly path: string;
  readonly limits: RegistryLimits;
  readonly signal: AbortSignal;
  readonly onWait: OnWait;
  /** So many more bytes lie in the file; negative when they are given up. */
  readonly onBytes: (bytes: number) => void;
  /** Something broke off or was wrong: another try begins. */
  readonly onRetry: () => void;
}

/** A part of the blob: `[position, end)` is still to come. */
interface Part {
  position: number;
  readonly end: number;
}

const MIB = 1024 * 1024;

/**
 * @throws GatewayError BAD_LAYER for wrong bytes, NO_SPACE, what the source throws, the abort's reason.
 */
export async function download(job: Download): Promise<void> {
  const distrusted = new Set<string>();
  for (;;) {
    const before = distrusted.size;
    try {
      return await fetchOnce({ ...job, distrusted });
    } catch (error) {
      if (job.signal.aborted) throw abortReason(job.signal);
      if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER' || distrusted.size === before) throw error;
      job.onRetry();
    }
  }
}

/** One try of the whole blob. */
interface Try extends Download {
  /** Who has sent something else under this digest, in this try or before. */
  readonly distrusted: Set<string>;
}

async function fetchOnce(job: Try): Promise<void> {
  let gained = 0;
  const senders = new Set<string>();
  const counted: Try = {
    ...job,
    source: async (range) => {
      const blob = await job.source(range);
      senders.add(blob.askedAt?.endpoint ?? blob.servedBy);
      return blob;
    },
    onBytes: (bytes) => {
      gained += bytes;
      job.onBytes(bytes);
    },
  };
  try {
    const { rangeThresholdBytes, rangeStreams } = job.limits;
    const digest = await (job.size >= rangeThresholdBytes && rangeStreams > 1
      ? inRanges(counted)
      : inOneStream(counted));
    if (digest !== job.digest) {
      throw new GatewayError(
        'BAD_LAYER',
        `The layer ${job.digest} came with other bytes (${digest}): it is damaged at the registry or on the way.`,
      );
    }
  } catch (error) {
    job.onBytes(-gained);
    if (error instanceof GatewayError && error.code === 'BAD_LAYER') senders.forEach((sender) => job.distrusted.add(sender));
    throw error;
  }
}

async function inOneStream(job: Try, opened?: BlobStream): Promise<Digest> {
  const part: Part = { position: 0, end: job.size };
  return await hashedWhile(job, (file) => fetchPart(job, file, part, { whole: true, ...(opened === undefined ? {} : { opened }) }));
}

/** Ranges are written where they belong as they come; the digest follows over what is complete from the start on. */
async function inRanges(job: Try): Promise<Digest> {
  const { rangeBytes, rangeStreams } = job.limits;
  const first = await open(job, { position: 0, end: Math.min(rangeBytes, job.size) }, 0, false);
  if (!first.partial) return await inOneStream(job, first);

  const siblings = new AbortController();
  const shared: Try = { ...job, signal: AbortSignal.any([job.signal, siblings.signal]) };
  const parts = Array.from(
    { length: Math.ceil(job.size / rangeBytes) },
    (_, at): Part => ({ position: at * rangeBytes, end: Math.min((at + 1) * rangeBytes, job.size) }),
  );
  const queue = [...parts];
  let failure: Error | undefined;
  return await hashedWhile(job, async (file) => {
    let at = 0;
    const onWritten = (): void => {
      let part = parts[at];
      while (part !== undefined) {
        file.advance(part.position);
        if (part.position < part.end) return;
        at += 1;
        part = parts[at];
      }
    };
    const fetcher = async (): Promise<void> => {
      for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
        await fetchPart(shared, file, part, { whole: false, onWritten, ...(part === parts[0] ? { opened: first } : {}) });
      }
    };
    const failed = (error: unknown): void => {
      failure ??= error instanceof GatewayError ? error : diskError(error, job.path, job.size);
      siblings.abort();
    };
    await Promise.all(Array.from({ length: rangeStreams }, () => fetcher().catch(failed)));
    if (job.signal.aborted) throw abortReason(job.signal);
    if (failure !== undefined) throw failure;
  });
}

/** Lets `work` write the file, and gives the digest of all of it. */
async function hashedWhile(job: Try, work: (file: HashedFile) => Promise<void>): Promise<Digest> {
  const file = hashOfFile(job.file, digestAlgorithm(job.digest));
  try {
    await work(file);
    return await file.digest(job.size);
  } catch (error) {
    await file.drop();
    throw error;
  }
}

interface PartOptions {
  /** To the end of the blob, so that no upper bound is asked for and a server without ranges may start again. */
  readonly whole: boolean;
  readonly opened?: BlobStream;
  /** The part's position has moved. */
  readonly onWritten?: () => void;
}

/** Fetches a part, resuming after cuts for as long as each try gains something, or few in a row gain nothing. */
async function fetchPart(job: Try, file: HashedFile, part: Part, options: PartOptions): Promise<void> {
  const start = part.position;
  const enough = Math.max(1, Math.min(MIB, Math.ceil(job.size / 64)));
  let failures = 0;
  let gained = 0;
  // A server without ranges starts again at 0: only what was never there before is a gain.
  let reached = start;
  let { opened } = options;
  while (part.position < part.end || start === part.end) {
    const blob = opened ?? (await open(job, part, failures, options.whole));
    opened = undefined;
    if (blob.offset !== part.position) {
      if (!options.whole) {
        blob.stream.destroy();
        throw new GatewayError(
          'BAD_LAYER',
          `${blob.servedBy} stopped to honour ranges of the layer ${job.digest}.`,
        );
      }
      job.onBytes(start - part.position);
      part.position = start;
    }
    const broken = await pour(job, file, blob, part, options.onWritten);
    if (broken === undefined) return;
    gained += Math.max(0, part.position - reached);
    reached = Math.max(reached, part.position);
    if (gained >= enough) failures = gained = 0;
    failures += 1;
    job.onRetry();
  }
}

async function open(job: Try, part: Part, failures: number, whole: boolean): Promise<BlobStream> {
  const blob = await job.source({
    offset: part.position,
    ...(whole ? {} : { end: part.end - 1 }),
    failures,
    distrusted: job.distrusted,
    signal: job.signal,
    onWait: job.onWait,
  });
  const end = blob.partial ? part.end : job.size;
  if (blob.length !== undefined && blob.offset + blob.length !== end) {
    blob.stream.destroy();
    throw wrongSize(job, blob, blob.offset + blob.length);
  }
  return blob;
}

/**
 * Writes what comes until the part is full and the stream has ended.
 *
 * @returns undefined when the part is complete; the error when the stream broke off before.
 */
async function pour(
  job: Try,
  file: HashedFile,
  blob: BlobStream,
  part: Part,
  onWritten: () => void = () => {},
): Promise<unknown> {
  const { stream } = blob;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    stream.destroy();
  };
  const onAbort = (): void => fail(abortReason(job.signal));
  job.signal.addEventListener('abort', onAbort, { once: true });
  if (job.signal.aborted) onAbort();
  const { minimumBytesPerSecond, minimumRateWindowMs } = job.limits;
  const watch = watchRate(minimumBytesPerSecond, minimumRateWindowMs, () =>
    stream.destroy(new Error(`less than ${String(minimumBytesPerSecond)} bytes a second`)),
  );
  const writer = createBatchWriter(file, {
    position: part.position,
    ...(blob.memory === undefined ? {} : { memory: blob.memory }),
    onWritten(bytes) {
      part.position += bytes;
      job.onBytes(bytes);
      onWritten();
    },
    onRoom() {
      watch.waiting();
      stream.resume();
    },
    onFailure: (error) => fail(diskError(error, job.path, job.size)),
  });
  let received = part.position;
  try {
    watch.waiting();
    // Not by iteration: that joins what has gathered into new memory.
    const ended = endOf(stream);
    stream.on('data', (chunk: Buffer) => {
      watch.got(chunk.length);
      received += chunk.length;
      if (received > part.end) fail(wrongSize(job, blob, received));
      else if (writer.push(chunk)) watch.waiting();
      else stream.pause();
    });
    const broken = await ended;
    // What came before is there for the next try; what the disk said is told below.
    await writer.flush().catch(() => undefined);
    if (failure !== undefined) throw failure;
    if (broken !== undefined) return broken;
  } finally {
    watch.stop();
    job.signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
  if (part.position < part.end) throw wrongSize(job, blob, part.position);
  return undefined;
}

/** Resolves when nothing more comes: with the reason when that is not the end. */
function endOf(stream: Readable): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.once('end', () => resolve(undefined));
    stream.once('error', resolve);
    stream.once('close', () => resolve(new Error('It was broken off.')));
    if (stream.destroyed) resolve(stream.errored ?? new Error('It was broken off.'));
  });
}

/** What the disk says, in our words. */
export function diskError(error: unknown, path: string, needBytes: number): GatewayError {
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new GatewayError(
      'NO_SPACE',
      `There is no room for the ${String(needBytes)} bytes of ${path}: free some, or set a smaller limit for the cache.`,
      {
        cause: error,
      },
    );
  }
  return new GatewayError('INTERNAL', `${path} can't be written: ${messageOf(error)}`, { cause: error });
}

function wrongSize(job: Try, blob: BlobStream, size: number): GatewayError {
  return new GatewayError(
    'BAD_LAYER',
    `${blob.servedBy} sends the layer ${job.digest} with another length (${String(size)} bytes or more) than its manifest says (${String(job.size)}).`,
  );
}
