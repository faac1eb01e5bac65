/**
 * A registry that misbehaves on order. It serves what is put into it; a hook may answer any request its own way, and
 * every request is recorded with the headers and the body that came.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.js';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Name in the client certificate that was shown. */
  readonly client?: string | undefined;
  /** What came of its body so far. */
  body: string;
}

/** True: it has answered (or broken off), nothing more is to be done. */
export type Hook = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

export interface FakeRegistry {
  readonly host: string;
  readonly url: string;
  readonly seen: SeenRequest[];
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly type: string; readonly bytes: Buffer }>;
  /** Asked before anything else. */
  hook: Hook | undefined;
  putBlob(bytes: Buffer): string;
  /** Under its digest, and under `tag` if given. */
  putManifest(document: unknown, tag?: string, type?: string): string;
  /** An image of these layers for linux/amd64; gives the digest of its manifest. */
  putImage(layers: readonly Buffer[], tag: string, change?: ImageChange): string;
  stop(): Promise<void>;
}

export interface ImageChange {
  readonly architecture?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
}

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar';

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * @param tls serves https with this certificate, and asks for one of the client without insisting.
 * @param address where it listens.
 */
export async function startFakeRegistry(tls?: Certificate, address = '127.0.0.1'): Promise<FakeRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; bytes: Buffer }>();
  const seen: SeenRequest[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const one: SeenRequest = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, client: clientName(request.socket), body: '' };
    seen.push(one);
    request.on('data', (chunk: Buffer) => (one.body += chunk.toString('latin1')));
    response.on('error', () => {});
    if (fake.hook?.(request, response, path) === true) return;
    const name = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    if (path.includes('/manifests/')) {
      const found = manifests.get(name);
      if (found === undefined) return void response.writeHead(404).end();
      response.writeHead(200, {
        'content-type': found.type,
        'content-length': found.bytes.length,
        'docker-content-digest': digestOf(found.bytes),
      });
      return void response.end(request.method === 'HEAD' ? undefined : found.bytes);
    }
    const blob = blobs.get(name);
    if (blob === undefined) return void response.writeHead(path === '/v2/' ? 200 : 404).end();
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (range === null) return void response.writeHead(200, { 'content-length': blob.length }).end(blob);
    const first = Number(range[1]);
    const last = range[2] === '' ? blob.length - 1 : Math.min(Number(range[2]), blob.length - 1);
    if (first >= blob.length) return void response.writeHead(416).end();
    response.writeHead(206, {
      'content-length': last - first + 1,
      'content-range': `bytes ${String(first)}-${String(last)}/${String(blob.length)}`,
    });
    response.end(blob.subarray(first, last + 1));
  };
  const server =
    tls === undefined
      ? createServer(serve)
      : createTlsServer(
          { cert: readFileSync(tls.certificate), key: readFileSync(tls.key), requestCert: true, rejectUnauthorized: false },
          serve,
        );
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const host = `${address}:${String((server.address() as AddressInfo).port)}`;

  const fake: FakeRegistry = {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    seen,
    blobs,
    manifests,
    hook: undefined,
    putBlob(bytes) {
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return digest;
    },
    putManifest(document, tag, type = MANIFEST) {
      const bytes = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document));
      const digest = digestOf(bytes);
      manifests.set(digest, { type, bytes });
      if (tag !== undefined) manifests.set(tag, { type, bytes });
      return digest;
    },
    putImage(layers, tag, change = {}) {
      const config = Buffer.from(
        JSON.stringify({
          os: 'linux',
          architecture: change.architecture ?? 'amd64',
          config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] },
          rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
          ...change.config,
        }),
      );
      return fake.putManifest(
        {
          schemaVersion: 2,
          mediaType: MANIFEST,
          config: { mediaType: CONFIG, digest: fake.putBlob(config), size: config.length },
          layers: layers.map((layer) => ({
            mediaType: LAYER,
            digest: fake.putBlob(layer),
            size: layer.length,
          })),
          ...change.manifest,
        },
        tag,
      );
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

function clientName(socket: Socket): string | undefined {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.subject ?? undefined) : undefined;
}
