/**
 * Queries and mutations: GraphQL over HTTP, POST with a JSON body.
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import * as z from 'zod/mini';
import { fromGraphqlErrors, GatewayClientError, graphqlErrorShape } from './errors.js';

export type Fetch = typeof globalThis.fetch;

export interface HttpTransportOptions {
  readonly url: string;
  readonly token?: string | undefined;
  readonly fetch: Fetch;
  /** Called when a gateway has answered, whatever it said. */
  readonly onAnswer: () => void;
}

export type Execute = <TData, TVariables>(
  document: TypedDocumentNode<TData, TVariables>,
  variables: TVariables,
  options?: { readonly signal?: AbortSignal | undefined },
) => Promise<TData>;

const answerShape = z.object({
  data: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  errors: z.optional(z.array(graphqlErrorShape)),
});

/** Makes the function that runs one typed document. An answer with errors is thrown, even where part of the data came. */
export function createExecute(transport: HttpTransportOptions): Execute {
  return async function execute(document, variables, { signal } = {}) {
    const { status, body } = await post(
      transport,
      JSON.stringify({ query: print(document), variables }),
      signal,
    );
    const answer = parseAnswer(body);
    if (answer === undefined) throw noGraphql(transport.url, status);
    transport.onAnswer();
    if (answer.errors !== undefined && answer.errors.length > 0) throw fromGraphqlErrors(answer.errors);
    if (answer.data === undefined || answer.data === null) throw noGraphql(transport.url, status);
    // The gateway has validated the document against its schema, and the type was generated from that schema.
    return answer.data as never;
  };
}

async function post(
  { url, token, fetch }: HttpTransportOptions,
  body: string,
  signal: AbortSignal | undefined,
): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      signal: signal ?? null,
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    signal?.throwIfAborted();
    throw new GatewayClientError(
      'UNREACHABLE',
      `The gateway at ${url} does not answer (${reasonOf(error)}): check the address, and that the gateway runs.`,
      { cause: error },
    );
  }
}

/** Clients of GraphQL read the body, not the status: Apollo answers 400 with a body that says more. */
function parseAnswer(body: string): z.infer<typeof answerShape> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const answer = answerShape.safeParse(json);
  return answer.success && (answer.data.data !== undefined || answer.data.errors !== undefined)
    ? answer.data
    : undefined;
}

/** What an answer means that is not GraphQL: mostly a proxy in front of the gateway. */
function noGraphql(url: string, status: number): GatewayClientError {
  const answered = `${url} answered with HTTP status ${status}`;
  switch (status) {
    case 401:
      return new GatewayClientError(
        'UNAUTHENTICATED',
        `${answered}: it does not know you. Give a valid token.`,
      );
    case 403:
      return new GatewayClientError('FORBIDDEN', `${answered}: you may not use it.`);
    case 429:
      return new GatewayClientError('RATE_LIMITED', `${answered}: too many requests. Try again later.`);
    case 502:
    case 503:
    case 504:
      return new GatewayClientError(
        'UNREACHABLE',
        `${answered}: the gateway behind it does not answer. Try again later.`,
      );
    default:
      return new GatewayClientError(
        'NOT_A_GATEWAY',
        `${answered} and no GraphQL: check that the address is that of an image gateway.`,
      );
  }
}

const thrownShape = z.object({
  message: z.string(),
  cause: z.optional(z.unknown()),
  errors: z.optional(z.array(z.unknown())),
});

/** fetch hides the reason ("fetch failed") in the cause, and that of several addresses one level further down. */
function reasonOf(thrown: unknown): string {
  // By shape, not by class: what fetch throws may be an Error of another realm.
  const error = thrownShape.safeParse(thrown).data;
  if (error === undefined) return String(thrown);
  const deeper = error.cause ?? error.errors?.[0];
  return deeper === undefined ? error.message : reasonOf(deeper);
}
