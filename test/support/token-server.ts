/**
 * A token service as the distribution specification has it: checks the login, and signs what it grants so that Debian's
 * docker-registry (`auth: token`) believes it.
 */
import { SignJWT } from 'jose';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.js';

const LIFE_SECONDS = 300;

export interface TokenRequest {
  readonly scopes: readonly string[];
  readonly service: string | null;
  /** Of the login; undefined for an anonymous caller. */
  readonly username: string | undefined;
}

export interface TokenServer {
  readonly host: string;
  readonly realm: string;
  readonly issuer: string;
  readonly service: string;
  readonly seen: TokenRequest[];
  stop(): Promise<void>;
}

export interface TokenServerOptions {
  /** Where it listens, and the name that has that address there; a free port of `localhost` when not given. */
  readonly at?: { readonly address: string; readonly port: number; readonly name: string };
  readonly service?: string;
  readonly tls: Certificate;
  /** Signs the tokens; the registry trusts it. */
  readonly signer: Certificate;
  readonly login: { readonly username: string; readonly password: string };
  /** Repositories that anybody may pull. */
  readonly isPublic: (repository: string) => boolean;
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const key = createPrivateKey(await readFile(options.signer.key));
  const chain = [new X509Certificate(await readFile(options.signer.certificate)).raw.toString('base64')];
  const { username, password } = options.login;
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  const tls = { cert: await readFile(options.tls.certificate), key: await readFile(options.tls.key) };
  const http = createServer(tls, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://x');
    const given = request.headers.authorization;
    const scopes = url.searchParams.getAll('scope');
    server.seen.push({ scopes, service: url.searchParams.get('service'), username: given === undefined ? undefined : username });
    if (given !== undefined && given !== expected) return void response.writeHead(401).end();
    const access = scopes.map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':');
      const granted = given !== undefined ? actions.split(',') : options.isPublic(name) ? ['pull'] : [];
      return { type, name, actions: granted };
    });
    const now = Math.floor(Date.now() / 1000);
    void new SignJWT({ access })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', x5c: chain })
      .setIssuer(server.issuer)
      .setAudience(server.service)
      .setSubject(given === undefined ? '' : username)
      .setIssuedAt(now)
      // The registry's clock reads whole seconds.
      .setNotBefore(now - 10)
      .setExpirationTime(now + LIFE_SECONDS)
      .setJti(String(server.seen.length))
      .sign(key)
      .then((token) => response.end(JSON.stringify({ token, expires_in: LIFE_SECONDS })));
  });
  const at = options.at ?? { address: '127.0.0.1', port: 0, name: 'localhost' };
  await new Promise<void>((resolve) => http.listen(at.port, at.address, resolve));
  const { port } = http.address() as AddressInfo;
  const host = port === 443 ? at.name : `${at.name}:${String(port)}`;
  const server: TokenServer = {
    host,
    realm: `https://${host}/token`,
    issuer: 'test issuer',
    service: options.service ?? 'test service',
    seen: [],
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
