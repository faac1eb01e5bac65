/**
 * The keys at the top of imagemanager.json: those of Shifter first, then those of this gateway.
 */
import { z } from 'zod';
import { PUBLIC_KEY } from '../lib/seal.js';
import {
  optional,
  required,
  withDefault,
  type Key,
  type KeyTable,
  type Kind,
  type Section,
  type Values,
} from './keys.js';
import { anything, count, duration, flag, intervalOrOff, lifetime, names, object, oneOf, size, text } from './kinds.js';
import { MKSQUASHFS_OPTIONS, namesOf } from './mksquashfs-options.js';

const LOG_LEVELS = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
} as const;

const logLevel: Kind<(typeof LOG_LEVELS)[keyof typeof LOG_LEVELS]> = {
  schema: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['debug', 'info', 'warn', 'warning', 'error', 'critical']))
    .transform((word) => LOG_LEVELS[word]),
  type: '`"debug"`, `"info"`, `"warn"`, `"error"` or `"critical"`',
};

const workerKeys: Kind<readonly string[]> = {
  schema: names.schema.pipe(z.array(z.string().regex(PUBLIC_KEY))),
  type: '`"x25519:..."` or a list of such',
};

const shifter = {
  Platforms: required(object, 'the systems to publish on, by name'),
  Locations: required(object, 'the registries to pull from, by name'),
  DefaultImageLocation: required(text, 'the registry meant by a reference without one: a key of `Locations`'),
  DefaultImageFormat: withDefault(
    text,
    'squashfs',
    'format of the images; this version makes `squashfs` only',
  ),
  CacheDirectory: required(text, 'directory for layers and products that are kept for the next pull'),
  ExpandDirectory: required(text, 'directory for work in progress'),
  ImageExpirationTimeout: withDefault(lifetime, 'never', 'life of an image after its last use'),
  PullUpdateTimeout: optional(
    duration(0),
    '`300`',
    'age from which a tag is asked for again at the registry',
  ),
  PullUpdateTime: optional(duration(0), 'not set', 'older name of `PullUpdateTimeout`, which wins over it'),
  WorkerThreads: withDefault(count(1, 1024), 1, 'pulls that one worker process works on at a time'),
  Authentication: optional(
    names,
    '`"munge"`',
    'how callers are known. This version has `"none"` only: the gateway listens on the loopback and takes every caller for its administrator',
  ),
  Metrics: withDefault(flag, false, 'log each look-up'),
  ImportUsers: withDefault(
    names,
    'none',
    'users who may import images: a list, `"all"` or `"none"`; an empty list is nobody',
  ),
  examiner: optional(
    text,
    'none',
    'program that is called with an unpacked image and its id, and refuses it by an exit status other than 0',
  ),
  ExaminerHook: optional(
    text,
    'none',
    'program that is called with the squashfs and the image id, gets the list of its entries on standard input (a JSON object a line: `path`, `type`, `mode`, `uid`, `gid`, `size`, `linkTarget`, and `encoding`: `"utf-8"`, or `"bytes"` where a name is no UTF-8 and has one character for each byte), and refuses it by an exit status other than 0; nothing is unpacked for it',
  ),
  ConverterOptions: optional(
    object,
    'none',
    'arguments for the packer by format, one text or a list of texts; they replace those that Shifter gave by default, so `{"squashfs": []}` keeps extended attributes',
  ),
  LogLevel: withDefault(logLevel, 'info', 'what is logged'),
  MongoDBURI: optional(
    text,
    'a private index',
    'MongoDB of the index, `mongodb://host/database`; the environment variable `MONGODB_URI` wins over it',
  ),
  MongoDB: optional(text, '`"imagegw"`', 'database, when the address names none'),
};

