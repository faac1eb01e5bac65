/**
 * The registry client: references to images, and their layers as streams.
 *
 * Who may see an image is proved at the registry itself, or at a mirror that may speak for it (`pull: tag`): first
 * without credentials, then with the caller's own or the service's. Content then comes by digest from the mirrors in
 * order, and from the registry. A public image, too, is read there with the login, whose allowance of pulls is larger than
 * that of the address all of a site share; without it when it is refused or used up.
 */
import { abortReason, GatewayError, messageOf } from '../lib/errors.js';
import { assembleImage } from './assemble.js';
import { openBlobAt, type BlobPlace } from './blob-source.js';
import { serviceIdentity } from './credentials.js';
import { createEndpoint, type Endpoint } from './endpoint.js';
import { ANONYMOUS, Identity, isMatterOfLogin } from './identity.js';
import type {
  BlobRange,
  BlobStream,
  HeadResult,
  LayerDescriptor,
  RateLimit,
  RequestOptions,
  ResolvedImage,
} from './image.js';
import type { Platform } from './platform.js';
import { readRateLimit } from './rate-limit.js';
import { createReceiveMemory } from './receive-memory.js';
import { createMemoryRateGate, type RateGate } from './rate-gate.js';
import { formatReference, type Reference } from './reference.js';
import {
  fetchConfig,
  fetchManifest,
  headManifest,
  platformManifest,
  type Place,
} from './resolve.js';
import {
  DEFAULT_REGISTRY_LIMITS,
  type EndpointSettings,
  type MirrorSettings,
  type RegistryCredentials,
  type RegistryLimits,
  type RegistrySettings,
} from './settings.js';
import type { ProxyEnvironment } from './transport.js';

export interface RegistryLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface RegistryClientOptions {
  readonly registries: readonly RegistrySettings[];
  readonly limits?: Partial<RegistryLimits>;
  /** Shared by all workers to share the back-off; default: this process alone. */
  readonly gate?: RateGate;
  readonly log?: RegistryLog;
  /** Where proxies are read from; default: the environment of this process. */
  readonly environment?: ProxyEnvironment;
  /** The service's login at an address whose settings have none. */
  readonly loginFor?: (url: string) => RegistryCredentials | undefined;
  /** Told whenever a registry says how many pulls remain. */
  readonly onRateLimit?: (registryName: string, limit: RateLimit) => void;
}

export interface ResolveOptions extends RequestOptions {
  readonly platform: Platform;
  /** What `head` gave for the same caller: spares a second HEAD. */
  readonly head?: HeadResult;
}

/** Every method throws GatewayError, with UNKNOWN_REGISTRY for a reference to a registry that is not configured. */
export interface RegistryClient {
  /** Asks for the digest only, which costs no pull; undefined when the registry does not tell it that way. */
  head(reference: Reference, options: RequestOptions): Promise<HeadResult | undefined>;
  resolve(reference: Reference, options: ResolveOptions): Promise<ResolvedImage>;
  /** One request for a layer, or for a part of it. The bytes are not checked yet: see `fetchLayer`. */
  openBlob(image: ResolvedImage, layer: LayerDescriptor, range: BlobRange): Promise<BlobStream>;
  /** Whether a published tag may be given again when the registry failed with `error`. */
  allowsStale(registryName: string, error: unknown): boolean;
  readonly limits: RegistryLimits;
  close(): Promise<void>;
}

interface Registry {
  readonly settings: RegistrySettings;
  readonly origin: Endpoint;
  readonly mirrors: readonly { readonly settings: MirrorSettings; readonly endpoint: Endpoint }[];
}

type ContentPlace = Place & Pick<BlobPlace, 'isSpare'>;

interface Proof {
  readonly digest: HeadResult['digest'] | undefined;
  readonly access: 'public' | 'private';
  readonly identity: Identity;
  readonly place: Place;
}

