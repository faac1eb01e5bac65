/**
 * An entry of `Platforms`, normalised.
 */
import { keyPath, quoted } from '../lib/json.js';
import { readSection, type Values } from './keys.js';
import { isObject } from './kinds.js';
import { absolutePath, type PathContext } from './paths.js';
import {
  deliverySection,
  localSection,
  platformSection,
  policySection,
  squashfsSection,
  sshSection,
} from './platform-keys.js';
import { HIGHEST_LEVELS } from './squashfs-ranges.js';
import { translateSshOptions } from './ssh-options.js';
import type {
  ConverterOptions,
  PlatformConfig,
  RootfsPolicyConfig,
  SquashfsConfig,
  SshConfig,
  SshHost,
  SystemConfig,
} from './types.js';

type PlatformValues = Values<typeof platformSection.keys>;

const DEFAULT_LEVELS: Readonly<Record<string, number>> = { zstd: 3, gzip: 6 };

/**
 * @param converterOptions what `ConverterOptions` has for squashfs; the keys of a system go over it
 */
export function readSystem(
  name: string,
  raw: unknown,
  converterOptions: ConverterOptions | undefined,
  context: PathContext,
): SystemConfig | undefined {
  const { findings } = context;
  const at = keyPath('Platforms', name);
  // The name becomes part of keys in the index, of addresses and of queues.
  if (!/^[^\s/\p{C}]{1,128}$/u.test(name)) {
    findings.problem(at, 'the name of a system must not be empty and must not hold blanks or "/"');
  }
  if (!isObject(raw)) {
    findings.problem(at, 'expected an object');
    return undefined;
  }
  const values = readSection(platformSection, raw, at, findings);
  if (values.policy_file !== undefined) {
    findings.problem(
      `${at}.policy_file`,
      'this version does not check signatures, and does not pull where they are asked for: remove the key if images need no check',
    );
  }
  for (const admin of values.admins) {
    if (/[\s,]/.test(admin))
      findings.warning(`${at}.admins`, `${quoted(admin)} is taken as one name: write a list of names`);
  }
  const access = values.accesstype ?? 'local';
  const imageDirectory = access === 'local' ? readLocal(values, at, context) : undefined;
  const remote = access === 'remote' ? readRemote(values, at, context) : undefined;
  return {
    name,
    access,
    imageDirectory: imageDirectory ?? remote?.imageDirectory ?? '',
    ...(remote === undefined ? {} : { ssh: remote.ssh }),
    admins: values.admins,
    ...(values.mungeSocketPath === undefined ? {} : { mungeSocket: values.mungeSocketPath }),
    realm: values.realm ?? socketRealm(values.mungeSocketPath),
    platform: platformOf(values.platform),
    squashfs: readSquashfs(values, at, converterOptions, context),
    policy: readPolicy(values, at, converterOptions, context),
    delivery: readDelivery(values, at, context),
  };
}

