/**
 * Reads imagemanager.json, as an existing Shifter site has it, with our own keys beside the original's.
 * Everything is checked in one run, so that one look shows all that is wrong.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError, messageOf } from '../lib/errors.js';
import { defaultConfig, localSystem, plainRegistry } from './built-in-config.js';
import { createFindings, findingLine, keyPath, type Findings } from './findings.js';
import { readJson } from './json.js';
import { optional, readSection, required, withDefault, type Kind } from './keys.js';
import type { ConfigProblem, GatewayConfig, LogLevel, RegistryConfig, SystemConfig } from './types.js';

export interface LoadOptions {
  /** `--config`; else IMAGEGW_CONFIG, else GWCONFIG. */
  readonly file?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly overrides?: { readonly port?: number; readonly state?: string };
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly warnings: readonly ConfigProblem[];
}

const text: Kind<string> = { schema: z.string().min(1), type: 'a text' };
const texts: Kind<readonly string[]> = {
  schema: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  type: 'a list of texts',
};
const flag: Kind<boolean> = { schema: z.boolean(), type: 'true or false' };
const object: Kind<Record<string, unknown>> = {
  schema: z.record(z.string(), z.unknown()),
  type: 'an object',
};
const positive: Kind<number> = {
  schema: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.number().int().positive()),
  type: 'a whole number above 0',
};
const count: Kind<number> = { schema: z.number().int().nonnegative(), type: 'a whole number' };
/** Seconds, or the original's `D:H:M:S`; gives ms. */
const duration: Kind<number> = {
  schema: z.union([
    z
      .number()
      .nonnegative()
      .transform((seconds) => seconds * 1000),
    z
      .string()
      .regex(/^\d+:\d+:\d+:\d+$/)
      .transform((dhms) => {
        const [days = 0, hours = 0, minutes = 0, seconds = 0] = dhms.split(':').map(Number);
        return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
      }),
  ]),
  type: 'a number of seconds or "D:H:M:S"',
};
const logLevel: Kind<LogLevel> = {
  schema: z.string().transform((level, context): LogLevel => {
    const known: Readonly<Record<string, LogLevel>> = {
      debug: 'debug',
      info: 'info',
      warn: 'warn',
      warning: 'warn',
      error: 'error',
      critical: 'fatal',
      fatal: 'fatal',
    };
    const found = known[level.toLowerCase()];
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: 'expected debug, info, warn, error or critical' });
    return z.NEVER;
  }),
  type: 'a log level',
};
const anything: Kind<unknown> = { schema: z.unknown(), type: 'anything' };

const TOP = {
  keys: {
    Platforms: required(object, 'the systems to publish on'),
    Locations: required(object, 'the registries to pull from'),
    DefaultImageLocation: required(text, 'the registry that a reference without one means'),
    DefaultImageFormat: withDefault(text, 'squashfs', 'the format of images'),
    CacheDirectory: required(text, 'where layers are kept'),
    ExpandDirectory: required(text, 'where images are built'),
    ImageExpirationTimeout: optional(duration, 'never', 'life of an image after its last use'),
    MongoDBURI: optional(text, 'a private index', 'address of MongoDB'),
    MongoDB: optional(text, '-', 'name of the database'),
    RedisURL: optional(text, 'a private Redis', 'address of Redis'),
    PullUpdateTimeout: optional(positive, '300', 'age in seconds from which a tag is asked for again'),
    PullUpdateTime: optional(positive, '-', 'an older name of PullUpdateTimeout'),
    PullRetention: withDefault(duration, '90:00:00:00', 'how long ended pulls are remembered'),
    WorkerThreads: withDefault(positive, 1, 'pulls that one worker process works on at a time'),
    Authentication: optional(anything, 'munge', 'how callers prove who they are'),
    Metrics: withDefault(flag, false, 'log look-ups'),
    ImportUsers: optional(anything, 'nobody', 'who may import'),
    examiner: optional(text, 'none', 'a program that decides on each new image'),
    ConverterOptions: optional(object, 'none', 'further arguments of the packer, by format'),
    LogLevel: withDefault(logLevel, 'info', 'what is logged'),
    admins: withDefault(texts, [], 'administrators of the gateway'),
    Port: withDefault(count, 7171, 'port to listen on'),
    StateDirectory: optional(text, './imagegw-state', 'private Redis and index, sockets, locks'),
    CacheMaxBytes: optional(positive, 'no limit', 'size of the cache of layers'),
    JobLockDuration: withDefault(
      duration,
      30,
      'a worker that has not renewed its lock for so long has lost its pull',
    ),
    JobStalledInterval: withDefault(duration, 15, 'how often lost pulls are looked for'),
    JobMaxStalledCount: withDefault(count, 3, 'how often a pull may be lost'),
    ReconcileInterval: withDefault(duration, 30, 'how often pulls without a job are looked for'),
    PackerMemory: withDefault(positive, 512 * 2 ** 20, 'memory of one packer in bytes'),
    PackerProcessors: optional(positive, 'all', 'processors of one packer'),
  },
  legacy: {
    DefaultLustreReplication: 'the file system decides',
    DefaultOstCount: 'the file system decides',
    DefaultImageRemote: 'it has not been used for years',
    BrokerURL: 'see RedisURL',
    CeleryBroker: 'see RedisURL',
  },
} as const;