const ours = {
  RedisURL: optional(
    text,
    'a private Redis',
    'Redis, `redis://host:port`, `rediss://...` or `unix:///path`; the environment variable `REDIS_URL` wins over it',
  ),
  StateDirectory: optional(
    text,
    '`imagegw-state` in the working directory',
    'private Redis and index, locks; `--state` and `IMAGEGW_STATE` win over it',
  ),
  Host: withDefault(text, '127.0.0.1', 'address to listen on'),
  Port: withDefault(
    count(0, 65_535),
    7171,
    'port to listen on, 0 for any free one; `--port` and `IMAGEGW_PORT` win over it',
  ),
  WorkerKeys: withDefault(
    workerKeys,
    [],
    'workers that are given the logins of `Locations`, those of files and helpers on the machine of the API among them, sealed: what `imagegw worker-key` prints on each',
  ),
  admins: withDefault(names, [], 'user names of the administrators of the gateway'),
  VerifyInterval: withDefault(
    intervalOrOff,
    '30:00:00:00',
    'how often what lies on each system is read back and compared with the index, and damaged images published again; a system that never was is due at once. `imagegw verify` does it by hand',
  ),
  VerifyRate: withDefault(size(64 * 2 ** 10), '50 MiB', 'bytes a second that it reads at most, of each system'),
  VerifyFindings: withDefault(count(1, 10_000), 1000, 'findings that it lists; all are counted'),
  ImportPaths: withDefault(
    names,
    [],
    'directories that imports may come from, on the machine where the worker of the system runs; of a system over SSH its own files are not read, because SFTP can open no path without following links that its owner may plant meanwhile: mount them where the worker runs, or start a worker beside the system',
  ),
  ImportSquashfs: withDefault(
    oneOf('admins', 'all', 'none'),
    'admins',
    'which of those users may import a squashfs, which the kernel of every node is going to read',
  ),
  ImportSquashfsRepack: withDefault(
    flag,
    true,
    'such a squashfs is unpacked and packed anew, by the rules of the system; without it, it is published as it is',
  ),
  ImportMembers: withDefault(count(1, 10_000_000), 100_000, 'entries of an archive that is imported (those of its layers not counted)'),
  NameLookupTimeout: withDefault(duration(0.1), 10, 'how long a worker waits for its machine to say who a user or a group is'),
  CacheMaxSize: optional(
    size(0),
    'no limit',
    'size of `CacheDirectory` above which the least recently used goes; where the disk has no room for a pull, it goes before that',
  ),
  CacheSegments: withDefault(
    flag,
    true,
    'keep layers in `CacheDirectory` as they were compressed, too, so that another image on the same base is made at once; takes about as much as the layers again, counts towards `CacheMaxSize`, where blobs go first, and is done only where there is room for it; layers with sparse files, which are rare, are not kept',
  ),
  PullRetention: withDefault(duration(3600), '90:00:00:00', 'how long ended pulls are remembered'),
  PullTimeLimit: withDefault(duration(1), '0:12:0:0', 'longest time for one pull, from the start of work'),
  JobLockDuration: withDefault(
    duration(0.1),
    30,
    'a worker that is silent for so long has lost its pull to another',
  ),
  JobStalledInterval: withDefault(duration(0.1), 15, 'how often lost pulls are looked for'),
  JobMaxStalledCount: withDefault(
    count(0, 100),
    3,
    'how often a pull may be lost before it fails as STALLED',
  ),
  ReconcileInterval: withDefault(duration(0.1), 30, 'how often pulls that no queue knows are looked for'),
  WorkerHeartbeat: withDefault(duration(0.1), 5, 'how often a worker says that it lives; three times without a word, and it counts as gone'),
  SystemCheckInterval: withDefault(duration(0.1), 60, 'how often a worker looks whether its systems can be reached, and what room they have'),
  SystemAnswerTimeout: withDefault(duration(0.1), 60, 'how long `checkSystem` and `expireImage` wait for the answer of a worker'),
  SystemProbeSize: withDefault(size(4096), '16 MiB', 'size of the file that `checkSystem` writes and reads to measure the speed'),
  SystemsRereadInterval: withDefault(duration(0.1), 30, 'how often systems that were declared by the API are read anew, whatever was heard of them'),
  CredentialsRereadInterval: withDefault(duration(0.1), 60, 'how often the API reads each `credentialsFile` and asks each `credentialHelper` again for the logins that it seals for the workers of `WorkerKeys`'),
  ShutdownGrace: withDefault(duration(0), 10, 'how long a stopping worker lets its pulls go on'),
  ProgressEventsPerSecond: withDefault(
    count(1, 50),
    4,
    'states a second that one pull sends; a change of stage goes out at once',
  ),
  ProgressRereadInterval: withDefault(
    duration(1),
    15,
    'how often a subscription reads the state anew, whatever it has heard',
  ),
  PackerMemory: optional(size(64 * 2 ** 20), '`"512 MiB"`, or that of `ConverterOptions`', 'memory of the packer, for each pull'),
  PackerProcessors: optional(count(1, 1024), 'all of the machine, or that of `ConverterOptions`', 'processors of the packer, for each pull'),
  PackerTimeLimit: withDefault(duration(1), '0:6:0:0', 'longest time for packing one image'),
  ExaminerTimeLimit: withDefault(duration(1), '0:1:0:0', 'longest time for `examiner` or `ExaminerHook`'),
  ApiLimits: withDefault(object, {}, 'bounds of requests, below'),
  RegistryLimits: withDefault(object, {}, 'bounds of what is taken from registries, below'),
  RootfsLimits: withDefault(object, {}, 'bounds of what is taken from layers, below'),
};

export const topLevelSection = {
  keys: { ...shifter, ...ours },
  legacy: {
    DefaultLustreReplication: 'striping is left to the file system of the image directory.',
    DefaultOstCount: 'striping is left to the file system of the image directory.',
    DefaultImageRemote: 'DefaultImageLocation is used.',
    Broker: 'the queue is in Redis, at RedisURL or REDIS_URL.',
    BrokerURL: 'the queue is in Redis, at RedisURL or REDIS_URL.',
    CeleryBroker: 'the queue is in Redis, at RedisURL or REDIS_URL.',
  },
} satisfies Section<KeyTable>;

export type TopLevelValues = Values<typeof topLevelSection.keys>;

/** `ConverterOptions`: formats other than squashfs are not read. */
export const converterOptionsSection = {
  keys: {
    squashfs: optional(names, 'none', `arguments for mksquashfs, each whole. Read as defaults of keys: ${asKeys()}. Handed on, and images are then packed by mksquashfs: ${written(namesOf('handed on'))}. Not needed and left out: ${written(namesOf('not needed'))}. The others of mksquashfs 4.5.1 are refused, with the reason; those of later versions are handed on`),
    cramfs: optional(anything, 'none', 'accepted and not used'),
    ext4: optional(anything, 'none', 'accepted and not used'),
    mock: optional(anything, 'none', 'accepted and not used'),
  } satisfies Readonly<Record<string, Key<unknown>>>,
  legacy: {},
};

function asKeys(): string {
  return namesOf('key')
    .map((name) => `\`${name}\` (\`${MKSQUASHFS_OPTIONS[name]?.key ?? ''}\`)`)
    .join(', ');
}

function written(options: readonly string[]): string {
  return options.map((name) => `\`${name}\``).join(', ');
}
