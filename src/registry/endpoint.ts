/**
 * Requests to one registry or mirror: authorization, waiting, trying again, and errors in our words.
 */
import { GatewayError, type WaitFor } from '../lib/errors.js';
import { createAuthorizer, RetryableAnswer, type Authorizer } from './authorizer.js';
import { discard, exchange, readBody, type Answer } from './exchange.js';
import type { Identity } from './identity.js';
import type { RateGate } from './rate-gate.js';
import type { ReceiveMemory } from './receive-memory.js';
import { isDockerHubHost, type EndpointSettings, type RegistryLimits } from './settings.js';
import { createTransport, type ProxyEnvironment, type Transport } from './transport.js';
import { backoffMs, parseRetryAfter, wait, type OnWait } from './waiting.js';

export interface EndpointRequest {
  readonly method: 'GET' | 'HEAD';
  /** Below `/v2/`; the repository is part of it. */
  readonly path: string;
  readonly repository: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  readonly onWait?: OnWait;
  /** Tries of the same thing that failed before this request (a blob that broke off); they count. */
  readonly failures?: number;
  /** Somebody else can be asked: a rate limit is not waited out. */
  readonly atOnce?: boolean;
}

export interface Endpoint {
  readonly host: string;
  /** `host[:port][/path]`, which tells endpoints of one host apart. */
  readonly name: string;
  readonly transport: Transport;
  /**
   * Answers of 2xx, 404, 405 and 416 come back; the caller reads or destroys the body.
   *
   * @throws GatewayError DENIED, RATE_LIMITED, REGISTRY_UNREACHABLE, POLICY_REFUSED; the abort's reason.
   */
  request(wanted: EndpointRequest): Promise<Answer>;
  /**
   * The same, with what `read` makes of the answer; a body that breaks off is asked for again.
   *
   * @throws as `request`, and what `read` throws that is not retryable.
   */
  read<T>(wanted: EndpointRequest, read: (answer: Answer) => Promise<T>): Promise<T>;
  /** True when the token service is known to let this caller read the repository, whatever the registry answered since. */
  grantsPull(identity: Identity, repository: string): boolean;
  close(): Promise<void>;
}

export interface EndpointOptions {
  readonly settings: EndpointSettings & {
    readonly authMethod?: 'token' | 'basic';
    readonly requestsPerSecond?: number;
  };
  readonly maxConnections: number;
  readonly limits: RegistryLimits;
  readonly gate: RateGate;
  readonly environment: ProxyEnvironment;
  readonly memory: ReceiveMemory;
  /** Sees every answer of the registry. */
  readonly onAnswer?: (answer: Answer, identity: Identity) => void;
}

const RETURNED: readonly number[] = [404, 405, 416];

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { settings, limits, gate } = options;
  const base = apiBase(settings.url);
  const transport = createTransport(
    { ...settings, url: base.href },
    options.maxConnections,
    limits,
    options.environment,
    options.memory,
  );
  const authorizer = createAuthorizer({ ...settings, url: base.href }, transport, limits);

  async function requested<T>(wanted: EndpointRequest, read: (answer: Answer) => T | Promise<T>): Promise<T> {
    const caller = { host: base.host, account: wanted.identity.account };
    const startFailures = wanted.failures ?? 0;
    if (startFailures > 0)
      await retryOrGiveUp(
        startFailures,
        new GatewayError('REGISTRY_UNREACHABLE', `${base.host} broke off again and again.`),
      );
    for (let failures = startFailures; ;) {
      const outcome = await attempt(
        wanted,
        passGate,
        authorizer,
        transport,
        base,
        limits,
        settings.insecure,
        options.onAnswer,
      );
      failures += 1;
      if (!('answer' in outcome)) {
        await retryOrGiveUp(failures, outcome.error, outcome.failed);
        continue;
      }
      try {
        return await read(outcome.answer);
      } catch (error) {
        if (!(error instanceof GatewayError) || wanted.signal.aborted) throw error;
        await retryOrGiveUp(failures, error);
      }
    }

    async function passGate(): Promise<void> {
      for (;;) {
        const { waitMs, reason, taken } = await gate.reserve(caller, settings.requestsPerSecond);
        const isHeld = !taken && waitMs > 0;
        if (waitMs > limits.retryDelayMaxMs || (isHeld && wanted.atOnce === true)) throw rateLimited(base.host, reason, waitMs, { ms: waitMs, reason });
        // A hold ends for everybody at once; they must not all ask at once.
        const slackMs = taken ? 0 : (Math.random() * waitMs) / 10;
        await wait(waitMs, reason, wanted.signal, wanted.onWait, slackMs);
        if (taken) return;
      }
    }

    async function retryOrGiveUp(failures: number, error: GatewayError, failed?: Answer): Promise<void> {
      // Held for longer than may be waited for, nobody was asked.
      if (!error.retryable || (error.code === 'RATE_LIMITED' && failed === undefined)) throw error;
      const limitedByRate = failed?.status === 429;
      const asked = parseRetryAfter(failed?.header('retry-after'));
      if (limitedByRate || asked !== undefined) {
        const ms = Math.min(
          asked ?? backoffMs(failures, limits.rateLimitedBaseMs, limits),
          limits.retryAfterMaxMs,
        );
        const reason = limitedByRate ? `rate limited by ${base.host}` : `${base.host} asks for it`;
        await gate.hold(caller, ms, reason);
        if (ms > limits.retryDelayMaxMs || wanted.atOnce === true) {
          // What asks for more than is ever waited is not waited for in part either.
          const isTooLong = asked !== undefined && asked > limits.retryAfterMaxMs;
          throw rateLimited(base.host, error.message, ms, isTooLong ? undefined : { ms, reason });
        }
      }
      if (failures > limits.retries) throw error;
      if (!(await gate.takeRetry(base.host, limits.retriesPerHost, limits.retriesWindowMs))) throw error;
      if (limitedByRate || asked !== undefined) return;
      await wait(
        backoffMs(failures, limits.retryBaseMs, limits),
        `${base.host} is in trouble`,
        wanted.signal,
        wanted.onWait,
      );
    }
  }

  return {
    host: base.host,
    name: `${base.host}${base.pathname.replace(/\/$/, '')}`,
    transport,
    request: (wanted) => requested(wanted, (answer) => answer),
    read: requested,
    grantsPull: (identity, repository) => authorizer.grants(identity, pullScope(repository)),
    close: () => transport.close(),
  };
}

