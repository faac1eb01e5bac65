/**
 * What the registry client is told about each Location, and the limits it works under: plain data, paths absolute.
 */

/** A Location of the configuration: a place to pull from. */
export interface RegistrySettings {
  readonly name: string;
  /** `http://` or `https://` with host and port. It is permission for the addresses of that host, of no other. */
  readonly url: string;
  readonly remoteType: 'dockerv2';
  /** Which challenge is preferred when the registry offers both. */
  readonly authMethod: 'token' | 'basic';
  /** PEM file; trusted beside the built-in roots. */
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly credentials?: Credentials;
  /** In the form of Docker's `config.json`. */
  readonly credentialsFile?: string;
  /** Suffix of `docker-credential-<helper>`. */
  readonly credentialHelper?: string;
  /** `host` or `host:port` of token services, beside the registry itself, that may be given the credentials. */
  readonly realmHosts?: readonly string[];
  /** Credentials may go to it without TLS. */
  readonly insecure: boolean;
  /** Tried in this order before the registry itself. */
  readonly mirrors: readonly MirrorSettings[];
  /** CIDR blocks, or `private` or `loopback`, that redirects, realms and foreign URLs may lead to. */
  readonly allowedAddresses: readonly string[];
  /** Connections to one host at a time. */
  readonly maxConnections: number;
  readonly requestsPerSecond?: number;
  /** For the pipeline: a published tag may be given again, marked stale, while the registry is down or limits us. */
  readonly staleWhenUnavailable: boolean;
  /** Layers may come from the URLs that a manifest names for them. */
  readonly foreignLayers?: boolean;
}

export interface MirrorSettings {
  readonly url: string;
  /** `digest`: it is never asked what a tag is. */
  readonly pull: 'digest' | 'tag';
  readonly caFile?: string;
  readonly credentials?: Credentials;
  readonly insecure: boolean;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Bounds of what is taken from a registry, and of how long it is tried. */
export interface RegistryLimits {
  readonly manifestBytes: number;
  readonly configBytes: number;
  /** Of an answer of a token service. */
  readonly tokenBytes: number;
  /** Read of the body of a refusal. */
  readonly errorBytes: number;
  readonly layers: number;
  readonly indexEntries: number;
  readonly redirects: number;
  /** Layers of one image at a time. */
  readonly parallelLayers: number;
  readonly connectTimeoutMs: number;
  /** From a sent request to the head of its answer. */
  readonly headersTimeoutMs: number;
  /** Silence within a body. */
  readonly bodyTimeoutMs: number;
  /** How often one request is tried again; for a blob, without progress. */
  readonly retries: number;
  /** The first delay; it doubles. */
  readonly retryDelayMs: number;
  readonly retryDelayMaxMs: number;
  /** Longest delay that a registry may ask for. */
  readonly retryAfterMaxMs: number;
  /** Retries that one host may cost in a minute, over all requests that share the gate. */
  readonly retriesPerMinute: number;
  /** Below this rate, over `minimumRateWindowMs`, a transfer is broken off and resumed. */
  readonly minimumBytesPerSecond: number;
  readonly minimumRateWindowMs: number;
  /** From this size on a blob is fetched in several ranges at once. */
  readonly rangedBlobBytes: number;
  /** The size of one range. */
  readonly rangeBytes: number;
  /** Ranges of one blob at a time; 1 turns ranges off. */
  readonly parallelRanges: number;
}

const MIB = 1 << 20;

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = {
  manifestBytes: 4 * MIB,
  configBytes: 4 * MIB,
  tokenBytes: MIB,
  errorBytes: 64 << 10,
  layers: 500,
  indexEntries: 1000,
  redirects: 5,
  parallelLayers: 4,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  retries: 5,
  retryDelayMs: 1000,
  retryDelayMaxMs: 60_000,
  retryAfterMaxMs: 3_600_000,
  retriesPerMinute: 120,
  minimumBytesPerSecond: 50_000,
  minimumRateWindowMs: 60_000,
  rangedBlobBytes: 256 * MIB,
  rangeBytes: 64 * MIB,
  parallelRanges: 3,
};

/** The defaults with what is given over them. */
export function registryLimits(given: Partial<RegistryLimits> = {}): RegistryLimits {
  return { ...DEFAULT_REGISTRY_LIMITS, ...given };
}
