/** Debian's docker-registry (distribution) for tests: plain http, TLS, client certificates, htpasswd, token. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { GatewayError } from '../../src/lib/errors.js';
import { startChild } from '../../src/lib/child.js';

export interface DockerRegistryOptions {
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    readonly clientCas?: readonly string[];
  };
  /** An htpasswd file with bcrypt hashes. */
  readonly htpasswd?: string;
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    /** PEM file with the certificate that signs. */
    readonly rootCertBundle: string;
  };
}

export interface DockerRegistry {
  readonly host: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts one on a free port of the loopback and waits until it accepts connections. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-registry-'));
  const port = await freePort();
  const host = `localhost:${String(port)}`;
  const { tls, htpasswd, token } = options;
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${String(port)}`,
      secret: randomBytes(16).toString('hex'),
      ...(tls === undefined
        ? {}
        : {
            tls: {
              certificate: tls.certificate,
              key: tls.key,
              ...(tls.clientCas === undefined ? {} : { clientcas: tls.clientCas }),
            },
          }),
    },
    ...(htpasswd === undefined && token === undefined
      ? {}
      : {
          auth: {
            ...(htpasswd === undefined ? {} : { htpasswd: { realm: 'test', path: htpasswd } }),
            ...(token === undefined
              ? {}
              : {
                  token: {
                    realm: token.realm,
                    service: token.service,
                    issuer: token.issuer,
                    rootcertbundle: token.rootCertBundle,
                  },
                }),
          },
        }),
  };
  // JSON is YAML.
  const file = join(directory, 'config.yml');
  await writeFile(file, JSON.stringify(config));
  const child = startChild({
    command: 'docker-registry',
    args: ['serve', file],
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const stop = async (): Promise<void> => {
    child.kill(new GatewayError('CANCELLED', 'The test is over.'));
    await child.done.catch(() => {});
    await rm(directory, { recursive: true, force: true });
  };
  const state = { ended: false };
  void child.done.catch(() => {
    state.ended = true;
  });
  for (;;) {
    if (state.ended) {
      await stop();
      throw new Error(`docker-registry did not start: ${child.stderrTail()}`);
    }
    const up = await new Promise<boolean>((resolve) => {
      request(`http://127.0.0.1:${String(port)}/`).then(
        ({ body }) => {
          body.resume();
          resolve(true);
        },
        (error: unknown) =>
          resolve(!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')),
      );
    });
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { host, url: `${tls === undefined ? 'http' : 'https'}://${host}`, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