const PLATFORM = {
  keys: {
    accesstype: withDefault(text, 'local', 'local or remote'),
    local: optional(object, '-', 'for local systems'),
    ssh: optional(object, '-', 'for remote systems'),
    host: withDefault(texts, [], 'hosts of a remote system'),
    admins: withDefault(texts, [], 'administrators'),
    mungeSocketPath: optional(text, '-', 'socket of munge'),
    use_external: optional(anything, '-', 'accepted and not used'),
    policy_file: optional(text, '-', 'signature policy'),
    platform: optional(text, 'that of this machine', 'os/architecture[/variant]'),
    compression: withDefault(
      { schema: z.enum(['zstd', 'gzip', 'lz4', 'xz']), type: 'zstd, gzip, lz4 or xz' },
      'zstd',
      'compressor of the squashfs',
    ),
    compressionLevel: optional(positive, '3 for zstd', 'level of the compressor'),
  },
  legacy: { usergroupService: 'groups come from the system', mountCommand: 'the runtime mounts' },
} as const;

const LOCATION = {
  keys: {
    remotetype: withDefault(text, 'dockerv2', 'dockerv2'),
    url: optional(text, 'https://<name>', 'where it is'),
    sslcacert: optional(text, 'the authorities of the system', 'certificate authority'),
    authMethod: withDefault(
      { schema: z.enum(['token', 'basic']), type: 'token or basic' },
      'token',
      'how it is logged in to',
    ),
    authentication: optional(text, '-', 'accepted and not used'),
    username: optional(text, '-', "the service's login"),
    password: optional(text, '-', "the service's login"),
    insecure: withDefault(flag, false, 'credentials may go to it without TLS'),
    allowedAddresses: withDefault(texts, [], 'addresses beside public ones that it may lead to'),
    maxConnections: withDefault(positive, 6, 'connections to it'),
  },
  legacy: {},
} as const;

/**
 * @throws GatewayError BAD_CONFIG holding all problems, one a line.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { environment, overrides } = options;
  const file = options.file ?? environment['IMAGEGW_CONFIG'] ?? environment['GWCONFIG'];
  const state = overrides?.state ?? environment['IMAGEGW_STATE'];
  let config: GatewayConfig;
  let warnings: readonly ConfigProblem[] = [];
  if (file === undefined) {
    config = defaultConfig(resolve(state ?? 'imagegw-state'));
  } else {
    let content: string;
    try {
      content = readFileSync(file, 'utf8');
    } catch (error) {
      throw new GatewayError('BAD_CONFIG', `The configuration ${file} can't be read: ${messageOf(error)}.`, {
        cause: error,
      });
    }
    const checked = checkConfig(content, file);
    if (checked.config === undefined) {
      throw new GatewayError(
        'BAD_CONFIG',
        `The configuration ${file} can't be used:\n${checked.problems.map((problem) => `  ${findingLine(problem)}`).join('\n')}`,
      );
    }
    ({ config, warnings } = { config: checked.config, warnings: checked.warnings });
  }
  const port =
    overrides?.port ??
    (environment['IMAGEGW_PORT'] === undefined ? undefined : Number(environment['IMAGEGW_PORT']));
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new GatewayError('BAD_CONFIG', `IMAGEGW_PORT: expected a number from 0 to 65535.`);
  }
  const redisUrl = environment['REDIS_URL'] ?? config.redisUrl;
  const mongoUri = environment['MONGODB_URI'] ?? config.mongoUri;
  return {
    config: {
      ...config,
      ...(state === undefined ? {} : { stateDirectory: resolve(state) }),
      ...(port === undefined ? {} : { port }),
      ...(redisUrl === undefined || redisUrl === '' ? {} : { redisUrl }),
      ...(mongoUri === undefined || mongoUri === '' ? {} : { mongoUri }),
    },
    warnings,
  };
}

export interface CheckedConfig {
  /** Undefined when there are problems. */
  readonly config: GatewayConfig | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Everything that is wrong with a file, at once. Never throws. */
