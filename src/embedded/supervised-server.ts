/**
 * A server program that runs as long as the gateway does: started, known to be ready, started again when it dies.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type RunningChild } from '../lib/child.js';
import { abortReason, GatewayError, messageOf, type ErrorCode } from '../lib/errors.js';
import type { Log } from './log.js';

export interface ServerProgram {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Matches the line of its standard output that says that it accepts connections. */
  readonly readyLine: RegExp;
  /** The code of the error when it can't be started. */
  readonly errorCode: ErrorCode;
}

export interface SupervisionOptions {
  readonly log: Log;
  /** It must be ready after so many ms. Default 60 000: an old journal may be long. */
  readonly readyLimitMs?: number;
  /** It is given up when it dies more often than so many times within `windowMs`. Default 5 in 60 000. */
  readonly maxRestarts?: number;
  readonly windowMs?: number;
}

export interface SupervisedServer {
  /** The process that runs now; undefined between two. */
  pid(): number | undefined;
  /** Resolves when the server is given up; never rejects, and stays pending otherwise. */
  readonly failure: Promise<GatewayError>;
  /** Ends the server in order (SIGTERM) and waits for its end. */
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 60_000;
const MAX_RESTARTS = 5;
const WINDOW_MS = 60_000;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;
/** A server needs time to write down what it holds before it is killed. */
const STOP_LIMIT_MS = 10_000;
const TAIL_LINES = 10;

/**
 * Starts `program` and keeps it running, on the same arguments, until it is stopped.
 *
 * @throws GatewayError of the program's code when its first start fails.
 */
export async function superviseServer(
  program: ServerProgram,
  options: SupervisionOptions,
): Promise<SupervisedServer> {
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const readyLimitMs = options.readyLimitMs ?? READY_LIMIT_MS;
  let running: Running | undefined = await launch(program, readyLimitMs, stopping.signal);
  let giveUp: (error: GatewayError) => void = () => {};
  const failure = new Promise<GatewayError>((resolve) => {
    giveUp = resolve;
  });

  const keepRunning = async (): Promise<void> => {
    const deaths = new RecentDeaths(options.maxRestarts ?? MAX_RESTARTS, options.windowMs ?? WINDOW_MS);
    for (;;) {
      // Undefined after a start that failed, which counts like a death.
      const reason = running === undefined ? undefined : await running.ended;
      running = undefined;
      if (isStopping()) return;
      if (reason !== undefined)
        options.log.warn(`${program.name} ended by itself and is started again: ${reason.message}`);
      const delay = deaths.next();
      if (delay === undefined) {
        giveUp(
          new GatewayError(
            program.errorCode,
            `${program.name} dies again and again and is given up; see the log for its last words.`,
          ),
        );
        return;
      }
      try {
        await sleep(delay, undefined, { signal: stopping.signal });
        running = await launch(program, readyLimitMs, stopping.signal);
      } catch (error) {
        if (!isStopping())
          options.log.warn(`${program.name} could not be started again: ${messageOf(error)}`);
      }
    }
  };
  const over = keepRunning();

  return {
    pid: () => running?.child.pid,
    failure,
    async stop() {
      stopping.abort(new GatewayError('CANCELLED', `${program.name} is stopped.`));
      await over;
    },
  };
}

interface Running {
  readonly child: RunningChild;
  /** Why it ended; never rejects. */
  readonly ended: Promise<GatewayError>;
}

/** Starts the program and waits until it says that it is ready. */
async function launch(program: ServerProgram, readyLimitMs: number, signal: AbortSignal): Promise<Running> {
  signal.throwIfAborted();
  const child = startChild({
    command: program.command,
    args: program.args,
    // The index server ends at the end of its input; the others do not read it.
    stdin: 'pipe',
    stdout: 'pipe',
    signal,
    killDelayMs: STOP_LIMIT_MS,
    errorCode: program.errorCode,
  });
  const tail: string[] = [];
  let ready: () => void = () => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      if (program.readyLine.test(line)) ready();
    });
  }
  const ended = child.done.then(
    () => new GatewayError(program.errorCode, withTail(`${program.name} ended with exit status 0`, tail)),
    (error: unknown) =>
      new GatewayError(program.errorCode, withTail(messageOf(error), tail), { cause: error }),
  );
  const limit = setTimeout(() => {
    child.kill(
      new GatewayError(program.errorCode, `${program.name} was not ready after ${readyLimitMs} ms.`),
    );
  }, readyLimitMs);
  const early = await Promise.race([isReady, ended]);
  clearTimeout(limit);
  if (early === undefined) return { child, ended };
  throw signal.aborted ? abortReason(signal) : early;
}

/** Servers write their last words to the log on standard output. */
function withTail(message: string, tail: readonly string[]): string {
  return tail.length === 0 ? message : `${message}; its log ends with: ${tail.join('\n')}`;
}

/** Counts deaths within a window, and gives the growing delay before the next start. */
class RecentDeaths {
  private times: readonly number[] = [];

  constructor(
    private readonly max: number,
    private readonly windowMs: number,
  ) {}

  /** The delay in ms; undefined when it is time to give up. */
  next(): number | undefined {
    const now = Date.now();
    this.times = [...this.times.filter((time) => time > now - this.windowMs), now];
    if (this.times.length > this.max) return undefined;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.times.length - 1), LONGEST_DELAY_MS);
  }
}
