/**
 * The keys of an entry of `Platforms`: a system to publish on.
 */
import { z } from 'zod';
import { optional, required, withDefault, type Kind } from './keys.js';
import { anything, count, duration, flag, names, object, oneOf, size, text } from './kinds.js';
import { BLOCK_SIZES } from './squashfs-ranges.js';

const realm: Kind<string> = {
  schema: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/),
  type: 'a word of letters, digits, `.`, `_` and `-`',
};
const platform: Kind<string> = {
  schema: z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/),
  type: '`"os/architecture"` or `"os/architecture/variant"`',
};
const fileMode: Kind<number> = {
  schema: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .transform((digits) => Number.parseInt(digits, 8)),
  type: 'permissions as three octal digits in quotes, as `"0600"`',
};
const fingerprints: Kind<readonly string[]> = {
  schema: z.union([z.string().transform((one) => [one]), z.array(z.string())]).pipe(z.array(z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/))),
  type: '`"SHA256:..."` or a list of such',
};
const owner: Kind<{ readonly uid: number; readonly gid: number }> = {
  schema: z
    .string()
    .regex(/^\d{1,10}:\d{1,10}$/)
    .transform((text) => {
      const [uid, gid] = text.split(':').map(Number);
      return { uid: uid ?? 0, gid: gid ?? 0 };
    }),
  type: '`"uid:gid"`, as numbers',
};
const blockSize: Kind<number> = {
  schema: size(4096).schema.refine((bytes) => BLOCK_SIZES.includes(bytes), {
    message: 'must be a power of two from 4 KiB to 1 MiB',
  }),
  type: 'a power of two from `"4 KiB"` to `"1 MiB"`',
};

export const platformSection = {
  keys: {
    accesstype: required(
      oneOf('local', 'remote'),
      '`"local"`: the gateway writes into a directory; `"remote"`: it writes over SSH',
    ),
    local: optional(object, 'required for local access', 'holds `imageDir`'),
    ssh: optional(object, 'required for remote access', 'holds `imageDir`, `username` and more, below'),
    host: optional(
      names,
      'required for remote access',
      'hosts to write through, in the order in which they are tried; each may be `name:port`',
    ),
    mungeSocketPath: optional(text, 'none', 'munge socket by which callers of this system are known'),
    admins: withDefault(names, [], 'user names of its administrators; one text is one name'),
    realm: optional(
      realm,
      'the munge socket, else `"site"`',
      'namespace of users and groups; systems with the same realm agree on names and ids',
    ),
    platform: optional(platform, 'that of the gateway', 'what the nodes run'),
    squashfs: withDefault(object, {}, 'how images are packed, below'),
    policy: withDefault(object, {}, 'what flattening keeps, below'),
    delivery: withDefault(object, {}, 'how images are written, below'),
    policy_file: optional(
      anything,
      'none',
      'signature policy of skopeo: not supported, and refused rather than left out',
    ),
  },
  legacy: {
    usergroupService: 'users and groups are those of the machine.',
    ldap: 'users and groups are those of the machine.',
    mountCommand: 'the gateway mounts nothing.',
    use_external: 'the gateway needs no external tool to pull.',
  },
};

export const localSection = {
  keys: { imageDir: required(text, 'the directory where the container runtime looks for images') },
  legacy: {},
};

