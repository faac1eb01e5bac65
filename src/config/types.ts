/**
 * The configuration as the rest of the gateway sees it: normalised, defaults applied, paths absolute.
 *
 * Durations are ms and sizes are bytes; the name of each says so.
 */

export interface GatewayConfig {
  /** The file that it came from; absent for the built-in configuration of one machine. */
  readonly file?: string;
  /** Those that the file declares; others are in the index. */
  readonly systems: readonly SystemConfig[];
  /** `ConverterOptions.squashfs`, for systems that are declared later; absent when the file has none. */
  readonly converterOptions?: ConverterOptions;
  readonly registries: readonly RegistryConfig[];
  /** Name of the registry that a reference without one means. */
  readonly defaultRegistry: string;

  /** Content-addressed blobs and products. */
  readonly cacheDirectory: string;
  /** The least recently used go first; absent: no limit. */
  readonly cacheMaxBytes?: number;
  /** Whether layers are kept as they were compressed. */
  readonly cacheSegments: boolean;
  /** Products being built, and trees for a classic examiner. */
  readonly expandDirectory: string;
  /** Private Redis and index, sockets, locks. */
  readonly stateDirectory: string;

  /** Life of an image after its last use; absent: for ever. */
  readonly imageExpirationMs?: number;
  /** Age from which a tag is asked for again at the registry. */
  readonly pullUpdateMs: number;
  /** How long ended pulls are remembered. */
  readonly pullRetentionMs: number;

  readonly authentication: readonly AuthenticationMode[];
  /** Keys of the workers for which the logins of registries are sealed, `x25519:...`. */
  readonly workerKeys: readonly string[];
  /** User names of the administrators of the gateway. */
  readonly admins: readonly string[];
  /** Who may import; an empty list is nobody. */
  readonly importUsers: 'all' | readonly string[];
  /** Directories that imports may come from; empty: none. */
  readonly importPaths: readonly string[];
  /** Which of those who may import may import a squashfs. */
  readonly importSquashfs: 'admins' | 'all' | 'none';
  /** An imported squashfs is packed anew. */
  readonly importSquashfsRepack: boolean;
  /** Entries of an archive. */
  readonly importMembers: number;

  /** How long a worker asks its machine for users and groups (ms). */
  readonly nameLookupMs: number;

  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Absent: a private one is started. */
  readonly redisUrl?: string;
  /** Absent: a private one is started. */
  readonly mongoUri?: string;

  /** Pulls that one worker process works on at a time. */
  readonly workerThreads: number;
  readonly jobs: JobsConfig;
  readonly progress: ProgressConfig;
  readonly packer: PackerConfig;
  readonly examiner?: ExaminerConfig;
  readonly verification: VerificationConfig;
  readonly logLevel: LogLevel;
  /** Log each look-up of an image by a known user. */
  readonly lookupMetrics: boolean;

  readonly apiLimits: ApiLimits;
  readonly registryLimits: RegistryLimitsConfig;
  readonly rootfsLimits: RootfsLimitsConfig;
}

/** `none`: no identity is asked for; the gateway then listens on the loopback only. */
export type AuthenticationMode = 'none' | 'munge' | 'jwt' | 'token';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** A place to publish to: an entry of `Platforms`. */
export interface SystemConfig {
  readonly name: string;
  readonly access: 'local' | 'remote';
  /** On the system itself. */
  readonly imageDirectory: string;
  /** Present when `access` is `remote`. */
  readonly ssh?: SshConfig;
  /** User names, exact. */
  readonly admins: readonly string[];
  readonly mungeSocket?: string;
  /** The namespace of users and groups; systems that share a munge socket share it. Holds no `/`. */
  readonly realm: string;
  readonly platform: PlatformConfig;
  readonly squashfs: SquashfsConfig;
  readonly policy: RootfsPolicyConfig;
  readonly delivery: DeliveryConfig;
}

export interface PlatformConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface SshConfig {
  /** In the order in which they are tried. At least one. */
  readonly hosts: readonly SshHost[];
  readonly username: string;
  /** Private key file; absent: the agent. */
  readonly key?: string;
  /** File whose first line unlocks the key. */
  readonly passphraseFile?: string;
  /** Socket of the agent; absent: `SSH_AUTH_SOCK`. */
  readonly agent?: string;
  /** known_hosts file; absent: that of the user who runs the gateway. */
  readonly knownHosts?: string;
  /** Trusted host keys, as `SHA256:...`; with any, known_hosts is not looked at. */
  readonly fingerprints: readonly string[];
  /** Servers without posix-rename, fsync and statvfs are used too. */
  readonly allowOlderServers: boolean;
  /** Most SFTP channels on one connection. */
  readonly channels: number;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly stallTimeoutMs: number;
  readonly reconnects: number;
  readonly reconnectDelayMs: number;
}