export function checkConfig(content: string, file: string): CheckedConfig {
  const findings = createFindings();
  const reading = readJson(content);
  if (!reading.ok) {
    findings.problem(
      '',
      `line ${String(reading.line)}, column ${String(reading.column)}: ${reading.message}`,
    );
    return { config: undefined, problems: findings.problems, warnings: findings.warnings };
  }
  for (const key of reading.repeatedKeys) findings.warning(key, 'is given twice; the last one counts');
  const root = asObject(reading.value);
  if (root === undefined) {
    findings.problem('', 'expected an object');
    return { config: undefined, problems: findings.problems, warnings: findings.warnings };
  }
  const config = normalise(root, resolve(file), findings);
  return {
    config: findings.problems.length === 0 ? config : undefined,
    problems: findings.problems,
    warnings: findings.warnings,
  };
}

function normalise(root: Readonly<Record<string, unknown>>, file: string, findings: Findings): GatewayConfig {
  const top = readSection(TOP, root, '', findings);
  const base = dirname(file);
  // Relative to the file first; relative to the working directory, as the original has it, with a warning.
  const path = (value: string | undefined, key: string): string => {
    if (value === undefined || isAbsolute(value)) return value ?? '';
    const beside = resolve(base, value);
    const here = resolve(value);
    if (here === beside || existsSync(beside) || !existsSync(here)) return beside;
    findings.warning(
      key,
      `is relative to the working directory (${here}); write it relative to the configuration file, or absolute`,
    );
    return here;
  };
  checkAuthentication(top.Authentication, findings);
  if (top.DefaultImageFormat !== 'squashfs')
    findings.problem(
      'DefaultImageFormat',
      `this version makes squashfs only, not ${top.DefaultImageFormat}: set it to squashfs`,
    );
  if (top.examiner !== undefined)
    findings.problem(
      'examiner',
      'this version does not run an examiner yet; take the key out to pull without one',
    );
  const systems: SystemConfig[] = [];
  const converter = converterOptions(top.ConverterOptions, findings);
  for (const [name, raw] of Object.entries(top.Platforms ?? {})) {
    const system = readSystem(name, raw, converter, path, findings);
    if (system !== undefined) systems.push(system);
  }
  const registries: RegistryConfig[] = [];
  for (const [name, raw] of Object.entries(top.Locations ?? {})) {
    const registry = readRegistry(name, raw, path, findings);
    if (registry !== undefined) registries.push(registry);
  }
  const defaultRegistry = top.DefaultImageLocation ?? '';
  if (
    top.DefaultImageLocation !== undefined &&
    top.Locations !== undefined &&
    !Object.hasOwn(top.Locations, defaultRegistry)
  ) {
    findings.problem('DefaultImageLocation', `"${defaultRegistry}" is not in Locations`);
  }
  const defaults = defaultConfig(path(top.StateDirectory ?? './imagegw-state', 'StateDirectory'));
  const pullUpdate = top.PullUpdateTimeout ?? top.PullUpdateTime ?? 300;
  return {
    ...defaults,
    file,
    systems,
    registries,
    defaultRegistry,
    cacheDirectory: path(top.CacheDirectory, 'CacheDirectory'),
    expandDirectory: path(top.ExpandDirectory, 'ExpandDirectory'),
    ...(top.CacheMaxBytes === undefined ? {} : { cacheMaxBytes: top.CacheMaxBytes }),
    ...(top.ImageExpirationTimeout === undefined ? {} : { imageExpirationMs: top.ImageExpirationTimeout }),
    pullUpdateMs: pullUpdate * 1000,
    pullRetentionMs: top.PullRetention,
    admins: top.admins,
    importUsers:
      top.ImportUsers === 'all' ? 'all' : Array.isArray(top.ImportUsers) ? top.ImportUsers.map(String) : [],
    port: top.Port,
    workerThreads: top.WorkerThreads,
    logLevel: top.LogLevel,
    lookupMetrics: top.Metrics,
    ...(top.RedisURL === undefined ? {} : { redisUrl: top.RedisURL }),
    ...(top.MongoDBURI === undefined ? {} : { mongoUri: top.MongoDBURI }),
    jobs: {
      ...defaults.jobs,
      lockDurationMs: top.JobLockDuration,
      stalledIntervalMs: top.JobStalledInterval,
      maxStalledCount: top.JobMaxStalledCount,
      reconcileIntervalMs: top.ReconcileInterval,
    },
    packer: {
      ...defaults.packer,
      memoryBytes: top.PackerMemory,
      processors: top.PackerProcessors ?? defaults.packer.processors,
    },
  };
}

