/**
 * From the text of imagemanager.json to the normalised configuration. Everything is looked at in one run, whatever
 * is wrong elsewhere.
 */
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../lib/errors.js';
import { redisOptions } from '../lib/redis-address.js';
import { checkAuthentication } from './authentication.js';
import { keyPath, quoted, readJson } from '../lib/json.js';
import { readConverterOptions } from './converter-options.js';
import type { Findings } from './findings.js';
import { readSection } from './keys.js';
import { isObject } from './kinds.js';
import { apiLimitsSection, registryLimitsSection, rootfsLimitsSection } from './limit-keys.js';
import { mongoUriWithDatabase } from './mongo-uri.js';
import { absolutePath, type PathContext } from './paths.js';
import { isDockerHub, readRegistry } from './read-registry.js';
import { readSystem } from './read-system.js';
import { suggest } from './suggest.js';
import { converterOptionsSection, topLevelSection, type TopLevelValues } from './top-level-keys.js';
import type {
  ExaminerConfig,
  ApiLimits,
  ConverterOptions,
  GatewayConfig,
  RegistryConfig,
  RegistryLimitsConfig,
  RootfsLimitsConfig,
  SystemConfig,
} from './types.js';

const MAX_FILE_CHARACTERS = 4 * 2 ** 20;

export interface ReadOptions {
  /** Where the text comes from: relative paths start there. */
  readonly file: string;
  readonly workingDirectory: string;
  /** Used where the file names none. */
  readonly stateDirectory: string;
  readonly findings: Findings;
}

/** Undefined when the text is no JSON object; otherwise usable if `findings` has no problems. Never throws. */
export function readConfig(text: string, options: ReadOptions): GatewayConfig | undefined {
  const { findings } = options;
  if (text.length > MAX_FILE_CHARACTERS) {
    findings.problem('', `the file has more than ${MAX_FILE_CHARACTERS} characters: is it the right one?`);
    return undefined;
  }
  const reading = readJson(text);
  if (!reading.ok) {
    findings.problem('', `line ${reading.line}, column ${reading.column}: ${reading.message}`);
    return undefined;
  }
  for (const key of reading.repeatedKeys)
    findings.warning(key, 'is given more than once; the last one counts');
  if (!isObject(reading.value)) {
    findings.problem('', 'the file must hold one JSON object: { ... }');
    return undefined;
  }
  return { file: resolve(options.workingDirectory, options.file), ...readTopLevel(reading.value, options) };
}

/** The configuration that an object with the keys of a file means. */
export function readTopLevel(
  raw: Readonly<Record<string, unknown>>,
  { file, workingDirectory, stateDirectory, findings }: ReadOptions,
): GatewayConfig {
  const values = readSection(topLevelSection, raw, '', findings);
  const context: PathContext = {
    directory: dirname(resolve(workingDirectory, file)),
    workingDirectory,
    findings,
  };
  // A value that is missing has been reported; the text that stands for it is never used.
  const directory = (key: 'CacheDirectory' | 'ExpandDirectory' | 'StateDirectory'): string =>
    absolutePath(values[key] ?? '', key, context);
  checkFormat(values, findings);
  const { squashfs: forSquashfs } = readSection(converterOptionsSection, values.ConverterOptions ?? {}, 'ConverterOptions', findings);
  const converterOptions = forSquashfs === undefined ? undefined : readConverterOptions(forSquashfs, 'ConverterOptions.squashfs', findings);
  const systems = readSystems(values, converterOptions, context);
  const registries = readRegistries(values, context);
  const expiration = values.ImageExpirationTimeout;
  return {
    systems,
    ...(converterOptions === undefined ? {} : { converterOptions }),
    registries,
    defaultRegistry: readDefaultRegistry(values, registries, findings),
    cacheDirectory: directory('CacheDirectory'),
    ...(values.CacheMaxSize === undefined ? {} : { cacheMaxBytes: values.CacheMaxSize }),
    cacheSegments: values.CacheSegments,
    expandDirectory: directory('ExpandDirectory'),
    stateDirectory: values.StateDirectory === undefined ? stateDirectory : directory('StateDirectory'),
    ...(expiration === 'never' ? {} : { imageExpirationMs: expiration }),
    pullUpdateMs: values.PullUpdateTimeout ?? values.PullUpdateTime ?? 300_000,
    pullRetentionMs: values.PullRetention,
    authentication: checkAuthentication(values.Authentication, findings),
    workerKeys: values.WorkerKeys,
    admins: values.admins,
    importUsers: readImportUsers(values.ImportUsers),
    importPaths: values.ImportPaths.map((path) => absolutePath(path, 'ImportPaths', context)),
    importSquashfs: values.ImportSquashfs,
    importSquashfsRepack: values.ImportSquashfsRepack,
    importMembers: values.ImportMembers,
    nameLookupMs: values.NameLookupTimeout,
    host: readHost(values.Host, findings),
    port: values.Port,
    ...readAddresses(values, findings),
    workerThreads: values.WorkerThreads,
    jobs: {
      lockDurationMs: values.JobLockDuration,
      stalledIntervalMs: values.JobStalledInterval,
      maxStalledCount: values.JobMaxStalledCount,
      pullTimeLimitMs: values.PullTimeLimit,
      reconcileIntervalMs: values.ReconcileInterval,
      heartbeatMs: values.WorkerHeartbeat,
      systemCheckMs: values.SystemCheckInterval,
      systemAnswerMs: values.SystemAnswerTimeout,
      systemProbeBytes: values.SystemProbeSize,
      systemsRereadMs: values.SystemsRereadInterval,
      credentialsRereadMs: values.CredentialsRereadInterval,
      shutdownGraceMs: values.ShutdownGrace,
    },
    progress: {
      eventsPerSecond: values.ProgressEventsPerSecond,
      rereadIntervalMs: values.ProgressRereadInterval,
    },
    packer: {
      memoryBytes: values.PackerMemory ?? converterOptions?.memoryBytes ?? 512 * 2 ** 20,
      processors: values.PackerProcessors ?? converterOptions?.processors ?? availableParallelism(),
      timeLimitMs: values.PackerTimeLimit,
    },
    ...readExaminer(values, findings),
    verification: {
      ...(values.VerifyInterval === 'off' ? {} : { intervalMs: values.VerifyInterval }),
      bytesPerSecond: values.VerifyRate,
      maxFindings: values.VerifyFindings,
    },
    logLevel: values.LogLevel,
    lookupMetrics: values.Metrics,
    apiLimits: readApiLimits(values, findings),
    registryLimits: readRegistryLimits(values, findings),
    rootfsLimits: readRootfsLimits(values, findings),
  };
}

