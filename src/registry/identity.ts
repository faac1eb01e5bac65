/** Who asks a registry. The secret stays inside: it is in no property, so that no log, JSON or inspection shows it. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../lib/errors.js';
import type { RegistryCredentials, RegistryLogin } from './settings.js';

export class Identity {
  readonly kind: 'anonymous' | 'service' | 'user';
  /** Differs between identities; for caches of this process, because it is made from the secret. */
  readonly key: string;
  /** Whose account the registry counts on: made without the secret, so that it may lie in Redis. */
  readonly account: string;
  readonly #login: RegistryCredentials | undefined;
  readonly #refreshToken: string | undefined;
  readonly #registryToken: string | undefined;

  constructor(kind: Identity['kind'], secret?: RegistryLogin) {
    this.kind = kind;
    this.#login = secret !== undefined && 'username' in secret ? secret : undefined;
    this.#refreshToken = secret !== undefined && 'identityToken' in secret ? secret.identityToken : undefined;
    this.#registryToken = secret !== undefined && 'registryToken' in secret ? secret.registryToken : undefined;
    this.key = secret === undefined ? 'anonymous' : shortHash(JSON.stringify([this.#login?.username, this.#login?.password, this.#refreshToken, this.#registryToken]));
    this.account = kind === 'user' ? `user-${shortHash(this.#login?.username ?? '')}` : kind;
  }

  get isAnonymous(): boolean {
    return this.kind === 'anonymous';
  }

  /** An identity token of Docker's login, to be exchanged by the OAuth2 form. */
  refreshToken(): string | undefined {
    return this.#refreshToken;
  }

  /** The value of `Authorization` for Basic (RFC 7617), or undefined. */
  basicHeader(): string | undefined {
    const login = this.#login;
    if (login === undefined) return undefined;
    return `Basic ${Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64')}`;
  }

  /** The value of `Authorization` with a bearer token that is used as it is, or undefined. */
  bearerHeader(): string | undefined {
    return this.#registryToken === undefined ? undefined : `Bearer ${this.#registryToken}`;
  }

  /** Text of a registry with our secrets taken out, should it send them back. */
  redact(text: string): string {
    const basic = this.basicHeader()?.slice('Basic '.length);
    const secrets = [this.#login?.password, this.#refreshToken, this.#registryToken, basic].filter(
      (secret) => secret !== undefined && secret !== '',
    );
    return secrets.reduce<string>((clean, secret) => clean.replaceAll(secret ?? '', '***'), text);
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

export const ANONYMOUS = new Identity('anonymous');

/** True for what a caller without this login need not meet with: then a public image can be read without it. */
export function isMatterOfLogin(error: unknown): boolean {
  return error instanceof GatewayError && ['DENIED', 'RATE_LIMITED', 'POLICY_REFUSED'].includes(error.code);
}
