/** Debian's docker-registry (distribution) for tests: plain http, TLS, client certificates, htpasswd, token. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import { startChild } from '../../src/lib/child.js';

export interface DockerRegistryOptions {
  /** Where it listens, and the name that has that address there; `localhost` when not given. */
  readonly at?: { readonly address: string; readonly port: number; readonly name: string };
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

/** Starts one, on a port of the loopback that the system chooses unless told, and waits until it listens. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-registry-'));
  const { tls, htpasswd, token, at = { address: '127.0.0.1', port: 0, name: 'localhost' } } = options;
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: {
      addr: `${at.address}:${String(at.port)}`,
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
  let port: string | undefined;
  while (port === undefined) {
    if (state.ended) {
      await stop();
      throw new Error(`docker-registry did not start: ${child.stderrTail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
    // Its own word: whoever else may answer on a port is not asked.
    port = /listening on [\d.]+:(\d+)/.exec(child.stderrTail())?.[1];
  }
  const host = port === '443' ? at.name : `${at.name}:${port}`;
  return { host, url: `${tls === undefined ? 'http' : 'https'}://${host}`, stop };
}
