/**
 * The one error class of the gateway, and the closed list of its codes.
 *
 * Codes are a promise to scripts: a code is never renamed or reused. Messages are for people and say what
 * happened, to what, and what to do.
 */

import { types } from 'node:util';

/** Every code that can reach a client, with whether trying the same thing again can help. */
export const ERROR_CODES = {
  /** The request itself is wrong: missing, malformed or contradictory input. */
  BAD_USER_INPUT: false,
  /** The text is no image reference. */
  BAD_REFERENCE: false,
  /** No system of that name is configured. */
  UNKNOWN_SYSTEM: false,
  /** No registry of that name is configured. */
  UNKNOWN_REGISTRY: false,
  /** The repository, tag or digest is not there (many registries say the same of images one may not see). */
  NOT_FOUND: false,
  /** The registry refuses this caller. */
  DENIED: false,
  /** The registry limits how much may be pulled; waiting helps. */
  RATE_LIMITED: true,
  /** The registry can't be reached, or breaks off, again and again. */
  REGISTRY_UNREACHABLE: true,
  /** The registry's documents are wrong, contradictory, or of a kind this gateway does not read. */
  BAD_MANIFEST: false,
  /** The image is of a format that nobody writes any more (Docker schema 1). */
  UNSUPPORTED_MANIFEST: false,
  /** The manifest, index or config is larger than the limit. */
  MANIFEST_TOO_LARGE: false,
  /** The image is for another platform than the system's. */
  ARCH_MISMATCH: false,
  /** A layer is not what its descriptor promises, or holds something that must not be unpacked. */
  BAD_LAYER: false,
  /** The image is larger than a limit allows. */
  TOO_LARGE: false,
  /** A disk is too full; the message names the path, the need and what there is. */
  NO_SPACE: true,
  /** The packer (or another tool of the conversion) is missing. */
  PACKER_MISSING: false,
  /** The packer failed or died, or its product does not hold what was fed. */
  CONVERSION_FAILED: true,
  /** The site's examiner refused the image. */
  EXAMINATION_FAILED: false,
  /** The product could not be written to the system. */
  DELIVERY_FAILED: true,
  /** A rule of the site refuses it. */
  POLICY_REFUSED: false,
  /** The workers that held the pull died, more often than the configuration allows. */
  STALLED: true,
  /** No worker serves the system now, or none has answered. */
  NO_WORKER: true,
  /** The pull took longer than the configuration allows. */
  TIMED_OUT: true,
  /** Somebody cancelled it. */
  CANCELLED: false,
  /** The caller is not known. */
  UNAUTHENTICATED: false,
  /** The caller is known and may not. */
  FORBIDDEN: false,
  /** Something else is in the way: a name in use, a state that does not allow it. */
  CONFLICT: false,
  /** The configuration is wrong. */
  BAD_CONFIG: false,
  /** The index (MongoDB) does not answer. */
  INDEX_UNAVAILABLE: true,
  /** The queue (Redis) does not answer. */
  QUEUE_UNAVAILABLE: true,
  /** The machine of a worker can't be asked for users and groups now. */
  NAMES_UNAVAILABLE: true,
  /** This version of the gateway does not have it. */
  UNSUPPORTED: false,
  /** A fault of the gateway. Its details are in the log under the reference in the message. */
  INTERNAL: true,
} as const satisfies Record<string, boolean>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface GatewayErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the code says about trying again. */
  readonly retryable?: boolean;
  readonly waitFor?: WaitFor;
}

/** What makes a later try worth it. */
export interface WaitFor {
  readonly ms: number;
  /** In words, as `rate limited by registry-1.docker.io`. */
  readonly reason: string;
}

/** Every expected failure of the gateway is one of these; anything else is a fault and is masked from clients. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  /** Whether trying the same thing again can help. */
  readonly retryable: boolean;
  /** Set when it is known after which time trying again can help, and that time may be waited for. */
  readonly waitFor: WaitFor | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code];
    this.waitFor = options.waitFor;
  }
}

/** True for text that is one of our codes (for what comes back from Redis or the index). */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** True for errors of every realm: what Node's own modules throw is not `instanceof` the `Error` of a `node:vm` context. */
function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return isError(thrown) ? thrown.message : String(thrown);
}

/** The system error code (`ENOSPC`, `ECONNRESET`, ...) of anything thrown, or of its cause; undefined if none. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!isError(thrown)) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string' && !(thrown instanceof GatewayError)) return thrown.code;
  return thrown.cause === undefined ? undefined : errnoOf(thrown.cause);
}

/**
 * The error to report when work under `signal` failed: an abort always wins over whatever it broke on its way,
 * so that a cancelled pull says CANCELLED and not "stream closed".
 */
export function abortReason(signal: AbortSignal): GatewayError {
  const reason: unknown = signal.reason;
  return reason instanceof GatewayError ? reason : new GatewayError('CANCELLED', 'The work was cancelled.', { cause: reason });
}