function checkFormat(values: TopLevelValues, findings: Findings): void {
  if (values.DefaultImageFormat !== 'squashfs') {
    findings.problem(
      'DefaultImageFormat',
      `this version makes "squashfs" only, not ${quoted(values.DefaultImageFormat)}`,
    );
  }
}

function readExaminer(values: TopLevelValues, findings: Findings): { readonly examiner?: ExaminerConfig } {
  const { examiner: classic, ExaminerHook: hook, ExaminerTimeLimit: timeLimitMs } = values;
  if (classic !== undefined && hook !== undefined)
    findings.problem('ExaminerHook', 'there is an `examiner` too: an image is examined in one way; remove one of the keys');
  if (classic !== undefined) return { examiner: { kind: 'classic', command: classic, timeLimitMs } };
  return hook === undefined ? {} : { examiner: { kind: 'hook', command: hook, timeLimitMs } };
}

function readSystems(values: TopLevelValues, converterOptions: ConverterOptions | undefined, context: PathContext): readonly SystemConfig[] {
  const { findings } = context;
  const entries = Object.entries(values.Platforms ?? {});
  if (values.Platforms !== undefined && entries.length === 0)
    findings.warning('Platforms', 'names no system: nothing can be pulled');
  const systems = entries.flatMap(([name, raw]) => readSystem(name, raw, converterOptions, context) ?? []);
  const directories = new Map<string, string>();
  for (const { name, access, imageDirectory } of systems) {
    if (access !== 'local' || imageDirectory === '') continue;
    const other = directories.get(imageDirectory);
    if (other !== undefined) {
      findings.warning(
        keyPath('Platforms', name),
        `has the image directory of ${quoted(other)}: what expires on one of them is gone from both`,
      );
    }
    directories.set(imageDirectory, name);
  }
  return systems;
}

function readRegistries(values: TopLevelValues, context: PathContext): readonly RegistryConfig[] {
  const registries = Object.entries(values.Locations ?? {}).flatMap(
    ([name, raw]) => readRegistry(name, raw, context) ?? [],
  );
  const hubs = registries.filter(({ name }) => isDockerHub(name));
  if (hubs.length > 1) {
    context.findings.warning(
      'Locations',
      `Docker Hub is there ${hubs.length} times, as ${hubs.map(({ name }) => name).join(' and ')}: one is enough`,
    );
  }
  return registries;
}

