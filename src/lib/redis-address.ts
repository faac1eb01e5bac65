/**
 * Redis addresses as URLs: the one form in which the gateway stores and passes them.
 */
import type { RedisOptions } from 'ioredis';
import { GatewayError } from './errors.js';

/** `redis://[user:password@]host[:port][/db]`, the same with `rediss://` (TLS), or `unix:///path/to/socket[?db=n]`. */
export type RedisAddress = string;

const DEFAULT_PORT = 6379;

/**
 * The ioredis options that reach `address`; only where and as whom, so that callers add their own policy.
 *
 * @throws GatewayError BAD_CONFIG when it is no Redis address.
 */
export function redisOptions(address: RedisAddress): RedisOptions {
  const url = parseAddress(address);
  const credentials = {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  };
  if (url.protocol === 'unix:') {
    return {
      ...credentials,
      path: decodeURIComponent(url.pathname),
      db: database(url.searchParams.get('db') ?? '', address),
    };
  }
  return {
    ...credentials,
    // A URL keeps the brackets of an IPv6 address; a socket wants it without them.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    db: database(url.pathname.slice(1), address),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/**
 * An address (of Redis or of MongoDB) as it may appear in logs and errors: without user, password and options.
 * It rather hides too much of a malformed one than too little.
 */
export function withoutPassword(address: string): string {
  return address.replace(/^([a-z0-9+.-]*:\/\/)?.*@/is, '$1***@').replace(/[?#].*$/s, '');
}

function parseAddress(address: RedisAddress): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'unix:' && url.pathname.length > 1) return url;
  if ((url?.protocol === 'redis:' || url?.protocol === 'rediss:') && url.hostname !== '') return url;
  throw new GatewayError(
    'BAD_CONFIG',
    `"${withoutPassword(address)}" is not a Redis address: expected redis://host:port, rediss://host:port or unix:///path.`,
  );
}

function database(text: string, address: RedisAddress): number {
  if (text === '') return 0;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new GatewayError(
    'BAD_CONFIG',
    `The Redis address ${withoutPassword(address)} names the database "${text}": expected a number.`,
  );
}