/** @throws GatewayError BAD_CONFIG for settings that can't work. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const limits: RegistryLimits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
  const gate = options.gate ?? createMemoryRateGate();
  const environment = options.environment ?? process.env;
  const memory = createReceiveMemory();
  const registries = new Map(options.registries.map((settings) => [settings.name, createRegistry(settings)]));

  function createRegistry(settings: RegistrySettings): Registry {
    const common = { maxConnections: settings.maxConnections, limits, gate, environment, memory };
    const origin = createEndpoint({
      ...common,
      settings,
      onAnswer(answer, identity) {
        const seen = readRateLimit(answer, identity);
        if (seen !== undefined) options.onRateLimit?.(settings.name, seen);
      },
    });
    // Nobody waits for a mirror: the next place has the same.
    const atOnce: RegistryLimits = { ...limits, retries: 0, retryDelayMaxMs: 0 };
    const mirrors = settings.mirrors.map((mirror) => ({
      settings: mirror,
      endpoint: createEndpoint({ ...common, limits: atOnce, settings: mirror }),
    }));
    return { settings, origin, mirrors };
  }

  async function loginAt(settings: EndpointSettings, signal: AbortSignal): Promise<Identity | undefined> {
    const own = await serviceIdentity(settings, signal);
    const given = own === undefined ? options.loginFor?.(settings.url) : undefined;
    return given === undefined ? own : new Identity('service', given);
  }

  function registryOf(reference: Reference): Registry {
    const registry = registries.get(reference.registry);
    if (registry !== undefined) return registry;
    throw new GatewayError(
      'UNKNOWN_REGISTRY',
      `No registry "${reference.registry}" is configured. Known: ${[...registries.keys()].join(', ')}.`,
    );
  }

  /** Finds out what the reference is and on whose right it is read. */
  async function prove(registry: Registry, reference: Reference, request: RequestOptions): Promise<Proof> {
    const name = reference.digest ?? reference.tag ?? 'latest';
    const place = (endpoint: Endpoint, identity: Identity): Place => ({
      endpoint,
      identity,
      repository: reference.repository,
      signal: request.signal,
      ...(request.onWait === undefined ? {} : { onWait: request.onWait }),
    });
    const login =
      request.credentials === undefined
        ? await loginAt(registry.settings, request.signal)
        : new Identity('user', request.credentials);
    const byLogin = async (identity: Identity, access: Proof['access']): Promise<Proof> => {
      const at = place(registry.origin, identity);
      const digest = await headManifest(at, name);
      return { digest: reference.digest ?? digest, access, identity, place: at };
    };
    const tagMirrors = registry.mirrors.filter(({ settings }) => settings.pull === 'tag');
    let anonymousFailure: unknown;
    for (const endpoint of [...tagMirrors.map((mirror) => mirror.endpoint), registry.origin]) {
      try {
        const at = place(endpoint, ANONYMOUS);
        const found = await headAnonymously(at, name, endpoint === registry.origin ? login : undefined);
        if ('isPublicBut' in found) return await byLogin(found.isPublicBut, 'public');
        return { digest: reference.digest ?? found.digest, access: 'public', identity: login ?? ANONYMOUS, place: at };
      } catch (error) {
        if (request.signal.aborted) throw abortReason(request.signal);
        anonymousFailure = error;
        // Down or limiting us it has said nothing of who may have the image: a login must not make it private.
        const mayPass = error instanceof GatewayError && error.retryable;
        if (mayPass && endpoint === registry.origin) throw error;
      }
    }
    if (login !== undefined) return await byLogin(login, 'private');
    throw anonymousFailure;
  }

  /** Where content is read, best first; the registry's credentials are for the registry alone. */
  async function places(
    registry: Registry,
    { identity, access }: Pick<Proof, 'identity' | 'access'>,
    signal: AbortSignal,
  ): Promise<readonly BlobPlace[]> {
    const mirrors = await Promise.all(
      registry.mirrors.map(async ({ settings, endpoint }) => ({
        endpoint,
        identity: (await loginAt(settings, signal)) ?? ANONYMOUS,
      })),
    );
    const origin = { endpoint: registry.origin, identity };
    const mayGoWithout = access === 'public' && !identity.isAnonymous;
    return [...mirrors, origin, ...(mayGoWithout ? [{ endpoint: registry.origin, identity: ANONYMOUS, isSpare: true }] : [])];
  }

  /** The first place that has it; the trouble of a mirror, or with a login that is not needed, is noted and passed over. */
  async function firstOf<T>(candidates: readonly ContentPlace[], read: (place: Place) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const place of candidates) {
      if (place.isSpare === true && !isMatterOfLogin(failure)) break;
      try {
        return await read(place);
      } catch (error) {
        if (place.signal.aborted) throw abortReason(place.signal);
        failure = error;
        if (place !== candidates.at(-1))
          options.log?.warn({ host: place.endpoint.host, who: place.identity.kind, reason: messageOf(error) }, 'place passed over');
      }
    }
    throw failure;
  }

  return {
    limits,

    async head(reference, request) {
      const { digest, access, identity } = await prove(registryOf(reference), reference, request);
      return digest === undefined ? undefined : { digest, access, identity };
    },

    async resolve(reference, request) {
      const registry = registryOf(reference);
      const what = formatReference(reference);
      const proof = request.head ?? (await prove(registry, reference, request));
      const content = (await places(registry, proof, request.signal)).map(
        ({ endpoint, identity, isSpare }): ContentPlace => ({
          endpoint,
          identity,
          repository: reference.repository,
          signal: request.signal,
          ...(isSpare === undefined ? {} : { isSpare }),
          ...(request.onWait === undefined ? {} : { onWait: request.onWait }),
        }),
      );
      const { digest } = proof;
      const top =
        digest === undefined && 'place' in proof
          ? await fetchManifest(proof.place, reference.tag ?? 'latest', limits)
          : await firstOf(content, (place) =>
              fetchManifest(place, digest ?? reference.tag ?? 'latest', limits),
            );
      const fetchChild = (child: HeadResult['digest']): ReturnType<typeof fetchManifest> =>
        firstOf(content, (place) => fetchManifest(place, child, limits));
      const { fetched, manifest, platform } = await platformManifest(
        top,
        request.platform,
        fetchChild,
        what,
        limits,
      );
      const configBytes = await firstOf(content, (place) => fetchConfig(place, manifest.config, limits));
      return assembleImage(
        {
          reference,
          topDigest: top.digest,
          manifest,
          manifestBytes: fetched.bytes,
          manifestDigest: fetched.digest,
          configBytes,
          platform,
          access: proof.access,
          identity: proof.identity,
        },
        request.platform,
        what,
        limits,
      );
    },

    async openBlob(image, layer, range) {
      const registry = registryOf(image.reference);
      const from = await places(registry, image, range.signal);
      return await openBlobAt(from, image.reference.repository, layer, range, registry.settings, limits);
    },

    allowsStale(registryName, error) {
      // What does not pass by itself (a certificate, a refusal) must not be hidden behind an old image.
      const isDownOrLimited =
        error instanceof GatewayError &&
        error.retryable &&
        (error.code === 'REGISTRY_UNREACHABLE' || error.code === 'RATE_LIMITED');
      return isDownOrLimited && registries.get(registryName)?.settings.staleWhenUnavailable === true;
    },

    async close() {
      const endpoints = [...registries.values()].flatMap(({ origin, mirrors }) => [
        origin,
        ...mirrors.map(({ endpoint }) => endpoint),
      ]);
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    },
  };
}

/**
 * Asks as anybody may. Where `login` could be used instead, a rate limit is not waited out when the token service has
 * granted everybody the reading: that proves the image public as well.
 */
async function headAnonymously(
  at: Place,
  name: string,
  login: Identity | undefined,
): Promise<{ readonly digest: Proof['digest'] } | { readonly isPublicBut: Identity }> {
  if (login !== undefined) {
    try {
      return { digest: await headManifest({ ...at, atOnce: true }, name) };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'RATE_LIMITED') throw error;
      if (at.endpoint.grantsPull(at.identity, at.repository)) return { isPublicBut: login };
    }
  }
  return { digest: await headManifest(at, name) };
}
