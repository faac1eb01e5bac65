/**
 * What a command has of the world: streams, environment, interruption. Tests give their own.
 */
import type { Readable } from 'node:stream';

export interface Output {
  write(text: string): unknown;
}

export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** For data. */
  readonly stdout: Output;
  /** For progress and failures. */
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when `stderr` is a terminal on which lines can be redrawn. */
  readonly isTerminal: boolean;
  /** Width of the terminal now. */
  columns(): number;
  /** Height of the terminal now. */
  rows(): number;
  /** Aborted when the command is to end, with an `Interruption` where it matters why. */
  readonly signal: AbortSignal;
  /** What the process is to exit with; commands set it. */
  exitCode: number;
}

/** Why a command was told to end. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;
  /** True when the caller no longer wants what it asked for; false when it has only lost sight of it. */
  readonly isWithdrawal: boolean;

  constructor(message: string, exitCode: number, isWithdrawal: boolean) {
    super(message);
    this.exitCode = exitCode;
    this.isWithdrawal = isWithdrawal;
  }
}

/** The interruption behind an aborted signal; an abort that says nothing counts as Ctrl-C. */
export function interruptionOf(signal: AbortSignal): Interruption {
  return signal.reason instanceof Interruption ? signal.reason : new Interruption('Interrupted.', 130, true);
}

/** Aborted `milliseconds` after `signal`: for what has to be finished, or tidied up, after an interruption. */
export function abortedAfter(
  signal: AbortSignal,
  milliseconds: number,
): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), milliseconds);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', start);
    },
  };
}
