/**
 * Relay cursor connections: the arguments checked, a page cut.
 */
import { GraphQLError } from 'graphql';

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface PageRequest {
  readonly limit: number;
  /** `forward` reads from the start, `backward` from the end. */
  readonly direction: 'forward' | 'backward';
  /** Content of the cursor behind which (in the direction of reading) the page begins. */
  readonly cursor: string | undefined;
}

const DEFAULT_PAGE = 50;

/** @throws GraphQLError BAD_USER_INPUT */
export function pageRequest(args: PageArguments, maxPageSize: number): PageRequest {
  const { first, last } = args;
  const hasFirst = first !== null && first !== undefined;
  const hasLast = last !== null && last !== undefined;
  if (hasFirst && hasLast) throw badInput('Give `first` or `last`, not both.');
  const limit = first ?? last ?? DEFAULT_PAGE;
  if (limit < 1 || limit > maxPageSize) throw badInput(`\`${hasLast ? 'last' : 'first'}\` must be 1 to ${String(maxPageSize)}, not ${String(limit)}.`);
  if (hasLast && args.after != null) throw badInput('`after` goes with `first`, `before` with `last`.');
  if (!hasLast && args.before != null) throw badInput('`before` goes with `last`, `after` with `first`.');
  const cursor = hasLast ? args.before : args.after;
  return { limit, direction: hasLast ? 'backward' : 'forward', cursor: cursor == null ? undefined : decodeCursor(cursor) };
}

/** `found` is in the direction of reading and one longer than the limit when there is more. */
export function pageOf<T>(request: PageRequest, found: readonly T[], cursorOf: (node: T) => string) {
  const hasMore = found.length > request.limit;
  const cut = found.slice(0, request.limit);
  const nodes = request.direction === 'forward' ? cut : cut.toReversed();
  const edges = nodes.map((node) => ({ cursor: encodeCursor(cursorOf(node)), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: request.direction === 'forward' ? hasMore : request.cursor !== undefined,
      hasPreviousPage: request.direction === 'backward' ? hasMore : request.cursor !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

function encodeCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (encodeCursor(text) !== cursor) throw badInput(`"${cursor.slice(0, 80)}" is no cursor of this list.`);
  return text;
}
