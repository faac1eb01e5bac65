/**
 * Subscriptions: graphql-transport-ws on one WebSocket, opened with the first subscription, closed with the last.
 *
 * It does not reconnect: a lost connection ends every subscription with UNREACHABLE, and who subscribed decides.
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import * as z from 'zod/mini';
import { fromGraphqlErrors, GatewayClientError, graphqlErrorShape } from './errors.js';
import { EventQueue } from './event-queue.js';

export interface SocketTransportOptions {
  readonly url: string;
  readonly token?: string | undefined;
  /** The WebSocket class; the global one when not given. */
  readonly webSocketImpl?: unknown;
  /** Milliseconds of silence after which the gateway is asked whether it is still there. */
  readonly keepAliveMs: number;
  /** Called when a gateway has accepted the connection. */
  readonly onConnected: () => void;
}

export type Subscribe = <TData, TVariables extends Record<string, unknown>>(
  document: TypedDocumentNode<TData, TVariables>,
  variables: TVariables,
  options: {
    /** Whether `newer` makes `older`, which nobody has read yet, superfluous. */
    readonly replaces: (older: TData, newer: TData) => boolean;
    readonly signal?: AbortSignal | undefined;
  },
) => AsyncIterable<TData>;

/** Makes the function that subscribes to one typed document. */
export function createSubscribe(transport: SocketTransportOptions): Subscribe {
  // Made with the first subscription: a caller that never subscribes needs no WebSocket class.
  let client: Client | undefined;
  return async function* subscribe(document, variables, { replaces, signal }) {
    signal?.throwIfAborted();
    client ??= connectLazily(transport);
    const queue = new EventQueue(replaces);
    const unsubscribe = client.subscribe(
      { query: print(document), variables },
      {
        next: ({ data, errors }) => {
          if (errors !== undefined && errors.length > 0) queue.fail(socketError(transport.url, errors));
          else queue.push(data as never);
        },
        error: (error) => queue.fail(socketError(transport.url, error)),
        complete: () => queue.end(),
      },
    );
    const onAbort = (): void => queue.fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      yield* queue;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      unsubscribe();
    }
  };
}

function connectLazily({
  url,
  token,
  webSocketImpl,
  keepAliveMs,
  onConnected,
}: SocketTransportOptions): Client {
  let pongDue: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => clearTimeout(pongDue);
  const client = createClient({
    url,
    lazy: true,
    retryAttempts: 0,
    keepAlive: keepAliveMs,
    connectionAckWaitTimeout: keepAliveMs,
    ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
    on: {
      connected: onConnected,
      // A host that vanished closes nothing: without an answer in time the connection is given up.
      ping: (received) => {
        if (!received) pongDue = setTimeout(() => client.terminate(), keepAliveMs);
      },
      pong: alive,
      closed: alive,
      error: alive,
    },
  });
  return client;
}

const closeShape = z.object({ code: z.number(), reason: z.string() });
const failureShape = z.object({ message: z.string() });

/** What graphql-ws reports: the errors of the gateway, the close of the socket, or a failure of the socket. */
function socketError(url: string, thrown: unknown): GatewayClientError {
  const errors = z.array(graphqlErrorShape).safeParse(thrown);
  if (errors.success) return fromGraphqlErrors(errors.data);
  const close = closeShape.safeParse(thrown);
  if (close.success) return closeError(url, close.data.code, close.data.reason, thrown);
  const failure = failureShape.safeParse(thrown);
  const reason = failure.success && failure.data.message !== '' ? failure.data.message : 'no reason given';
  return new GatewayClientError('UNREACHABLE', `The gateway at ${url} does not answer (${reason}).`, {
    cause: thrown,
  });
}

/** Close codes of graphql-transport-ws that mean more than a lost connection. */
function closeError(url: string, code: number, reason: string, cause: unknown): GatewayClientError {
  const said = reason === '' ? '' : `: ${reason}`;
  switch (code) {
    case 4401:
      return new GatewayClientError(
        'UNAUTHENTICATED',
        `The gateway at ${url} does not know you${said}. Give a valid token.`,
        { cause },
      );
    case 4403:
      return new GatewayClientError(
        'FORBIDDEN',
        `The gateway at ${url} does not allow you to follow its work${said}.`,
        { cause },
      );
    case 4400:
    case 4406:
      return new GatewayClientError(
        'NOT_A_GATEWAY',
        `${url} does not speak the gateway's protocol${said} (close code ${code}).`,
        { cause },
      );
    case 4500:
      return new GatewayClientError('INTERNAL', `The gateway at ${url} failed${said}.`, { cause });
    default:
      return new GatewayClientError(
        'UNREACHABLE',
        `The connection to the gateway at ${url} was closed${said} (close code ${code}).`,
        { cause },
      );
  }
}
