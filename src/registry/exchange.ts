/**
 * One HTTP exchange: redirects followed by hand, each hop checked like a first URL, credentials dropped at the first
 * change of scheme, host or port (distribution spec), and bodies read within a bound. What is posted is a secret, too:
 * it never leaves its origin.
 */
import { once as onceEvent } from 'node:events';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { request } from 'undici';
import { abortReason, errnoOf, GatewayError, messageOf } from '../lib/errors.js';
import { watchRate } from './rate-watch.js';
import type { RegistryLimits } from './settings.js';
import type { Transport } from './transport.js';

export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to the origin of `url` alone. */
  readonly authorization?: string;
  /** Sent to the origin of `url` alone. */
  readonly body?: string;
  readonly signal: AbortSignal;
  /** A redirect may lead from https to http. */
  readonly insecure: boolean;
}

export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
  /** Must be read or destroyed. */
  readonly body: Readable;
  /** Where it came from in the end. */
  readonly url: URL;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Those that keep method and body (RFC 9110). */
const REPEATED_WITH_BODY: readonly number[] = [307, 308];

/**
 * @throws GatewayError POLICY_REFUSED for an address or redirect that is not followed; REGISTRY_UNREACHABLE when the
 *   other side can't be reached (retryable unless it is a matter of trust); the abort's reason.
 */
export async function exchange(
  transport: Transport,
  wanted: Exchange,
  limits: RegistryLimits,
): Promise<Answer> {
  let { url } = wanted;
  let authorization = wanted.authorization;
  for (let hop = 0; hop <= limits.redirects; hop += 1) {
    const answer = await once(transport, wanted, url, authorization);
    const location = REDIRECTS.includes(answer.status) ? answer.header('location') : undefined;
    if (location === undefined) return answer;
    discard(answer);
    const next = redirectTarget(location, url, wanted.insecure);
    if (wanted.method === 'POST') mustKeepBody(answer.status, url, next);
    // Once dropped it stays dropped, also when the chain leads back.
    if (next.origin !== url.origin) authorization = undefined;
    url = next;
  }
  throw new GatewayError(
    'REGISTRY_UNREACHABLE',
    `${showUrl(wanted.url)} redirects more than ${String(limits.redirects)} times.`,
    { retryable: false },
  );
}

async function once(
  transport: Transport,
  wanted: Exchange,
  url: URL,
  authorization: string | undefined,
): Promise<Answer> {
  const { signal } = wanted;
  try {
    const { statusCode, headers, body } = await request(url, {
      method: wanted.method,
      dispatcher: transport.dispatcherFor(url),
      headers: {
        // Compressed on the way, the bytes would not be those of the digest.
        'accept-encoding': 'identity',
        'user-agent': 'imagegw',
        ...wanted.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
      signal,
      // undici closes after a HEAD, for servers that send a body all the same; what that costs here is one more try.
      reset: false,
    });
    // A body that is given up in mid-way fails; its reader, if there is one, is told.
    body.on('error', () => {});
    if (wanted.method === 'HEAD') await ended(body);
    const values = (name: string): readonly string[] => {
      const value = headers[name];
      return value === undefined ? [] : Array.isArray(value) ? value : [value];
    };
    return { status: statusCode, header: (name) => values(name)[0], headers: values, body, url };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    throw connectionError(error, url);
  }
}

function redirectTarget(location: string, from: URL, insecure: boolean): URL {
  let target: URL;
  try {
    target = new URL(location, from);
  } catch (error) {
    throw new GatewayError(
      'REGISTRY_UNREACHABLE',
      `${showUrl(from)} redirects to something that is no URL.`,
      { cause: error, retryable: false },
    );
  }
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw new GatewayError(
      'POLICY_REFUSED',
      `${showUrl(from)} redirects to ${target.protocol}, which is not followed.`,
    );
  }
  if (from.protocol === 'https:' && target.protocol === 'http:' && !insecure) {
    throw new GatewayError(
      'POLICY_REFUSED',
      `${showUrl(from)} redirects to ${showUrl(target)}, away from https: not followed unless the registry is marked "insecure".`,
    );
  }
  // Credentials in a URL are the server's idea, and would be sent as ours.
  target.username = '';
  target.password = '';
  return target;
}

/** A body can't be dropped at a change of origin, as a header is: without it the request would be another one. */
function mustKeepBody(status: number, from: URL, to: URL): void {
  const why =
    to.origin !== from.origin
      ? `would hand on to ${to.host} what was sent to it`
      : REPEATED_WITH_BODY.includes(status)
        ? undefined
        : `redirects by HTTP ${String(status)}, which drops what was sent`;
  if (why === undefined) return;
  throw new GatewayError(
    'POLICY_REFUSED',
    `${showUrl(from)} ${why}: not followed. Its redirect must be HTTP 307 or 308 within its own host, or the registry must name the right address.`,
  );
}

/** What went wrong between us and `url`, in words. */
export function connectionError(error: unknown, url: URL): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = errnoOf(error) ?? '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(code) && code !== 'ERR_TLS_HANDSHAKE_TIMEOUT') {
    return new GatewayError(
      'REGISTRY_UNREACHABLE',
      `The certificate of ${url.host} is not trusted (${messageOf(error)}): name its authority in "sslcacert" of the registry.`,
      { cause: error, retryable: false },
    );
  }
  return new GatewayError('REGISTRY_UNREACHABLE', `${showUrl(url)} can't be reached: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Waits for the end of a body that is empty, after which its connection takes the next request. */
async function ended(body: Readable): Promise<void> {
  body.resume();
  if (!body.closed) await onceEvent(body, 'close');
  await nextTurn();
}

/** Gives an answer's connection back or closes it; never waits for a long body. */
export function discard(answer: Answer): void {
  if (Number(answer.header('content-length') ?? 'NaN') <= 65_536) answer.body.resume();
  else answer.body.destroy();
}

/**
 * The whole body, at most `limit` bytes; one that trickles is broken off as a layer would be.
 *
 * @throws whatever `tooLarge` makes, as soon as it is known; REGISTRY_UNREACHABLE when it breaks off.
 */
export async function readBody(
  answer: Answer,
  limit: number,
  tooLarge: () => GatewayError,
  signal: AbortSignal,
  { minimumBytesPerSecond, minimumRateWindowMs }: RegistryLimits,
): Promise<Buffer> {
  if (Number(answer.header('content-length') ?? 0) > limit) {
    answer.body.destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  const watch = watchRate(minimumBytesPerSecond, minimumRateWindowMs, () =>
    answer.body.destroy(new Error(`it sends less than ${String(minimumBytesPerSecond)} bytes a second`)),
  );
  try {
    watch.waiting();
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      watch.got(chunk.length);
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
      watch.waiting();
    }
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    throw connectionError(error, answer.url);
  } finally {
    watch.stop();
  }
  // undici has its connection ready again a turn later; who asks before that gets a new one.
  await nextTurn();
  return Buffer.concat(chunks);
}

/** A URL fit for messages: without the query, which may be a signature, and without a login. */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`.slice(0, 300);
}
