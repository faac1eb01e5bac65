/**
 * One pull, followed to its end over as many connections as it takes.
 */
import { GatewayClientError } from './errors.js';
import { PullProgressDocument } from './generated/documents.js';
import type { Subscribe } from './socket-transport.js';
import { hasEnded, type PullState } from './types.js';

/** How a lost connection is taken up again. */
export interface ReconnectOptions {
  /** Vain attempts in a row before it is given up. Default 30, which with the default delays is about two minutes. */
  readonly attempts?: number;
  /** Milliseconds before the first attempt; doubled with each one, to at most 5 seconds. Default 200. */
  readonly delayMs?: number;
}

export interface WatchPullOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the reason each time before the connection is taken up again. */
  readonly onReconnect?: ((reason: GatewayClientError) => void) | undefined;
}

export interface Watching {
  readonly subscribe: Subscribe;
  readonly reconnect: ReconnectOptions;
  /** True when a gateway has ever answered at this address; if not, trying again would only hide a wrong address. */
  readonly wasReached: () => boolean;
}

const MAX_DELAY_MS = 5000;

/** A gateway that starts may answer before what it needs does. */
const COMES_BACK: ReadonlySet<string> = new Set(['UNREACHABLE', 'QUEUE_UNAVAILABLE', 'INDEX_UNAVAILABLE']);

/**
 * The states of a pull: the present one, then newer ones, at last the terminal one, and the iteration ends.
 * A reader that is slow misses states between two changes of stage, never a change of stage.
 *
 * @throws GatewayClientError, or the reason of the signal.
 */
export async function* watchPull(
  { subscribe, reconnect, wasReached }: Watching,
  id: string,
  { signal, onReconnect }: WatchPullOptions,
): AsyncGenerator<PullState, void, undefined> {
  const attempts = reconnect.attempts ?? 30;
  let seen = -1;
  for (let vain = 0; ; vain += 1) {
    let lost = new GatewayClientError(
      'UNREACHABLE',
      `The gateway stopped reporting on the pull ${id} before its end.`,
    );
    try {
      for await (const { pullProgress: pull } of subscribe(
        PullProgressDocument,
        { id },
        { replaces, signal },
      )) {
        // No sequence can make the end superfluous.
        if (hasEnded(pull)) return yield pull;
        if (pull.sequence <= seen) continue;
        seen = pull.sequence;
        vain = 0;
        yield pull;
      }
    } catch (error) {
      if (!(error instanceof GatewayClientError) || !COMES_BACK.has(error.code)) throw error;
      lost = error;
    }
    if (!wasReached() || vain >= attempts) throw lost;
    onReconnect?.(lost);
    await pause(delay(vain, reconnect.delayMs ?? 200), signal);
  }
}

function replaces(
  older: { readonly pullProgress: PullState },
  newer: { readonly pullProgress: PullState },
): boolean {
  return (
    older.pullProgress.state === newer.pullProgress.state &&
    older.pullProgress.stage === newer.pullProgress.stage
  );
}

/** Doubles, and varies by half, so that the clients of a gateway do not all come back in the same moment. */
function delay(vain: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** vain, MAX_DELAY_MS) * (0.5 + Math.random() / 2);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      // The reason is the caller's and need not be an Error.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      if (signal?.aborted === true) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(done, milliseconds);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done, { once: true });
  });
}
