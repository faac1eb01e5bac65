/**
 * The one way in which the gateway starts other programs.
 *
 * An argument array and no shell; the exit status and the signal are both checked; stderr is kept as a bounded
 * tail; the whole process group ends on abort or when the time is up, first with SIGTERM, then with SIGKILL; and the
 * kernel ends the child when this process dies, however it dies (native/child), so that a killed worker leaves no packer
 * behind.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { abortReason, errnoOf, GatewayError, type ErrorCode } from './errors.js';
import { projectRoot } from './project-root.js';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Replaces the environment; default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Ends the child's process group when it fires. */
  readonly signal?: AbortSignal;
  /** Ends the child after so many ms. Default: no limit. */
  readonly timeLimitMs?: number;
  /** Time between SIGTERM and SIGKILL in ms. Default 2000. */
  readonly killDelayMs?: number;
  /** The code of the error when the child fails. Default INTERNAL. */
  readonly errorCode?: ErrorCode;
  /** The code of the error for particular exit statuses. Default: `errorCode` for all. */
  readonly errorCodes?: Readonly<Record<number, ErrorCode>>;
  /** The code of the error when the program is not there. Default: `errorCode`. */
  readonly missingCode?: ErrorCode;
  /** `pipe` gives a stream; `ignore` is /dev/null; a number is a file descriptor. Default `ignore`. */
  readonly stdin?: 'pipe' | 'ignore' | number;
  readonly stdout?: 'pipe' | 'ignore' | number;
}

export interface RunningChild {
  readonly pid: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** Resolves when the child ended with status 0 and its output is read; rejects otherwise. Always await it. */
  readonly done: Promise<void>;
  /** Ends the child's process group now (SIGTERM, then SIGKILL); `done` then rejects with `reason`. */
  kill(reason: GatewayError): void;
  /** The last bytes of stderr so far. */
  stderrTail(): string;
}

const STDERR_TAIL_BYTES = 8192;

/** Full path of a program on PATH, or undefined. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const BINDER = 'dist/imagegw-child';
/** Ties a program's life to ours; built by `npm run build`. */
export const CHILD_BINDER = join(projectRoot(BINDER), BINDER);

function notStarted(reason: GatewayError): RunningChild {
  return { pid: undefined, stdin: null, stdout: null, done: lazyRejection(reason), kill: () => {}, stderrTail: () => '' };
}

/**
 * Starts a program. Failures to start are reported through `done` too.
 */
export function startChild(options: ChildOptions): RunningChild {
  const errorCode = options.errorCode ?? 'INTERNAL';
  const program = options.command.includes('/')
    ? [options.command].find(isProgram)
    : findProgram(options.command, options.env?.['PATH']);
  if (program === undefined) {
    const message = `The program "${options.command}" is not installed on this machine, not on PATH or not executable: install it and try again.`;
    return notStarted(new GatewayError(options.missingCode ?? errorCode, message));
  }
  if (!isProgram(CHILD_BINDER)) {
    return notStarted(new GatewayError('INTERNAL', `${CHILD_BINDER}, which starts every program of the gateway, is not there: run \`npm run setup\`.`));
  }
  const child: ChildProcess = spawn(CHILD_BINDER, [String(process.pid), program, ...options.args], {
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'],
    // Its own group, so that helpers which the program starts end with it.
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });

  let tail = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_BYTES);
  });
  // A write to a child that has gone fails here; the reason is told by `done`.
  child.stdin?.on('error', () => {});

  let killReason: GatewayError | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const kill = (reason: GatewayError): void => {
    // Its number may belong to another process once it has ended.
    if (hasEnded || killReason !== undefined) return;
    killReason = reason;
    signalGroup(child, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), options.killDelayMs ?? 2000);
  };

  const { signal } = options;
  const onAbort = (): void => {
    if (signal !== undefined) kill(abortReason(signal));
  };
  const limit =
    options.timeLimitMs === undefined
      ? undefined
      : setTimeout(
          () => kill(new GatewayError(errorCode, `${options.command} was ended after ${String(options.timeLimitMs)} ms, its time limit.`)),
          options.timeLimitMs,
        );

  const done = new Promise<void>((resolve, reject) => {
    let startError: Error | undefined;
    child.once('error', (error) => {
      startError = error;
      // `close` does not come for a program that could not be started.
      if (child.pid === undefined) settle(null, null);
    });
    child.once('close', settle);
    function settle(status: number | null, signalName: NodeJS.Signals | null): void {
      hasEnded = true;
      clearTimeout(limit);
      clearTimeout(killTimer);
      signal?.removeEventListener('abort', onAbort);
      if (killReason !== undefined) return reject(killReason);
      if (startError !== undefined) {
        const code = errnoOf(startError) === 'ENOENT' ? (options.missingCode ?? errorCode) : errorCode;
        return reject(new GatewayError(code, `${options.command} could not be started: ${startError.message}`, { cause: startError }));
      }
      if (status === 0) return resolve();
      const how = signalName === null ? `exit status ${String(status)}` : `signal ${signalName}`;
      const said = tail.trim() === '' ? 'it said nothing' : `it said: ${tail.trim()}`;
      const code = (status === null ? undefined : options.errorCodes?.[status]) ?? errorCode;
      reject(new GatewayError(code, `${options.command} ended with ${how}; ${said}`));
    }
  });
  // The owner awaits `done` after it has fed the child; a failure before that must not count as unhandled.
  done.catch(() => {});

  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });

  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, done, kill, stderrTail: () => tail };
}

/**
 * Runs a program to its end and gives its whole standard output (at most `maxBytes`, default 1 MiB) as text.
 */
export async function runChild(options: ChildOptions & { readonly maxBytes?: number }): Promise<string> {
  const child = startChild({ ...options, stdout: 'pipe' });
  const limit = options.maxBytes ?? 1 << 20;
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else child.kill(new GatewayError(options.errorCode ?? 'INTERNAL', `${options.command} printed more than ${String(limit)} bytes.`));
  });
  await child.done;
  return Buffer.concat(chunks).toString('utf8');
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group has already gone.
  }
}

function lazyRejection(error: Error): Promise<void> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
