/**
 * Authorization at one endpoint: Basic, bearer tokens by the distribution token flow, and those that are there already.
 *
 * A token is cached by identity and scope, renewed before its end, and fetched once however many requests want it.
 * Credentials go to the endpoint itself and to token services bound to it, over https unless it is marked insecure.
 */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.js';
import { parseChallenges, type Challenge } from './challenge.js';
import { discard, exchange, readBody, showUrl, type Answer } from './exchange.js';
import type { Identity } from './identity.js';
import { isDockerHubHost, type EndpointSettings, type RegistryLimits } from './settings.js';
import { saysItGrants } from './token-claims.js';
import type { Transport } from './transport.js';
import { abortable } from './waiting.js';

export interface Authorizer {
  /**
   * The `Authorization` to try first, renewed when its time is nearly over; undefined when nothing is known yet.
   *
   * @throws as `renew`.
   */
  current(identity: Identity, scope: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * A new `Authorization` after a 401; `failed` is what that request carried, and `isFresh` says that it came from the
   * call before this one. Undefined: there is nothing more to try.
   *
   * @throws GatewayError DENIED, POLICY_REFUSED, REGISTRY_UNREACHABLE; or an answer to be retried, as `RetryableAnswer`.
   */
  renew(
    refusal: Answer,
    identity: Identity,
    scope: string,
    failed: string | undefined,
    isFresh: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** True when a token at hand says that it grants `scope`; false says nothing. */
  grants(identity: Identity, scope: string): boolean;
}

interface Token {
  readonly header: string;
  readonly endsAt: number;
  /** What it answered, and so how to get the next one without being refused first. */
  readonly challenge: Challenge;
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z
    .number()
    .positive()
    .max(86_400 * 365)
    .optional()
    .catch(undefined),
});
/** When a token service doesn't say (distribution token specification). */
const DEFAULT_LIFE_S = 60;
/** Token services that registries keep on another host. */
const BOUND_REALMS: Readonly<Record<string, string>> = { 'registry.gitlab.com': 'gitlab.com' };

export function createAuthorizer(
  settings: EndpointSettings & { readonly authMethod?: 'token' | 'basic' },
  transport: Transport,
  limits: RegistryLimits,
  now: () => number = Date.now,
): Authorizer {
  const endpoint = new URL(settings.url);
  const tokens = new Map<string, Token>();
  const pending = new Map<string, Promise<string>>();
  /** Identities whose own header this endpoint has asked for: Basic, or a token that is used as it is. */
  const ready = new Set<string>();
  /** Scopes that a registry asked for beyond the usual one. */
  const wider = new Map<string, string>();

  function mayCarrySecrets(url: URL): boolean {
    return url.protocol === 'https:' || settings.insecure;
  }

  /** What the identity shows by itself, without a token service. */
  function ownHeader(identity: Identity): string | undefined {
    const header = identity.bearerHeader() ?? identity.basicHeader();
    if (header !== undefined && !mayCarrySecrets(endpoint)) {
      throw new GatewayError(
        'POLICY_REFUSED',
        `Credentials for ${endpoint.host} would go over plain http: use https, or mark the registry "insecure".`,
      );
    }
    return header;
  }

  /** Another port of the same machine may be another user's program, so only the usual one of https is taken as its own. */
  function isBound(realm: URL): boolean {
    const { host, hostname } = endpoint;
    if (realm.host === host || (realm.protocol === 'https:' && realm.host === hostname)) return true;
    if (BOUND_REALMS[hostname] === realm.host) return true;
    if (isDockerHubHost(hostname) && realm.host === 'auth.docker.io') return true;
    return (settings.realmHosts ?? []).includes(realm.host);
  }

  async function fetchToken(
    challenge: Challenge,
    identity: Identity,
    scope: string,
    signal: AbortSignal,
  ): Promise<Token> {
    const realm = realmOf(challenge, endpoint, settings.insecure);
    const secret = identity.basicHeader() ?? identity.refreshToken();
    if (secret !== undefined && !isBound(realm)) {
      throw new GatewayError(
        'DENIED',
        `${endpoint.host} asks for a login at ${realm.host}, which is not known to belong to it: if it does, name it in "realmHosts" of the registry.`,
      );
    }
    if (secret !== undefined && !mayCarrySecrets(realm)) {
      throw new GatewayError(
        'POLICY_REFUSED',
        `Credentials for ${endpoint.host} would go over plain http to ${realm.host}: mark the registry "insecure" if that is meant.`,
      );
    }
    const service = challenge.parameters.get('service');
    const refreshToken = identity.refreshToken();
    const form = new URLSearchParams();
    if (service !== undefined) form.set('service', service);
    const authorization = identity.basicHeader();
    if (refreshToken === undefined) {
      for (const one of scope.split(' ')) form.append('scope', one);
      for (const [name, value] of form) realm.searchParams.append(name, value);
    } else {
      // Here, and only here, all scopes are one list (distribution, oauth.md).
      form.set('scope', scope);
      form.set('grant_type', 'refresh_token');
      form.set('client_id', 'imagegw');
      form.set('refresh_token', refreshToken);
    }
    const answer = await exchange(
      transport,
      {
        url: realm,
        signal,
        insecure: settings.insecure,
        ...(refreshToken === undefined
          ? { method: 'GET', headers: { accept: 'application/json' } }
          : {
              method: 'POST',
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
              body: form.toString(),
            }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      limits,
    );
    return await readToken(answer, challenge, realm, identity, signal);
  }

  async function readToken(
    answer: Answer,
    challenge: Challenge,
    realm: URL,
    identity: Identity,
    signal: AbortSignal,
  ): Promise<Token> {
    const received = now();
    if (answer.status !== 200) {
      if (answer.status === 429 || answer.status === 408 || answer.status >= 500)
        throw new RetryableAnswer(answer);
      discard(answer);
      const who = identity.isAnonymous ? 'an anonymous caller' : 'the given user name and password';
      throw new GatewayError(
        'DENIED',
        `The token service ${showUrl(realm)} refuses ${who} (HTTP ${String(answer.status)}).`,
      );
    }
    const tooLarge = (): GatewayError =>
      new GatewayError(
        'DENIED',
        `The token service ${showUrl(realm)} answers with more than ${String(limits.tokenBytes)} bytes.`,
      );
    const text = (await readBody(answer, limits.tokenBytes, tooLarge, signal, limits)).toString('utf8');
    const parsed = tokenAnswer.safeParse(parseJson(text));
    // Some services leave one of the two empty.
    const token = [parsed.data?.token, parsed.data?.access_token].find(
      (value) => value !== undefined && value !== '',
    );
    if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
      throw new GatewayError('DENIED', `The token service ${showUrl(realm)} gives no usable token.`);
    }
    const life = (parsed.data?.expires_in ?? DEFAULT_LIFE_S) * 1000;
    // Counted from receipt, because the clock that wrote `issued_at` may be another; renewed a little early.
    return { header: `Bearer ${token}`, endsAt: received + life - Math.min(10_000, life / 10), challenge };
  }

  /** A new token, one at a time for each identity and scope, however many requests want it. */
  async function newToken(
    challenge: Challenge,
    identity: Identity,
    scope: string,
    signal: AbortSignal,
  ): Promise<string> {
    const key = cacheKey(identity, scope);
    const inFlight = pending.get(key);
    if (inFlight !== undefined) return await abortable(inFlight, signal);
    // Shared: it must outlive the caller that happened to start it.
    const ownSignal = AbortSignal.timeout(2 * limits.answerTimeoutMs);
    const work = fetchToken(challenge, identity, wider.get(key) ?? scope, ownSignal).then(
      (token) => {
        tokens.set(key, token);
        if (tokens.size > 10_000) tokens.delete(tokens.keys().next().value ?? key);
        return token.header;
      },
      (error: unknown) => {
        // The registry may use another token service by now: the next request asks it.
        tokens.delete(key);
        throw error;
      },
    );
    pending.set(key, work);
    void work.catch(() => undefined).then(() => pending.delete(key));
    return await abortable(work, signal);
  }

  return {
    async current(identity, scope, signal) {
      if (ready.has(identity.key)) return ownHeader(identity);
      const token = tokens.get(cacheKey(identity, scope));
      if (token === undefined || token.endsAt > now()) return token?.header;
      return await newToken(token.challenge, identity, scope, signal);
    },

    async renew(refusal, identity, scope, failed, isFresh, signal) {
      const challenges = parseChallenges(refusal.headers('www-authenticate'));
      const bearer = challenges.find(
        ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'),
      );
      const offers = (wanted: string): boolean => challenges.some(({ scheme }) => scheme === wanted);
      const isReady = identity.bearerHeader() !== undefined;
      if (isReady ? offers('bearer') : offers('basic') && (bearer === undefined || settings.authMethod === 'basic')) {
        const header = ownHeader(identity);
        if (header === undefined || header === failed) return undefined;
        ready.add(identity.key);
        return header;
      }
      // It is for the registry alone, so there is nothing to show to a token service.
      if (isReady) return undefined;
      if (bearer === undefined) return undefined;
      const key = cacheKey(identity, scope);
      const asked = bearer.parameters.get('scope');
      const current = tokens.get(key);
      // Another request has renewed it meanwhile.
      if (current !== undefined && current.header !== failed && current.endsAt > now()) return current.header;
      const isWider = asked !== undefined && isPullScope(asked) && asked !== (wider.get(key) ?? scope);
      // A new token for the same would be refused like the one that was just made.
      if (isFresh && !isWider) return undefined;
      if (failed?.startsWith('Bearer ') === true && isWider) wider.set(key, asked);
      return await newToken(bearer, identity, scope, signal);
    },

    grants(identity, scope) {
      const token = tokens.get(cacheKey(identity, scope));
      return token !== undefined && token.endsAt > now() && saysItGrants(token.header.slice('Bearer '.length), scope);
    },
  };
}

/** The token service's own trouble: to be waited out like that of the registry. */
export class RetryableAnswer extends Error {
  constructor(readonly answer: Answer) {
    super(`HTTP ${String(answer.status)}`);
  }
}

function cacheKey(identity: Identity, scope: string): string {
  return `${identity.key} ${scope}`;
}

/** A registry may name another repository (a proxy does) but no more than reading. */
function isPullScope(scope: string): boolean {
  return scope.length <= 1024 && scope.split(' ').every((one) => /^repository:[^\s]+:pull$/.test(one));
}

function realmOf(challenge: Challenge, endpoint: URL, insecure: boolean): URL {
  const text = challenge.parameters.get('realm') ?? '';
  let realm: URL;
  try {
    realm = new URL(text, endpoint);
  } catch (error) {
    throw new GatewayError('DENIED', `${endpoint.host} names a token service that is no URL.`, {
      cause: error,
    });
  }
  const plain = realm.protocol === 'http:' && (insecure || endpoint.protocol === 'http:');
  if (realm.protocol !== 'https:' && !plain) {
    throw new GatewayError(
      'POLICY_REFUSED',
      `${endpoint.host} names the token service ${showUrl(realm)}, which is not https.`,
    );
  }
  realm.username = '';
  realm.password = '';
  return realm;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
