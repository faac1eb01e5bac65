/**
 * A delivery that failed of what may pass, as a hiccup of a file system, is begun anew a few times, so that nobody has to
 * ask for the image again. Connections that break have had their own tries by then (`SshLimits.reconnects`), and a full
 * system does not become empty by waiting.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { abortReason, GatewayError } from '../lib/errors.js';
import { HandedOn } from '../lib/handed-on.js';
import { publish } from './publish.js';
import { ConnectionLost } from './sftp/channel.js';
import { Unreachable } from './sftp/connections.js';
import type { Target } from './target.js';
import type { PublishedFiles, PublishRequest } from './types.js';

export interface Retries {
  /** How often it is begun anew. */
  readonly retries: number;
  /** Wait (ms) before each of these. */
  readonly retryDelayMs: number;
  /** Told why, before the wait. */
  readonly onRetry?: (error: GatewayError) => void;
}

/** @throws as `publish`, the failure of the last try. */
export async function publishWithRetries(target: Target, request: PublishRequest, { retries, retryDelayMs, onRetry }: Retries): Promise<PublishedFiles> {
  const { signal } = request;
  for (let left = retries; ; left -= 1) {
    try {
      return await publish(target, request);
    } catch (error) {
      if (left === 0 || signal.aborted || !mayPass(error)) throw error;
      onRetry?.(error);
    }
    await delay(retryDelayMs, undefined, { signal }).catch(() => {
      throw abortReason(signal);
    });
  }
}

function mayPass(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError) || error.code !== 'DELIVERY_FAILED' || !error.retryable) return false;
  return !(error instanceof HandedOn || error instanceof ConnectionLost || error instanceof Unreachable);
}
