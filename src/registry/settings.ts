/**
 * What this room needs to know of each registry, as plain data: the configuration room makes it from `Locations`.
 */
import { DOCKER_HUB_NAMES, type ReferenceNames } from './reference.js';

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** A login, or one of the tokens that stand in its place in Docker's `config.json`. */
export type RegistryLogin =
  | RegistryCredentials
  /** Of a login that was made elsewhere, to be exchanged by the OAuth2 form. */
  | { readonly identityToken: string }
  /** A bearer token for the registry itself, used as it is. */
  | { readonly registryToken: string };

/** How one server is reached and trusted: the registry itself, or a mirror of it. */
export interface EndpointSettings {
  /** `https://host[:port][/path]`, or `http://...` (anonymous pulls only, unless `insecure`). */
  readonly url: string;
  /** PEM file of certificate authorities, trusted beside those that Node brings along. */
  readonly caFile?: string;
  /** PEM files by which the gateway shows who it is. */
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  /** Asked for in TLS and required of the certificate, in place of the host of `url`. */
  readonly serverName?: string;
  /** The service's own login. */
  readonly credentials?: RegistryCredentials;
  /** A file in the form of Docker's `config.json`, read anew when it changes. */
  readonly credentialsFile?: string;
  /** A credential helper: `name` of `docker-credential-<name>` on PATH, or a path. */
  readonly credentialHelper?: string;
  /** Hosts (`host[:port]`) of token services that may see the credentials, beside the endpoint's own host. */
  readonly realmHosts?: readonly string[];
  /** Credentials may travel over plain http, and a redirect may leave https. */
  readonly insecure: boolean;
  /**
   * Addresses that may be connected to although they are not public: CIDRs, `private`, `loopback`, `link-local`. The
   * hosts named in `url` and `realmHosts` need no entry for private addresses (or for the very address they name).
   */
  readonly allowedAddresses?: readonly string[];
}

export interface MirrorSettings extends EndpointSettings {
  /**
   * `tag`: the mirror may say which digest a tag has, and its anonymous answer proves an image public. `digest`: it is
   * asked for content by digest only.
   */
  readonly pull: 'digest' | 'tag';
}

export interface RegistrySettings extends EndpointSettings {
  /** The Location's name, canonical: what references and users see. */
  readonly name: string;
  readonly remoteType: string;
  /** `basic` prefers Basic where a registry offers both; the registry's challenge decides otherwise. */
  readonly authMethod: 'token' | 'basic';
  /** Asked in this order before the registry itself. */
  readonly mirrors: readonly MirrorSettings[];
  /** Connections at a time to each host, over all pulls of this process. */
  readonly maxConnections: number;
  /** Requests a second to the registry, over all workers that share a rate gate and all identities. */
  readonly requestsPerSecond?: number;
  /** When the registry is down or limits us, a tag that is already published may be given as it is. */
  readonly staleWhenUnavailable: boolean;
  /** Layers may be fetched from URLs that the manifest names, outside of the registry. */
  readonly foreignLayers: boolean;
}

/** Every bound on what a registry may cost us. Sizes in bytes, times in ms. */
export interface RegistryLimits {
  readonly manifestBytes: number;
  readonly configBytes: number;
  readonly tokenBytes: number;
  /** Read of an error's body; far less of it is shown. */
  readonly errorBytes: number;
  readonly layers: number;
  readonly indexEntries: number;
  /** An index within an index is 2. */
  readonly indexDepth: number;
  readonly redirects: number;
  /** Of one pull, fetched at a time. */
  readonly parallelLayers: number;
  /** The sum of the layers as they are fetched. */
  readonly imageBytes: number;
  readonly connectTimeoutMs: number;
  /** From a request to the head of its answer, and between two pieces of a body. */
  readonly answerTimeoutMs: number;
  /** A body that brings less than `minimumBytesPerSecond` over `minimumRateWindowMs` of waiting is broken off and resumed. */
  readonly minimumBytesPerSecond: number;
  readonly minimumRateWindowMs: number;
  /** Tries after the first one, of one request or of one blob without progress. */
  readonly retries: number;
  readonly retryBaseMs: number;
  /** First wait after 429 without Retry-After. */
  readonly rateLimitedBaseMs: number;
  /** The longest wait between two tries, whoever asks for it; a longer one ends the work as RATE_LIMITED, with the time to wait in the error. */
  readonly retryDelayMaxMs: number;
  /** The longest Retry-After that is believed; a longer one is not to be waited for. */
  readonly retryAfterMaxMs: number;
  /** The retry budget of a host: so many retries in so much time, over all workers that share a rate gate. */
  readonly retriesPerHost: number;
  readonly retriesWindowMs: number;
  /** Layers larger than this are fetched in several ranges at once, of `rangeBytes` each, `rangeStreams` at a time. */
  readonly rangeThresholdBytes: number;
  readonly rangeBytes: number;
  readonly rangeStreams: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = {
  manifestBytes: 4 * MIB,
  configBytes: 4 * MIB,
  tokenBytes: MIB,
  errorBytes: 64 * 1024,
  layers: 500,
  indexEntries: 1000,
  indexDepth: 2,
  redirects: 5,
  parallelLayers: 4,
  imageBytes: 1024 * 1024 * MIB,
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 60_000,
  minimumBytesPerSecond: 50_000,
  minimumRateWindowMs: 60_000,
  retries: 4,
  retryBaseMs: 1000,
  rateLimitedBaseMs: 2000,
  retryDelayMaxMs: 60_000,
  retryAfterMaxMs: 3_600_000,
  retriesPerHost: 120,
  retriesWindowMs: 60_000,
  rangeThresholdBytes: 256 * MIB,
  rangeBytes: 32 * MIB,
  rangeStreams: 4,
};

/** Settings with everything that was not said: what an entry `{}` of that name in `Locations` means. */
export function registrySettings(
  given: Pick<RegistrySettings, 'name'> & Partial<RegistrySettings>,
): RegistrySettings {
  return {
    url: `https://${given.name}`,
    remoteType: 'dockerv2',
    authMethod: 'token',
    realmHosts: [],
    insecure: false,
    mirrors: [],
    allowedAddresses: [],
    maxConnections: 6,
    staleWhenUnavailable: false,
    foreignLayers: true,
    ...given,
  };
}

/** True for the hosts of Docker Hub, whose API answers on `registry-1.docker.io` alone. */
export function isDockerHubHost(host: string): boolean {
  return DOCKER_HUB_NAMES.includes(host);
}

/** The names by which references are parsed. */
export function referenceNames(
  defaultRegistry: string,
  registries: readonly RegistrySettings[],
): ReferenceNames {
  return {
    defaultRegistry,
    registries: registries.map(({ name }) => name),
    dockerHub: registries.filter(({ url }) => isDockerHubHost(new URL(url).hostname)).map(({ name }) => name),
  };
}
