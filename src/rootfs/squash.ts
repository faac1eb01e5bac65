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

/** Cuts a stream of records: one byte of kind, the length in 32 bits (little endian), the body. */
export class RecordReader {
  readonly #onRecord: (kind: string, body: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** The body is only lent. */
  constructor(onRecord: (kind: string, body: Buffer) => void) {
    this.#onRecord = onRecord;
  }

  write(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (data.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + data.readUInt32LE(at + 1);
      if (end > data.length) break;
      this.#onRecord(String.fromCharCode(data[at] ?? 0), data.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    this.#rest = data.subarray(at);
  }

  /** True between two records. */
  get isComplete(): boolean {
    return this.#rest.length === 0;
  }
}