/** The platform of the machine that this runs on. */
function platformOf(text: string | undefined): PlatformConfig {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  const [os = 'linux', architecture = names[process.arch] ?? process.arch, variant] = text?.split('/') ?? [];
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** One munge key serves machines that agree on users. A realm holds no "/", because access lists are `<realm>/<user>`. */
function socketRealm(socket: string | undefined): string {
  return socket === undefined ? 'site' : `munge:${encodeURIComponent(socket)}`;
}

function readLocal(values: PlatformValues, at: string, context: PathContext): string | undefined {
  const local = readSection(localSection, values.local ?? {}, `${at}.local`, context.findings);
  return local.imageDir === undefined
    ? undefined
    : absolutePath(local.imageDir, `${at}.local.imageDir`, context);
}

function readRemote(
  values: PlatformValues,
  at: string,
  context: PathContext,
): { readonly imageDirectory: string; readonly ssh: SshConfig } {
  const { findings } = context;
  const ssh = readSection(sshSection, values.ssh ?? {}, `${at}.ssh`, findings);
  const given = {
    ...translateSshOptions(ssh.scpCmdOptions, `${at}.ssh.scpCmdOptions`, findings),
    ...translateSshOptions(ssh.sshCmdOptions, `${at}.ssh.sshCmdOptions`, findings),
  };
  const port = ssh.port ?? given.port ?? 22;
  const hosts: SshHost[] = [];
  for (const entry of values.host ?? []) {
    const host = readHost(entry, port);
    if (host === undefined)
      findings.problem(`${at}.host`, `${quoted(entry)} is no host: expected a name or name:port`);
    else hosts.push(host);
  }
  if ((values.host ?? []).length === 0)
    findings.problem(`${at}.host`, 'is required: the hosts to write through');
  if (ssh.imageDir?.startsWith('/') === false) {
    findings.problem(`${at}.ssh.imageDir`, 'must begin with "/": it is a path on the system');
  }
  const file = (path: string | undefined, name: string): string | undefined => (path === undefined ? undefined : absolutePath(path, `${at}.ssh.${name}`, context));
  return {
    imageDirectory: ssh.imageDir ?? '',
    ssh: {
      hosts,
      username: ssh.username ?? given.username ?? '',
      ...defined({
        key: file(ssh.key ?? given.key, 'key'),
        passphraseFile: file(ssh.passphraseFile, 'passphraseFile'),
        agent: file(ssh.agent, 'agent'),
        knownHosts: file(ssh.knownHosts ?? given.knownHosts, 'knownHosts'),
      }),
      fingerprints: ssh.fingerprints,
      allowOlderServers: ssh.olderServers === 'allow',
      channels: ssh.channels,
      connectTimeoutMs: ssh.connectTimeout,
      keepaliveMs: ssh.keepalive,
      stallTimeoutMs: ssh.stallTimeout,
      reconnects: ssh.reconnects,
      reconnectDelayMs: ssh.reconnectDelay,
    },
  };
}

/** Without the keys that have no value. */
function defined<Name extends string>(values: Readonly<Record<Name, string | undefined>>): Partial<Record<Name, string>> {
  // The entries are those of the argument, less some.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Record<Name, string>>;
}

/** `name`, `name:port`, `[2001:db8::1]:port` or a bare IPv6 address. */
function readHost(text: string, defaultPort: number): SshHost | undefined {
  const found = /^(?:\[([\da-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (found === null) {
    return /^[\da-fA-F:.]*:[\da-fA-F:.]*:[\da-fA-F:.]*$/.test(text)
      ? { name: text, port: defaultPort }
      : undefined;
  }
  const port = found[3] === undefined ? defaultPort : Number(found[3]);
  return port >= 1 && port <= 65_535 ? { name: found[1] ?? found[2] ?? '', port } : undefined;
}

function readSquashfs(
  values: PlatformValues,
  at: string,
  theirs: ConverterOptions | undefined,
  { findings }: PathContext,
): SquashfsConfig {
  const own = readSection(squashfsSection, values.squashfs, `${at}.squashfs`, findings);
  const compression = own.compression ?? theirs?.compression ?? 'zstd';
  const highest = HIGHEST_LEVELS[compression];
  if (own.level !== undefined && (highest === undefined || own.level > highest)) {
    findings.problem(
      `${at}.squashfs.level`,
      highest === undefined
        ? `${compression} has no levels: remove the key`
        : `${compression} has the levels 1 to ${highest}`,
    );
  }
  // A level and other options of a compressor are not for another one.
  const isTheirs = own.compression === undefined || own.compression === theirs?.compression;
  const level = own.level ?? (isTheirs ? theirs?.level : undefined) ?? DEFAULT_LEVELS[compression];
  const extraOptions = [...(theirs?.handedOn ?? []), ...(isTheirs ? (theirs?.ofCompressor ?? []) : [])];
  return {
    compression,
    ...(level === undefined ? {} : { level }),
    blockSize: own.blockSize ?? theirs?.blockSize ?? 131_072,
    ...(extraOptions.length === 0 ? {} : { extraOptions }),
  };
}

function readPolicy(
  values: PlatformValues,
  at: string,
  converterOptions: ConverterOptions | undefined,
  { findings }: PathContext,
): RootfsPolicyConfig {
  const policy = readSection(policySection, values.policy, `${at}.policy`, findings);
  return { ...policy, userXattrs: policy.userXattrs ?? converterOptions?.userXattrs ?? 'drop' };
}

function readDelivery(
  values: PlatformValues,
  at: string,
  { findings }: PathContext,
): SystemConfig['delivery'] {
  const { fileMode, owner, reserve, verify, retries, retryDelay, cleanUpTimeout } = readSection(
    deliverySection,
    values.delivery,
    `${at}.delivery`,
    findings,
  );
  if ((fileMode & 0o077) !== 0) {
    findings.warning(
      `${at}.delivery.fileMode`,
      'lets users read images directly, past the access lists of private ones; the runtime reads as root and needs 0600 only',
    );
  }
  return { fileMode, ...(owner === undefined ? {} : { owner }), reserveBytes: reserve, verify, retries, retryDelayMs: retryDelay, cleanUpMs: cleanUpTimeout };
}
