/**
 * How failures are told, and the exit codes that scripts rely on.
 */
import { GatewayClientError } from '../client/index.js';
import { interruptionOf, type CliIo } from './io.js';
import { printable } from './text.js';

/** Exit codes; an interruption brings its own (130 for Ctrl-C). */
export const EXIT = { ready: 0, failed: 1, usage: 2, denied: 3, unreachable: 4 } as const;

/** The command line can't be used as it is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code for a failure with that code. */
export function exitCodeOf(code: string): number {
  switch (code) {
    case 'DENIED':
    case 'FORBIDDEN':
    case 'UNAUTHENTICATED':
    case 'POLICY_REFUSED':
      return EXIT.denied;
    case 'UNREACHABLE':
    case 'NOT_A_GATEWAY':
      return EXIT.unreachable;
    case 'BAD_URL':
      return EXIT.usage;
    default:
      return EXIT.failed;
  }
}

/** What a command says when it can't go on. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** Tells a failure on stderr and sets the exit code. */
export function reportFailure(io: CliIo, { code, message, retryable }: Failure): void {
  io.stderr.write(`FAILED ${printable(code)}: ${printable(message)}\n`);
  if (retryable) io.stderr.write('The same request can succeed later.\n');
  io.exitCode = exitCodeOf(code);
}

/** Tells anything that was thrown. */
export function reportError(io: CliIo, error: unknown): void {
  if (io.signal.aborted) {
    const interruption = interruptionOf(io.signal);
    io.stderr.write(`${interruption.message}\n`);
    io.exitCode = interruption.exitCode;
  } else if (error instanceof GatewayClientError) {
    reportFailure(io, error);
    // Several at once: which is about what.
    if (error.userErrors.length > 1) {
      for (const { path, message } of error.userErrors) io.stderr.write(`  ${printable(path?.slice(1).join('.') ?? '-')}: ${printable(message)}\n`);
    }
  } else if (error instanceof UsageError) {
    io.stderr.write(`error: ${printable(error.message)}\n`);
    io.exitCode = EXIT.usage;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    reportFailure(io, { code: 'INTERNAL', message, retryable: false });
  }
}