export interface SshHost {
  readonly name: string;
  readonly port: number;
}

export type SquashfsCompression = 'zstd' | 'gzip' | 'lz4' | 'xz';

export interface SquashfsConfig {
  readonly compression: SquashfsCompression;
  /** Absent for compressors that have no level. */
  readonly level?: number;
  readonly blockSize: number;
  /** What `ConverterOptions.squashfs` has for mksquashfs beside these, one argument each; absent when it has nothing. */
  readonly extraOptions?: readonly string[];
}

/** `ConverterOptions.squashfs`, read: what keys of ours go over, and what is for mksquashfs alone. */
export interface ConverterOptions {
  readonly compression?: SquashfsCompression;
  readonly level?: number;
  readonly blockSize?: number;
  readonly memoryBytes?: number;
  readonly processors?: number;
  readonly userXattrs: 'keep' | 'drop';
  /** Arguments for mksquashfs, whatever compresses. */
  readonly handedOn: readonly string[];
  /** Arguments for the compressor that the list makes, and for systems that have it. */
  readonly ofCompressor: readonly string[];
}

/** What flattening keeps, drops and changes. */
export interface RootfsPolicyConfig {
  /** `root`: everything belongs to root. */
  readonly ownership: 'root' | 'keep';
  /** Makes what an image's users could not read readable (`a+rX`). */
  readonly widenPermissions: boolean;
  readonly setuid: 'keep' | 'strip';
  readonly capabilities: 'keep' | 'strip';
  /** Attributes of the `user.` namespace. */
  readonly userXattrs: 'keep' | 'drop';
  readonly devices: 'drop' | 'keep';
  readonly fifos: 'drop' | 'keep';
}

export interface DeliveryConfig {
  /** Permission bits of the published files. */
  readonly fileMode: number;
  /** Absent: whoever writes. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Room that is left free on the system. */
  readonly reserveBytes: number;
  /** `always`: what lies on the system is read back; `size`: its size alone is compared. */
  readonly verify: 'always' | 'size';
  /** How often a delivery that failed is begun anew, and the wait before each of these. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** How long what was cancelled or has failed waits for the system, to end its step and to tidy up. */
  readonly cleanUpMs: number;
}

/** How one server is reached and trusted. */
export interface EndpointConfig {
  /** `http://` or `https://`, without `/` at the end. */
  readonly url: string;
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  /** Required of the certificate, in place of the host of `url`. */
  readonly serverName?: string;
  readonly credentials?: RegistryCredentialsConfig;
  /** In the form of Docker's `config.json`. */
  readonly credentialsFile?: string;
  /** `name` of a program `docker-credential-name`. */
  readonly credentialHelper?: string;
  /** Hosts besides its own whose token service may be given the credentials. */
  readonly realmHosts: readonly string[];
  /** Credentials may go to it without TLS. */
  readonly insecure: boolean;
  /** CIDR blocks, or the words `private`, `loopback` and `link-local`: where it may lead beside public addresses. */
  readonly allowedAddresses: readonly string[];
}

/** A place to pull from: an entry of `Locations`. */
export interface RegistryConfig extends EndpointConfig {
  readonly name: string;
  readonly remoteType: 'dockerv2';
  readonly authMethod: 'token' | 'basic';
  /** In the order in which they are tried, before the registry itself. */
  readonly mirrors: readonly MirrorConfig[];
  /** At a time, to each host. */
  readonly maxConnections: number;
  /** Over all workers. */
  readonly requestsPerSecond?: number;
  /** A published tag is given again, marked stale, while the registry is down or limits us. */
  readonly staleWhenUnavailable: boolean;
  /** Layers may come from the URLs that a manifest names for them. */
  readonly foreignLayers: boolean;
}

export interface RegistryCredentialsConfig {
  readonly username: string;
  readonly password: string;
}

/** A place that has content of a registry; trusted and logged in to on its own. */
export interface MirrorConfig extends EndpointConfig {
  /** `digest`: it is never asked what a tag is. */
  readonly pull: 'digest' | 'tag';
}