export const sshSection = {
  keys: {
    imageDir: required(text, 'the directory on the system where the container runtime looks for images'),
    username: required(text, 'user to log in as'),
    key: optional(text, 'the agent', 'file of the private key'),
    passphraseFile: optional(text, 'none', 'file whose first line unlocks the key'),
    agent: optional(text, '`SSH_AUTH_SOCK`', 'socket of the agent, where there is no key'),
    port: optional(count(1, 65_535), '`22`', 'port, for hosts that name none'),
    knownHosts: optional(text, 'that of the user', 'known_hosts file with the keys of the hosts; a host without a key there is refused'),
    fingerprints: withDefault(fingerprints, [], 'host keys that are trusted, as `ssh-keygen -l` prints them; with any, `knownHosts` is not looked at'),
    olderServers: withDefault(
      oneOf('refuse', 'allow'),
      'refuse',
      'servers without posix-rename, fsync or statvfs of OpenSSH: `"allow"` risks losing what was just written in a crash, and can not replace files',
    ),
    channels: withDefault(count(1, 100), 8, 'most SFTP channels on one connection; one is used unless the link is long'),
    connectTimeout: withDefault(duration(0.1), 10, 'longest time to connect to one host and log in'),
    keepalive: withDefault(duration(0.1), 15, 'time between signs of life; three without an answer end the connection'),
    stallTimeout: withDefault(duration(0.1), 60, 'longest time without any answer, after which a new connection is made'),
    reconnects: withDefault(count(0, 1000), 5, 'new connections that one operation tries without getting further'),
    reconnectDelay: withDefault(duration(0), 1, 'wait before the first of these, doubled with each one after it, up to 30 s'),
    sshCmdOptions: withDefault(
      names,
      [],
      'arguments for ssh; `-p`, `-i`, `-l` and `-o` with Port, IdentityFile, User and UserKnownHostsFile are understood',
    ),
    scpCmdOptions: withDefault(names, [], 'the same for scp (`-P` for the port)'),
  },
  legacy: {},
};

export const squashfsSection = {
  keys: {
    compression: optional(
      oneOf('zstd', 'gzip', 'lz4', 'xz'),
      '`"zstd"`, or that of `ConverterOptions`',
      'what the kernel of the nodes can read; `gzip` for old ones',
    ),
    level: optional(count(1, 22), '`3` for zstd, `6` for gzip, or that of `ConverterOptions`', 'level of zstd (1 to 22) or gzip (1 to 9)'),
    blockSize: optional(blockSize, '`"128 KiB"`, or that of `ConverterOptions`', 'block size'),
  },
  legacy: {},
};

export const policySection = {
  keys: {
    ownership: withDefault(oneOf('root', 'keep'), 'root', '`"root"`: everything belongs to root'),
    widenPermissions: withDefault(flag, true, 'makes readable what users of the image could not read'),
    setuid: withDefault(oneOf('keep', 'strip'), 'keep', 'setuid and setgid bits'),
    capabilities: withDefault(oneOf('keep', 'strip'), 'strip', 'file capabilities'),
    userXattrs: optional(
      oneOf('keep', 'drop'),
      '`"drop"`, or `"keep"` where `ConverterOptions` has a list for squashfs without `-no-xattrs`',
      'extended attributes of the `user.` namespace',
    ),
    devices: withDefault(oneOf('keep', 'drop'), 'drop', 'device files'),
    fifos: withDefault(oneOf('keep', 'drop'), 'drop', 'FIFOs and sockets'),
  },
  legacy: {},
};

export const deliverySection = {
  keys: {
    fileMode: withDefault(
      fileMode,
      '0600',
      'permissions of the files; readable for all lets users pass by the access rules',
    ),
    owner: optional(owner, 'the user that writes', 'owner of the files; only root can give files away'),
    reserve: withDefault(size(0), 0, 'room that is left free on the system'),
    verify: withDefault(
      oneOf('always', 'size'),
      'always',
      '`"always"`: what lies on the system is read back; `"size"`: its size is compared',
    ),
    retries: withDefault(
      count(0, 1000),
      2,
      'how often a delivery that failed of what may pass is begun anew; a host that is away is tried as `ssh` says, and a full system not at all',
    ),
    retryDelay: withDefault(duration(0), 2, 'wait before each of these'),
    cleanUpTimeout: withDefault(
      duration(0.1),
      10,
      'longest time that a pull which was cancelled or has failed waits for the system, to end the step it is at, and to remove what it had begun; what is left then is removed when a worker starts or the system is verified',
    ),
  },
  legacy: {},
};