function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

type Outcome = { readonly answer: Answer } | { readonly error: GatewayError; readonly failed?: Answer };

/** One try, with at most two renewals of the authorization: a stale token, and a scope that the registry wants wider. */
async function attempt(
  wanted: EndpointRequest,
  passGate: () => Promise<void>,
  authorizer: Authorizer,
  transport: Transport,
  base: URL,
  limits: RegistryLimits,
  insecure: boolean,
  onAnswer: EndpointOptions['onAnswer'],
): Promise<Outcome> {
  const { identity, signal } = wanted;
  const scope = pullScope(wanted.repository);
  const url = new URL(`v2/${wanted.path}`, base);
  try {
    let authorization = await authorizer.current(identity, scope, signal);
    for (let renewals = 0; ; renewals += 1) {
      await passGate();
      const answer = await exchange(
        transport,
        {
          method: wanted.method,
          url,
          headers: wanted.headers ?? {},
          signal,
          insecure,
          ...(authorization === undefined ? {} : { authorization }),
        },
        limits,
      );
      onAnswer?.(answer, identity);
      if ((answer.status >= 200 && answer.status < 300) || RETURNED.includes(answer.status))
        return { answer };
      if (answer.status === 401 && renewals < 2) {
        discard(answer);
        const renewed = await authorizer.renew(answer, identity, scope, authorization, renewals > 0, signal);
        if (renewed !== undefined) {
          authorization = renewed;
          continue;
        }
      }
      return { error: await refusal(answer, wanted, authorization, limits), failed: answer };
    }
  } catch (error) {
    if (error instanceof RetryableAnswer) {
      return { error: await refusal(error.answer, wanted, undefined, limits), failed: error.answer };
    }
    if (error instanceof GatewayError && !signal.aborted) return { error };
    throw error;
  }
}

/** An answer that is an error, in our words: what the registry says is shown shortened, printable, without secrets. */
async function refusal(
  answer: Answer,
  wanted: EndpointRequest,
  authorization: string | undefined,
  limits: RegistryLimits,
): Promise<GatewayError> {
  const said = wanted.identity.redact(await errorText(answer, wanted, limits));
  const token = authorization?.split(' ')[1];
  const clean = token === undefined ? said : said.replaceAll(token, '***');
  const detail = clean === '' ? '' : `: ${clean.slice(0, 300)}`;
  const where = `${answer.url.host} (${wanted.repository})`;
  const { status } = answer;
  if (status === 401 || status === 403) {
    const who = {
      anonymous: 'an anonymous caller',
      service: "the gateway's own login",
      user: 'the given login',
    }[wanted.identity.kind];
    return new GatewayError('DENIED', `${where} refuses ${who} (HTTP ${String(status)})${detail}`);
  }
  if (status === 429)
    return new GatewayError('RATE_LIMITED', `${where} limits how much may be pulled (HTTP 429)${detail}`);
  const mayPass = [408, 500, 502, 503, 504].includes(status);
  return new GatewayError('REGISTRY_UNREACHABLE', `${where} answers HTTP ${String(status)}${detail}`, {
    retryable: mayPass,
  });
}

/** The first message of an error document of the distribution specification, or the bare text. */
async function errorText(answer: Answer, wanted: EndpointRequest, limits: RegistryLimits): Promise<string> {
  if (wanted.method === 'HEAD' || answer.body.destroyed || answer.body.readableEnded) return '';
  try {
    const tooLarge = (): GatewayError => new GatewayError('REGISTRY_UNREACHABLE', 'error text too long');
    const text = (await readBody(answer, limits.errorBytes, tooLarge, wanted.signal, limits)).toString('utf8');
    const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
    return message.replace(/[^\x20-\x7e]+/g, ' ').trim();
  } catch {
    return '';
  }
}

function rateLimited(host: string, reason: string, ms: number, waitFor: WaitFor | undefined): GatewayError {
  return new GatewayError(
    'RATE_LIMITED',
    `${host} wants no requests for another ${String(Math.ceil(ms / 1000))} s (${reason.slice(0, 400)}): try again later.`,
    waitFor === undefined ? {} : { waitFor },
  );
}

/** The URL that API paths are resolved against. */
function apiBase(text: string): URL {
  const url = new URL(text.endsWith('/') ? text : `${text}/`);
  if (isDockerHubHost(url.hostname)) url.hostname = 'registry-1.docker.io';
  url.pathname = url.pathname.replace(/\/v2\/$/, '/');
  return url;
}
