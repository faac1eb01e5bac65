/**
 * The one error class of the client, by code.
 */
import * as z from 'zod/mini';
import type { ErrorCode } from './generated/documents.js';
import type { UserError } from './types.js';

/** Failures that no gateway has answered with. */
export type LocalErrorCode =
  /** No answer: the network, the address, or a gateway that is down. */
  | 'UNREACHABLE'
  /** Something answers at this address, but it is no gateway. */
  | 'NOT_A_GATEWAY'
  /** The address is no http:// or https:// address. */
  | 'BAD_URL';

/** A code of the API, one of the client's own, or one that this version of the client does not know yet. */
export type GatewayClientErrorCode = ErrorCode | LocalErrorCode | (string & {});

export interface GatewayClientErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the code says about trying again. */
  readonly retryable?: boolean;
  readonly userErrors?: readonly UserError[];
}

/** Codes with which the same request can succeed later, where the gateway does not say so itself. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'RATE_LIMITED',
  'REGISTRY_UNREACHABLE',
  'NO_SPACE',
  'INDEX_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
  'NAMES_UNAVAILABLE',
  'INTERNAL',
  'INTERNAL_SERVER_ERROR',
]);

/** Every failure of a request to the gateway, except an abort, which throws the reason of the signal. */
export class GatewayClientError extends Error {
  override readonly name = 'GatewayClientError';
  readonly code: GatewayClientErrorCode;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
  /** What the payload's `errors` held; empty when the failure did not come in a payload. */
  readonly userErrors: readonly UserError[];

  constructor(code: GatewayClientErrorCode, message: string, options: GatewayClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.userErrors = options.userErrors ?? [];
  }
}

/** An error as GraphQL writes it (specification, section 7.1.2), as far as we read it. */
export const graphqlErrorShape = z.object({
  message: z.string(),
  extensions: z.optional(z.object({ code: z.optional(z.string()), retryable: z.optional(z.boolean()) })),
});

/** The error for what the gateway answered in `errors` beside `data`. */
export function fromGraphqlErrors(errors: readonly z.infer<typeof graphqlErrorShape>[]): GatewayClientError {
  const [first] = errors;
  const retryable = first?.extensions?.retryable;
  return new GatewayClientError(
    first?.extensions?.code ?? 'INTERNAL',
    errors.length === 0
      ? 'The gateway reported an error without saying which.'
      : errors.map((error) => error.message).join(' '),
    retryable === undefined ? {} : { retryable },
  );
}

/** Throws when a payload's `errors` holds anything. */
export function throwUserErrors(errors: readonly UserError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  throw new GatewayClientError(first.code, errors.map((error) => error.message).join(' '), {
    userErrors: errors,
    ...(first.__typename === 'UnavailableError' ? { retryable: first.retryable } : {}),
  });
}
