/**
 * How imagegw-squash (native/squash) is called, and the records that it writes. It is the data plane: bytes go through
 * it and not through this process, which sees headers, sizes and checksums.
 */
import { startChild, type ChildOptions, type RunningChild } from '../lib/child.js';
import { GatewayError, type ErrorCode } from '../lib/errors.js';
import type { SquashfsOptions } from './settings.js';
import type { Tool } from './tools.js';

/** Its exit statuses (common.h). */
const DAMAGED = 3;
const LIMIT = 4;
const SPACE = 5;

/**
 * Starts it. `damaged` is the code for input that can't be read and for input beyond a limit; a full disk is NO_SPACE.
 */
export function startSquash(
  tool: Tool,
  args: readonly string[],
  options: Omit<ChildOptions, 'command' | 'args' | 'errorCodes' | 'errorCode' | 'missingCode'> & {
    readonly damaged: ErrorCode;
  },
): RunningChild {
  const { damaged, ...rest } = options;
  return startChild({
    command: tool.path,
    args,
    ...rest,
    errorCode: 'CONVERSION_FAILED',
    errorCodes: { [DAMAGED]: damaged, [LIMIT]: damaged, [SPACE]: 'NO_SPACE' },
    missingCode: 'PACKER_MISSING',
  });
}

/** What it said, without how it ended. */
export function saidBy(error: GatewayError): string {
  return /it said: (.*)$/s.exec(error.message)?.[1] ?? error.message;
}

/** The arguments that shape blocks. */
export function shapeArguments({ compression, level, blockSize }: SquashfsOptions): string[] {
  return [
    ...['--compressor', compression, '--block-size', String(blockSize)],
    // lz4 and xz have no level.
    ...(level === undefined || compression === 'lz4' || compression === 'xz'
      ? []
      : ['--level', String(level)]),
  ];
}

const HEAD_BYTES = 5;
const NOTHING = Buffer.alloc(0);

/** Cuts a stream of records: one byte of kind, the length in 32 bits (little endian), the body. */
export class RecordReader {
  readonly #onRecord: (kind: string, body: Buffer) => void;
  #rest: Buffer = NOTHING;

  /** The body is only lent. */
  constructor(onRecord: (kind: string, body: Buffer) => void) {
    this.#onRecord = onRecord;
  }

  write(chunk: Buffer): void {
    let at = 0;
    // Only a record that is cut is copied.
    while (this.#rest.length > 0 && at < chunk.length) {
      const missing = endOfRecord(this.#rest, 0) - this.#rest.length;
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(at, at + missing)]);
      at = Math.min(at + missing, chunk.length);
      if (endOfRecord(this.#rest, 0) === this.#rest.length) this.#take(this.#rest, 0);
    }
    while (at < chunk.length && endOfRecord(chunk, at) <= chunk.length) at = this.#take(chunk, at);
    if (at < chunk.length) this.#rest = chunk.subarray(at);
  }

  /** Gives where the next record begins. */
  #take(data: Buffer, at: number): number {
    const end = endOfRecord(data, at);
    this.#rest = NOTHING;
    this.#onRecord(String.fromCharCode(data[at] ?? 0), data.subarray(at + HEAD_BYTES, end));
    return end;
  }

  /** True between two records. */
  get isComplete(): boolean {
    return this.#rest.length === 0;
  }
}

/** Where the record ends that begins there, as far as that can be told: the end of its head, when that is cut. */
function endOfRecord(data: Buffer, at: number): number {
  const head = at + HEAD_BYTES;
  return head > data.length ? head : head + data.readUInt32LE(at + 1);
}