export interface JobsConfig {
  /** A worker that has not renewed its lock for so long has lost the job. */
  readonly lockDurationMs: number;
  /** How often lost jobs are looked for. */
  readonly stalledIntervalMs: number;
  /** How often a job may be lost before its pull fails as STALLED. */
  readonly maxStalledCount: number;
  /** From the start of work to its end. */
  readonly pullTimeLimitMs: number;
  /** How often pulls without a job are looked for. */
  readonly reconcileIntervalMs: number;
  /** How often a worker says that it lives. */
  readonly heartbeatMs: number;
  /** How often a worker looks at its systems. */
  readonly systemCheckMs: number;
  /** How long a caller waits for the answer of a system's worker. */
  readonly systemAnswerMs: number;
  /** What a check of a system writes. */
  readonly systemProbeBytes: number;
  /** How often the systems that the index declares are read again, whatever was heard. */
  readonly systemsRereadMs: number;
  /** How often files and helpers are asked again for the logins that are sealed for workers. */
  readonly credentialsRereadMs: number;
  /** How long a stopping worker lets its pulls go on. */
  readonly shutdownGraceMs: number;
}

export interface ProgressConfig {
  /** States a second for one pull; a change of stage always goes out at once. */
  readonly eventsPerSecond: number;
  /** How often a subscription reads the state again, whatever it has heard. */
  readonly rereadIntervalMs: number;
}

export interface PackerConfig {
  readonly memoryBytes: number;
  readonly processors: number;
  readonly timeLimitMs: number;
}

export interface ExaminerConfig {
  /** What the program gets: the image unpacked, or its squashfs and a listing; and its id. */
  readonly kind: 'classic' | 'hook';
  readonly command: string;
  readonly timeLimitMs: number;
}

/** Reading back what lies on the systems. */
export interface VerificationConfig {
  /** Absent: only when somebody asks for it. */
  readonly intervalMs?: number;
  readonly bytesPerSecond: number;
  /** Findings that are listed; all are counted. */
  readonly maxFindings: number;
}

/** Bounds of one GraphQL request or socket. */
export interface ApiLimits {
  readonly maxTokens: number;
  readonly maxDepth: number;
  readonly maxAliases: number;
  /** Largest `first` or `last`. */
  readonly maxPageSize: number;
  readonly maxSystemsPerPull: number;
  readonly maxAccessNames: number;
  readonly requestBytes: number;
  readonly websocketPayloadBytes: number;
  readonly subscriptionsPerSocket: number;
  readonly socketsPerAddress: number;
  readonly introspection: boolean;
}

/** Bounds of what is taken from a registry, and the budget for trying again: the registry room says what each means. */
export interface RegistryLimitsConfig {
  readonly manifestBytes: number;
  readonly configBytes: number;
  readonly tokenBytes: number;
  readonly errorBytes: number;
  readonly layers: number;
  readonly imageBytes: number;
  readonly indexEntries: number;
  readonly indexDepth: number;
  readonly redirects: number;
  readonly parallelLayers: number;
  readonly rangeThresholdBytes: number;
  readonly rangeBytes: number;
  readonly rangeStreams: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly minimumBytesPerSecond: number;
  readonly minimumRateWindowMs: number;
  readonly retries: number;
  readonly retryBaseMs: number;
  readonly rateLimitedBaseMs: number;
  readonly retryDelayMaxMs: number;
  readonly retryAfterMaxMs: number;
  readonly retriesPerHost: number;
  readonly retriesWindowMs: number;
}

/** Bounds of what is taken from layers. */
export interface RootfsLimitsConfig {
  readonly layerBytes: number;
  readonly imageBytes: number;
  /** Uncompressed to compressed. */
  readonly ratio: number;
  /** The ratio of smaller layers is not looked at. */
  readonly ratioFromBytes: number;
  readonly entries: number;
  /** Of an image that is made beside others; of larger ones a worker makes one at a time. */
  readonly smallEntries: number;
  readonly depth: number;
  /** Components that are looked up for one image. */
  readonly pathSteps: number;
  readonly paxBytes: number;
  readonly longNameBytes: number;
  readonly xattrBytes: number;
  readonly nameBytes: number;
}

/** Something to correct or to know about in the configuration. */
export interface ConfigProblem {
  /** Where: `Platforms.cori.ssh.imageDir`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}
