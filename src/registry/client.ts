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
import { serviceLogin } from './credentials.js';
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
import { prove } from './proof.js';
import { readRateLimit } from './rate-limit.js';
import { createReceiveMemory } from './receive-memory.js';
import { createMemoryRateGate, type RateGate } from './rate-gate.js';
import { formatReference, type Reference } from './reference.js';
import {
  fetchConfig,
  fetchManifest,
  platformManifest,
  type Place,
} from './resolve.js';
import {
  DEFAULT_REGISTRY_LIMITS,
  type EndpointSettings,
  type MirrorSettings,
  type RegistryLogin,
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
  readonly loginFor?: (url: string) => RegistryLogin | undefined;
  /** Told whenever a registry says how many pulls remain. */
  readonly onRateLimit?: (registryName: string, limit: RateLimit) => void;
}

export interface ResolveOptions extends RequestOptions {
  readonly platform: Platform;
  /** What `head` gave for the same caller: spares asking twice. */
  readonly head?: HeadResult;
}

/** Every method throws GatewayError, with UNKNOWN_REGISTRY for a reference to a registry that is not configured. */
export interface RegistryClient {
  /** Asks for the digest only, which costs no pull; where the registry does not tell it that way, reads the manifest. */
  head(reference: Reference, options: RequestOptions): Promise<HeadResult>;
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
    const login = (await serviceLogin(settings, signal)) ?? options.loginFor?.(settings.url);
    return login === undefined ? undefined : new Identity('service', login);
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
  async function proveAt({ settings, origin, mirrors }: Registry, reference: Reference, request: RequestOptions): Promise<HeadResult> {
    const login =
      request.credentials === undefined
        ? await loginAt(settings, request.signal)
        : new Identity('user', request.credentials);
    const speaking = mirrors.filter((mirror) => mirror.settings.pull === 'tag').map(({ endpoint }) => endpoint);
    return await prove({ mirrors: speaking, origin, login }, reference, request, limits);
  }

  /** Where content is read, best first; the registry's credentials are for the registry alone. */
  async function places(
    registry: Registry,
    { identity, access }: Pick<HeadResult, 'identity' | 'access'>,
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

    head: async (reference, request) => await proveAt(registryOf(reference), reference, request),

    async resolve(reference, request) {
      const registry = registryOf(reference);
      const what = formatReference(reference);
      const proof = request.head ?? (await proveAt(registry, reference, request));
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
      const top = proof.document ?? (await firstOf(content, (place) => fetchManifest(place, proof.digest, limits)));
      const fetchChild = (child: HeadResult['digest']): ReturnType<typeof fetchManifest> =>
        firstOf(content, (place) => fetchManifest(place, child, limits));
      const { fetched, manifest, platform, attestations } = await platformManifest(
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
          ...(attestations === undefined ? {} : { attestations }),
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