type PathReader = (value: string | undefined, key: string) => string;

function readSystem(
  name: string,
  raw: unknown,
  converter: readonly string[] | undefined,
  path: PathReader,
  findings: Findings,
): SystemConfig | undefined {
  const at = keyPath('Platforms', name);
  const value = asObject(raw);
  if (value === undefined) {
    findings.problem(at, 'expected an object');
    return undefined;
  }
  const section = readSection(PLATFORM, value, at, findings);
  if (section.policy_file !== undefined)
    findings.problem(
      `${at}.policy_file`,
      'this version does not check signatures; take the key out to pull without',
    );
  if (section.accesstype === 'remote')
    findings.problem(
      `${at}.accesstype`,
      'this version writes to local directories only; "remote" (SFTP) comes later',
    );
  else if (section.accesstype !== 'local') findings.problem(`${at}.accesstype`, 'expected local or remote');
  const imageDir = section.local?.['imageDir'];
  if (section.accesstype === 'local' && typeof imageDir !== 'string')
    findings.problem(`${at}.local.imageDir`, 'is required: the directory where the runtime finds images');
  const system = localSystem(
    name,
    typeof imageDir === 'string' ? path(imageDir, `${at}.local.imageDir`) : '',
  );
  const [os, architecture, variant] = section.platform?.split('/') ?? [];
  if (
    section.platform !== undefined &&
    (os === undefined || architecture === undefined || os === '' || architecture === '')
  ) {
    findings.problem(`${at}.platform`, 'expected os/architecture[/variant]');
  }
  const level = section.compressionLevel ?? (section.compression === 'zstd' ? 3 : undefined);
  return {
    ...system,
    admins: section.admins,
    ...(section.mungeSocketPath === undefined ? {} : { mungeSocket: section.mungeSocketPath }),
    ...(os === undefined || architecture === undefined
      ? {}
      : { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }),
    squashfs: {
      compression: section.compression,
      ...(level === undefined ? {} : { level }),
      blockSize: system.squashfs.blockSize,
      ...(converter === undefined ? {} : { extraOptions: converter }),
    },
  };
}

function readRegistry(
  name: string,
  raw: unknown,
  path: PathReader,
  findings: Findings,
): RegistryConfig | undefined {
  const at = keyPath('Locations', name);
  const value = asObject(raw);
  if (value === undefined) {
    findings.problem(at, 'expected an object');
    return undefined;
  }
  const section = readSection(LOCATION, value, at, findings);
  if (section.remotetype !== 'dockerv2')
    findings.problem(`${at}.remotetype`, `expected dockerv2, not ${section.remotetype}`);
  const given = section.url ?? name;
  const url = (given.includes('://') ? given : `https://${given}`).replace(/\/+$/, '');
  if (!URL.canParse(url) || !/^https?:/.test(url))
    findings.problem(`${at}.url`, 'expected an http:// or https:// address');
  const caFile = section.sslcacert === undefined ? undefined : path(section.sslcacert, `${at}.sslcacert`);
  if (caFile !== undefined && !existsSync(caFile))
    findings.problem(`${at}.sslcacert`, `the file is neither ${caFile} nor in the working directory`);
  if ((section.username === undefined) !== (section.password === undefined))
    findings.problem(at, 'username and password go together');
  const { username, password } = section;
  return {
    ...plainRegistry(name, url),
    authMethod: section.authMethod,
    insecure: section.insecure,
    allowedAddresses: section.allowedAddresses,
    maxConnections: section.maxConnections,
    ...(caFile === undefined ? {} : { caFile }),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  };
}

function checkAuthentication(value: unknown, findings: Findings): void {
  const modes = Array.isArray(value) ? (value as unknown[]) : [value ?? 'munge'];
  if (modes.length === 1 && modes[0] === 'none') return;
  const said = value === undefined ? 'is not given, which means munge' : `is ${JSON.stringify(value)}`;
  findings.problem(
    'Authentication',
    `${said}; this version has no identity but "none" yet: write "Authentication": "none", and the gateway listens on the loopback only and takes every caller for its own user`,
  );
}

function converterOptions(
  value: Readonly<Record<string, unknown>> | undefined,
  findings: Findings,
): readonly string[] | undefined {
  const given = value?.['squashfs'];
  if (given === undefined) return undefined;
  if (typeof given === 'string') return [given];
  if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return given;
  findings.problem('ConverterOptions.squashfs', 'expected a text (one argument) or a list of texts');
  return undefined;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
