/**
 * Where a gateway is: one address for requests and the same place for live progress.
 */
import { GatewayClientError } from './errors.js';

export interface Endpoints {
  /** Queries and mutations (GraphQL over HTTP). */
  readonly http: string;
  /** Subscriptions (graphql-transport-ws). */
  readonly webSocket: string;
}

/**
 * The endpoints behind an address as people give it: `http://host:port`, with or without a path.
 *
 * @throws GatewayClientError BAD_URL.
 */
export function endpointsOf(address: string): Endpoints {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new GatewayClientError(
      'BAD_URL',
      `"${address}" is not the address of a gateway: expected http://host:port or https://host:port, with a path if it is not /graphql.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    // They would end in logs and error messages, and fetch refuses them anyway.
    throw new GatewayClientError(
      'BAD_URL',
      `The address of the gateway at ${url.host} holds a user name or password: give a token instead.`,
    );
  }
  url.hash = '';
  if (url.pathname === '/') url.pathname = '/graphql';
  const webSocket = new URL(url);
  webSocket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return { http: url.href, webSocket: webSocket.href };
}
