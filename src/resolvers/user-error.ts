/**
 * Failures that a caller can act on, as values of the schema; everything else goes on as an error.
 */
import type { ErrorCode } from '../lib/errors.js';
import { GatewayError } from '../lib/errors.js';
import type { ResolversTypes } from './generated/types.js';

const TYPES: Readonly<Partial<Record<ErrorCode, 'InvalidInputError' | 'NotFoundError' | 'NotAllowedError' | 'ConflictError'>>> = {
  BAD_USER_INPUT: 'InvalidInputError',
  BAD_REFERENCE: 'InvalidInputError',
  UNSUPPORTED: 'InvalidInputError',
  UNKNOWN_SYSTEM: 'NotFoundError',
  UNKNOWN_REGISTRY: 'NotFoundError',
  NOT_FOUND: 'NotFoundError',
  DENIED: 'NotAllowedError',
  FORBIDDEN: 'NotAllowedError',
  POLICY_REFUSED: 'NotAllowedError',
  CONFLICT: 'ConflictError',
};

/** @throws what was thrown, when it is no failure of ours or a fault. */
export function userError(thrown: unknown, path: readonly string[]): ResolversTypes['UserError'] {
  if (!(thrown instanceof GatewayError) || thrown.code === 'INTERNAL') throw thrown;
  const base = { message: thrown.message, code: thrown.code, path };
  const type = TYPES[thrown.code];
  return type === undefined
    ? { __typename: 'UnavailableError', ...base, retryable: thrown.retryable }
    : { __typename: type, ...base };
}
