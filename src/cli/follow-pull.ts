/**
 * A pull, shown until it ends, and how its end is told.
 */
import { hasEnded, type PullState } from '../client/index.js';
import type { Connection } from './connect.js';
import { EXIT, reportFailure } from './failures.js';
import type { CliIo } from './io.js';
import { createJsonProgress } from './progress/json-progress.js';
import { createPlainProgress } from './progress/plain-progress.js';
import type { Progress } from './progress/progress.js';
import { createTerminalProgress } from './progress/terminal-progress.js';
import { printable } from './text.js';

/** What is known of the pull before it is followed. */
export interface Followed {
  readonly id: string;
  readonly first?: PullState | undefined;
}

/**
 * Shows the pull's states as they come, then tells its end and sets the exit code.
 *
 * @throws GatewayClientError, or the reason of `io.signal`.
 */
export async function followPull(
  { client, json }: Connection,
  { id, first }: Followed,
  io: CliIo,
): Promise<void> {
  const progress = createProgress(json, io);
  let last = first;
  try {
    if (first !== undefined) progress.show(first);
    if (first === undefined || !hasEnded(first)) {
      const onReconnect = (reason: Error): void => progress.note(`${reason.message} Trying again.`);
      for await (const pull of client.watchPull(id, { signal: io.signal, onReconnect })) {
        // The first event may repeat what the answer to the request has said.
        if (last !== undefined && pull.sequence <= last.sequence && !hasEnded(pull)) continue;
        last = pull;
        progress.show(pull);
      }
    }
  } finally {
    progress.stop();
  }
  if (last !== undefined) reportEnd(last, json, io);
}

function createProgress(json: boolean, io: CliIo): Progress {
  if (json) return createJsonProgress(io.stdout);
  return io.isTerminal ? createTerminalProgress(io) : createPlainProgress(io.stderr);
}

function reportEnd(pull: PullState, json: boolean, io: CliIo): void {
  if (pull.state === 'READY' && pull.image !== null) {
    if (pull.isStale)
      io.stderr.write('The registry could not be asked: this is the image that was there already.\n');
    if (!json) io.stdout.write(`READY ${printable(pull.image.imageId)} ${printable(pull.image.path)}\n`);
    io.exitCode = EXIT.ready;
  } else if (pull.error !== null) {
    reportFailure(io, pull.error);
  } else if (pull.state === 'CANCELLED') {
    reportFailure(io, { code: 'CANCELLED', message: 'The pull was cancelled.', retryable: false });
  } else {
    reportFailure(io, {
      code: 'INTERNAL',
      message: `The pull ended as ${pull.state} and the gateway gave no reason.`,
      retryable: true,
    });
  }
}