function readDefaultRegistry(
  values: TopLevelValues,
  registries: readonly RegistryConfig[],
  findings: Findings,
): string {
  const wanted = values.DefaultImageLocation ?? '';
  const names = Object.keys(values.Locations ?? {});
  if (values.DefaultImageLocation === undefined || values.Locations === undefined || names.includes(wanted))
    return wanted;
  const hubs = isDockerHub(wanted) ? registries.filter(({ name, url }) => isDockerHub(name) || isDockerHub(new URL(url).hostname)) : [];
  const alias = hubs.find(({ name }) => isDockerHub(name)) ?? hubs[0];
  if (alias !== undefined) return alias.name;
  findings.problem(
    'DefaultImageLocation',
    `${quoted(wanted)} is no key of Locations`,
    suggest(wanted, names),
  );
  return wanted;
}

/** Shifter takes an empty list for everybody; it is nobody here. */
function readImportUsers(names: readonly string[]): 'all' | readonly string[] {
  if (names.length !== 1) return names;
  if (names[0] === 'all') return 'all';
  return names[0] === 'none' ? [] : names;
}

/** Without identities only this machine may reach the gateway. */
function readHost(host: string, findings: Findings): string {
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!loopback) {
    findings.problem(
      'Host',
      `${quoted(host)} is not a loopback address, and with Authentication "none" the gateway listens on nothing else: set "127.0.0.1"`,
    );
  }
  return host;
}

function readAddresses(
  values: TopLevelValues,
  findings: Findings,
): Pick<GatewayConfig, 'redisUrl' | 'mongoUri'> {
  const { RedisURL: redisUrl, MongoDBURI: written } = values;
  const mongoUri = written === undefined ? undefined : mongoUriWithDatabase(written, values.MongoDB);
  if (written !== undefined && mongoUri === undefined) {
    findings.problem('MongoDBURI', 'is no MongoDB address: expected mongodb://host:port/database');
  }
  if (redisUrl !== undefined) checkRedisAddress(redisUrl, 'RedisURL', findings);
  return { ...(redisUrl === undefined ? {} : { redisUrl }), ...(mongoUri === undefined ? {} : { mongoUri }) };
}

/** Reports an address that is none; its password is not shown. */
export function checkRedisAddress(address: string, at: string, findings: Findings): void {
  try {
    redisOptions(address);
  } catch (error) {
    findings.problem(at, messageOf(error));
  }
}

function readApiLimits(values: TopLevelValues, findings: Findings): ApiLimits {
  const { requestSize, websocketPayload, ...counts } = readSection(
    apiLimitsSection,
    values.ApiLimits,
    'ApiLimits',
    findings,
  );
  return { ...counts, requestBytes: requestSize, websocketPayloadBytes: websocketPayload };
}

function readRegistryLimits(values: TopLevelValues, findings: Findings): RegistryLimitsConfig {
  const limits = readSection(registryLimitsSection, values.RegistryLimits, 'RegistryLimits', findings);
  const { layers, indexEntries, indexDepth, redirects, parallelLayers, rangeStreams } = limits;
  const { minimumBytesPerSecond, retries, retriesPerHost } = limits;
  return {
    manifestBytes: limits.manifestSize,
    configBytes: limits.configSize,
    tokenBytes: limits.tokenSize,
    errorBytes: limits.errorSize,
    layers,
    imageBytes: limits.imageSize,
    indexEntries,
    indexDepth,
    redirects,
    parallelLayers,
    rangeThresholdBytes: limits.rangeThreshold,
    rangeBytes: limits.rangeSize,
    rangeStreams,
    connectTimeoutMs: limits.connectTimeout,
    answerTimeoutMs: limits.answerTimeout,
    minimumBytesPerSecond,
    minimumRateWindowMs: limits.minimumRateWindow,
    retries,
    retryBaseMs: limits.retryDelay,
    rateLimitedBaseMs: limits.rateLimitedDelay,
    retryDelayMaxMs: limits.retryDelayMax,
    retryAfterMaxMs: limits.retryAfterMax,
    retriesPerHost,
    retriesWindowMs: limits.retriesWindow,
  };
}

function readRootfsLimits(values: TopLevelValues, findings: Findings): RootfsLimitsConfig {
  const limits = readSection(rootfsLimitsSection, values.RootfsLimits, 'RootfsLimits', findings);
  const { ratio, entries, smallEntries, depth, pathSteps } = limits;
  return {
    layerBytes: limits.layerSize,
    imageBytes: limits.imageSize,
    ratio,
    ratioFromBytes: limits.ratioFrom,
    entries,
    smallEntries,
    depth,
    pathSteps,
    paxBytes: limits.paxSize,
    longNameBytes: limits.longNameSize,
    xattrBytes: limits.xattrSize,
    nameBytes: limits.namesSize,
  };
}
