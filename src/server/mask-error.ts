/**
 * One mask for both transports. Errors of ours and of GraphQL reach the client; anything else becomes a reference to the
 * log. graphql-ws masks nothing by itself, and Apollo's `formatError` does not see that path: so both call this.
 */
import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../lib/errors.js';
import { withoutUrlCredentials, type Logger } from '../lib/log.js';

const INTERNAL = 'INTERNAL_SERVER_ERROR';

export function createErrorMask(log: Logger): (error: unknown) => GraphQLFormattedError {
  return (error) => {
    const graphqlError = error instanceof GraphQLError ? error : undefined;
    const original: unknown = graphqlError?.originalError ?? (graphqlError === undefined ? error : undefined);
    const place = {
      ...(graphqlError?.locations === undefined ? {} : { locations: graphqlError.locations }),
      ...(graphqlError?.path === undefined ? {} : { path: graphqlError.path }),
    };
    const inner: unknown = original instanceof GraphQLError ? original.originalError : original;
    const ours = [original, inner].find((candidate) => candidate instanceof GatewayError);
    if (ours !== undefined && ours.code !== 'INTERNAL') {
      return { message: withoutUrlCredentials(ours.message), ...place, extensions: { code: ours.code, retryable: ours.retryable } };
    }
    // Errors of GraphQL itself (parsing, validation, bad input), which say nothing of our inside.
    const isGraphql = graphqlError !== undefined && (original === undefined || original instanceof GraphQLError) && graphqlError.extensions['code'] !== INTERNAL;
    if (isGraphql) {
      return { message: graphqlError.message, ...place, extensions: { code: graphqlError.extensions['code'] ?? 'GRAPHQL_VALIDATION_FAILED' } };
    }
    const reference = randomUUID();
    log.error({ err: original ?? error, reference }, 'a request failed by a fault');
    return { message: `The gateway failed. Tell the administrator the reference ${reference}.`, ...place, extensions: { code: INTERNAL } };
  };
}
