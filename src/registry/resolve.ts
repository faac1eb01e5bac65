/** From a reference to a platform's manifest and config, read from places that are asked in turn. */
import { isDigest, sha256, digestAlgorithm, hasherFor, finishDigest, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { attestationsOf, chooseManifest, nestedIndexes, platformsOf } from './choose.js';
import {
  ACCEPTED_DOCUMENTS,
  parseDocument,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
} from './documents.js';
import type { Endpoint, EndpointRequest } from './endpoint.js';
import { discard, readBody, type Answer } from './exchange.js';
import type { Identity } from './identity.js';
import { formatPlatform, normalPlatform, platformFit, type Platform } from './platform.js';
import type { RegistryLimits } from './settings.js';
import type { OnWait } from './waiting.js';

export interface Place {
  readonly endpoint: Endpoint;
  readonly identity: Identity;
  readonly repository: string;
  readonly signal: AbortSignal;
  readonly onWait?: OnWait;
  /** Somebody else can be asked: a rate limit is not waited out. */
  readonly atOnce?: boolean;
}

export interface Fetched {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly contentType: string;
}

/**
 * The digest behind a tag or digest; undefined when the registry does not say (older ones, or HEAD not allowed).
 *
 * @throws GatewayError NOT_FOUND and what requests throw.
 */
export async function headManifest(place: Place, name: string): Promise<Digest | undefined> {
  const answer = await place.endpoint.request(wanted(place, 'HEAD', `manifests/${name}`, { accept: ACCEPTED_DOCUMENTS }));
  discard(answer);
  if (answer.status === 404) throw notFound(place, name);
  const digest = answer.header('docker-content-digest') ?? '';
  return answer.status === 200 && isDigest(digest) ? digest : undefined;
}

/**
 * Reads a manifest or index by tag or digest; its digest is that of the bytes, whatever way they came.
 *
 * @throws GatewayError NOT_FOUND, MANIFEST_TOO_LARGE, BAD_MANIFEST and what requests throw.
 */
export async function fetchManifest(place: Place, name: string, limits: RegistryLimits): Promise<Fetched> {
  return await place.endpoint.read(wanted(place, 'GET', `manifests/${name}`, { accept: ACCEPTED_DOCUMENTS }), async (answer) => {
    const fetched = await readDocument(place, answer, name, limits.manifestBytes, isDigest(name) ? name : undefined, limits);
    const said = answer.header('docker-content-digest');
    const isComparable = said !== undefined && isDigest(said) && digestAlgorithm(said) === digestAlgorithm(fetched.digest);
    if (isComparable && said !== fetched.digest) {
      throw new GatewayError(
        'BAD_MANIFEST',
        `${place.endpoint.host} says that ${name} is ${said}, but what it sends is ${fetched.digest}.`,
      );
    }
    return fetched;
  });
}

/** The config of a manifest. @throws GatewayError as `fetchManifest`. */
export async function fetchConfig(
  place: Place,
  descriptor: Descriptor,
  limits: RegistryLimits,
): Promise<Buffer> {
  if (descriptor.size > limits.configBytes) throw tooLarge(descriptor.digest, limits.configBytes);
  const { digest } = descriptor;
  const { bytes } = await place.endpoint.read(wanted(place, 'GET', `blobs/${digest}`, {}), (answer) =>
    readDocument(place, answer, digest, limits.configBytes, digest, limits),
  );
  if (bytes.length !== descriptor.size) throw wrongSize(descriptor, bytes.length);
  return bytes;
}

export interface ChosenManifest {
  readonly fetched: Fetched;
  readonly manifest: ImageManifest;
  /** What the index said; undefined without one. */
  readonly platform: Platform | undefined;
  /** What the index that lists it lists about it; undefined without one. */
  readonly attestations?: readonly Digest[];
}

/**
 * Follows an index down to the manifest for `platform`.
 *
 * @throws GatewayError ARCH_MISMATCH, BAD_MANIFEST and what fetching throws.
 */
export async function platformManifest(
  top: Fetched,
  platform: Platform,
  fetchChild: (digest: Digest) => Promise<Fetched>,
  what: string,
  limits: RegistryLimits,
): Promise<ChosenManifest> {
  const seen = new Set<Digest>([top.digest]);
  const document = parseDocument(top.bytes, top.contentType, what, limits);
  if (document.kind === 'manifest') return { fetched: top, manifest: document, platform: undefined };
  const found = await descend(document, 1);
  if (found === undefined) {
    throw new GatewayError(
      'ARCH_MISMATCH',
      `${what} has no image for ${formatPlatform(platform)}. There are: ${platformsOf(document).join(', ') || 'none'}.`,
    );
  }
  return found;

  async function descend(
    index: ImageIndex,
    depth: number,
  ): Promise<ChosenManifest | undefined> {
    const entry = chooseManifest(index, platform);
    if (entry !== undefined) {
      const child = await readChild(entry);
      if (child.document.kind === 'index')
        throw new GatewayError('BAD_MANIFEST', `${what} lists the index ${entry.digest} as a manifest.`);
      return {
        fetched: child.fetched,
        manifest: child.document,
        platform: entry.platform,
        attestations: attestationsOf(index, entry.digest),
      };
    }
    const nested = nestedIndexes(index, platform);
    if (nested.length > 0 && depth >= limits.indexDepth) {
      throw new GatewayError(
        'BAD_MANIFEST',
        `${what} has indexes within indexes, more than ${String(limits.indexDepth)} deep.`,
      );
    }
    for (const inner of nested) {
      if (seen.has(inner.digest)) continue;
      const child = await readChild(inner);
      if (child.document.kind === 'manifest')
        throw new GatewayError('BAD_MANIFEST', `${what} lists the manifest ${inner.digest} as an index.`);
      const found = await descend(child.document, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function readChild(
    entry: Descriptor,
  ): Promise<{ fetched: Fetched; document: ImageManifest | ImageIndex }> {
    seen.add(entry.digest);
    if (entry.size > limits.manifestBytes) throw tooLarge(entry.digest, limits.manifestBytes);
    const fetched = await fetchChild(entry.digest);
    if (fetched.bytes.length !== entry.size) throw wrongSize(entry, fetched.bytes.length);
    const document = parseDocument(fetched.bytes, fetched.contentType, `${what} (${entry.digest})`, limits);
    if (entry.mediaType !== '' && entry.mediaType !== document.mediaType) {
      throw new GatewayError(
        'BAD_MANIFEST',
        `${what} lists ${entry.digest} as ${entry.mediaType}, but it is ${document.mediaType}.`,
      );
    }
    return { fetched, document };
  }
}

/**
 * The image's platform: what its index said, else what its config says, which must then fit the system.
 *
 * @throws GatewayError ARCH_MISMATCH
 */
export function imagePlatform(
  fromIndex: Platform | undefined,
  config: ImageConfig,
  wanted: Platform,
  what: string,
): Platform {
  if (fromIndex !== undefined) return normalPlatform(fromIndex.os, fromIndex.architecture, fromIndex.variant);
  const own = normalPlatform(config.os === '' ? 'linux' : config.os, config.architecture, config.variant);
  if (platformFit(own, wanted) === undefined) {
    throw new GatewayError(
      'ARCH_MISMATCH',
      `${what} is for ${formatPlatform(own)}, the system needs ${formatPlatform(wanted)}.`,
    );
  }
  return own;
}

function wanted(
  place: Place,
  method: 'GET' | 'HEAD',
  path: string,
  headers: Readonly<Record<string, string>>,
): EndpointRequest {
  const { repository, identity, signal, onWait, atOnce } = place;
  return {
    method,
    path: `${repository}/${path}`,
    repository,
    headers,
    identity,
    signal,
    ...(onWait === undefined ? {} : { onWait }),
    ...(atOnce === undefined ? {} : { atOnce }),
  };
}

async function readDocument(
  place: Place,
  answer: Answer,
  name: string,
  limit: number,
  expected: Digest | undefined,
  limits: RegistryLimits,
): Promise<Fetched> {
  if (answer.status !== 200) {
    discard(answer);
    if (answer.status === 404) throw notFound(place, name);
    throw new GatewayError(
      'REGISTRY_UNREACHABLE',
      `${place.endpoint.host} answers HTTP ${String(answer.status)} for ${place.repository} ${name}.`,
      { retryable: false },
    );
  }
  const bytes = await readBody(answer, limit, () => tooLarge(name, limit), place.signal, limits);
  const digest =
    expected === undefined
      ? sha256(bytes)
      : finishDigest(hasherFor(expected).update(bytes), digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) {
    throw new GatewayError(
      'BAD_MANIFEST',
      `${answer.url.host} sends something else than ${expected} under that digest (${digest}).`,
    );
  }
  return { bytes, digest, contentType: answer.header('content-type') ?? '' };
}

function notFound(place: Place, name: string): GatewayError {
  const text = isDigest(name) ? `@${name}` : `:${name}`;
  return new GatewayError(
    'NOT_FOUND',
    `${place.endpoint.host} has no ${place.repository}${text}, or does not show it to this caller.`,
  );
}

function tooLarge(name: string, limit: number): GatewayError {
  return new GatewayError(
    'MANIFEST_TOO_LARGE',
    `The document ${name} is larger than ${String(limit)} bytes, the limit for manifests and configs.`,
  );
}

function wrongSize(entry: Descriptor, size: number): GatewayError {
  return new GatewayError(
    'BAD_MANIFEST',
    `${entry.digest} has ${String(size)} bytes, its descriptor promises ${String(entry.size)}.`,
  );
}
