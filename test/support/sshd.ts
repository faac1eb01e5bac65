/**
 * A private OpenSSH server on the loopback: own host key, port and authorized keys, SFTP only. Run by root it lets
 * `nobody` in, so that permissions count; run by anybody else it lets that user in.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { once } from 'node:events';
import { GatewayError } from '../../src/lib/errors.js';
import { findProgram, runChild, startChild, type RunningChild } from '../../src/lib/child.js';

export interface SshdOptions {
  /** Arguments of internal-sftp, such as `-P fsync` for a server without that extension. */
  readonly sftpArguments?: string;
  /** Sessions on one connection; 1 leaves one SFTP channel. */
  readonly maxSessions?: number;
  /** A command that starts the rest where the loopback is another one. */
  readonly wrap?: readonly string[];
  /** Lets root in, who may give files away. Only root can. */
  readonly asRoot?: boolean;
  /** What it writes down of those who come; `ERROR` unless told otherwise. */
  readonly logLevel?: 'ERROR' | 'INFO';
  /** Further lines of sshd_config. */
  readonly lines?: readonly string[];
  /** Locks up those who log in (`ChrootDirectory`), as sites do. Only root can; for others nothing changes. */
  readonly chroot?: boolean;
}

export interface Sshd {
  readonly port: number;
  /** Of the process that listens; undefined between `kill` and `restart`. */
  pid(): number | undefined;
  /** `127.0.0.1`, where it listens. */
  readonly host: string;
  readonly username: string;
  /** Number of that user, for the owner of image directories. */
  readonly uid: number;
  readonly directory: string;
  /** Where directories for those who log in are to be made: what is elsewhere they can't see when they are locked up. */
  readonly root: string;
  /** What a path below `root` is called by those who log in. */
  seen(path: string): string;
  /** Private key files that are let in: one without a passphrase, one whose passphrase is `a phrase`. */
  readonly key: string;
  readonly lockedKey: string;
  /** The public host key, as `ssh-ed25519 AAAA...`, and a known_hosts file that holds it for this port. */
  readonly hostKey: string;
  readonly knownHosts: string;
  /** `SHA256:...` of the host key. */
  readonly fingerprint: string;
  /** Lets go of the listener and of all connections at once, as a crash of the host would. */
  kill(): Promise<void>;
  /** Starts again on the same port. */
  restart(): Promise<void>;
  /** The end of what it has written down since it was started. */
  log(): string;
  /** How many connections have logged in now. */
  sessions(): number;
  /** Stops (SIGSTOP) or continues (SIGCONT) all that serve connections; they then do not answer, and keep the connection. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

/** Starts one on a free port and waits until it accepts connections. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const isRoot = process.geteuid?.() === 0;
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-sshd-'));
  // Keys are looked for with the rights of the user that logs in.
  await chmod(directory, 0o755);
  const [key, lockedKey, hostKeyFile] = ['key', 'locked-key', 'host-key'].map((name) => join(directory, name)) as [string, string, string];
  for (const [file, phrase] of [[key, ''], [lockedKey, 'a phrase'], [hostKeyFile, '']] as const) {
    await runChild({ command: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', phrase, '-C', 'test', '-f', file] });
  }
  const authorized = join(directory, 'authorized_keys');
  await writeFile(authorized, (await readFile(`${key}.pub`, 'utf8')) + (await readFile(`${lockedKey}.pub`, 'utf8')));
  await chmod(authorized, 0o644);
  const port = await freePort();
  const isStranger = isRoot && options.asRoot !== true;
  const username = isStranger ? 'nobody' : userInfo().username;
  const isLockedUp = isRoot && options.chroot === true;
  // All that leads to a chroot must be root's alone, which a directory for temporary files is not.
  const root = isLockedUp ? await mkdtemp('/run/imagegw-chroot-') : await mkdtemp(join(directory, 'root-'));
  await chmod(root, 0o755);
  const config = join(directory, 'sshd_config');
  await writeFile(
    config,
    [
      `Port ${String(port)}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      `LogLevel ${options.logLevel ?? 'ERROR'}`,
      `Subsystem sftp internal-sftp ${options.sftpArguments ?? ''}`,
      `ForceCommand internal-sftp ${options.sftpArguments ?? ''}`,
      `MaxSessions ${String(options.maxSessions ?? 10)}`,
      'MaxStartups 100',
      ...(isLockedUp ? [`ChrootDirectory ${root}`] : []),
      ...(options.lines ?? []),
    ].join('\n'),
  );
  // Where sshd locks up the process that speaks to strangers.
  if (isRoot) await mkdir('/run/sshd', { recursive: true });
  const hostKey = (await readFile(`${hostKeyFile}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  const knownHosts = join(directory, 'known_hosts');
  await writeFile(knownHosts, `[127.0.0.1]:${String(port)} ${hostKey}\n`);
  const fingerprint = (await runChild({ command: 'ssh-keygen', args: ['-l', '-f', `${hostKeyFile}.pub`] })).split(' ')[1] ?? '';
  // sshd wants its own full path, to start itself again for each connection.
  const program = findProgram('sshd', `${process.env['PATH'] ?? ''}:/usr/sbin`);
  if (program === undefined) throw new Error('sshd is not installed: apt-get install openssh-server');

  let child: RunningChild | undefined;
  async function start(): Promise<void> {
    const [command, ...args] = [...(options.wrap ?? []), program ?? '', '-D', '-e', '-f', config];
    child = startChild({ command, args });
    const state = { ended: false };
    child.done.catch(() => {
      state.ended = true;
    });
    while (!(await (options.wrap === undefined ? accepts(port) : acceptsWithin(options.wrap, port)))) {
      if (state.ended) throw new Error(`sshd did not start: ${child.stderrTail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  async function kill(): Promise<void> {
    if (child?.pid === undefined) return;
    // Connections are sessions of their own, which the listener's group does not hold.
    const all = [child.pid, ...descendants(child.pid)];
    for (const pid of all) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    child.kill(new GatewayError('CANCELLED', 'The test is over.'));
    await child.done.catch(() => {});
    child = undefined;
  }
  await start();
  return {
    port,
    host: '127.0.0.1',
    username,
    uid: isStranger ? 65_534 : userInfo().uid,
    directory,
    root,
    seen: (path) => (isLockedUp ? join('/', relative(root, path)) : path),
    key,
    lockedKey,
    hostKey,
    knownHosts,
    fingerprint,
    pid: () => child?.pid,
    kill,
    restart: start,
    log: () => child?.stderrTail() ?? '',
    sessions: () => (child?.pid === undefined ? 0 : childrenOf(child.pid).filter(isLoggedIn).length),
    signal(name) {
      for (const pid of child?.pid === undefined ? [] : descendants(child.pid)) process.kill(pid, name);
    },
    async stop() {
      await kill();
      for (const made of [directory, root]) await rm(made, { recursive: true, force: true });
    },
  };
}

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // It greets; a mere connection would be counted as a user that broke off.
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** ssh-keyscan prints the key of a server that answers, and nothing otherwise. */
async function acceptsWithin(wrap: readonly string[], port: number): Promise<boolean> {
  const [command, ...args] = [...wrap, 'ssh-keyscan', '-p', String(port), '127.0.0.1'];
  return (await runChild({ command, args }).catch(() => '')).includes('ssh-ed25519');
}

function descendants(pid: number): number[] {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(descendants)];
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

/** sshd names a connection `sshd: user [...]` once somebody has logged in; before that, `[accepted]` or `[preauth]`. */
function isLoggedIn(pid: number): boolean {
  try {
    return !/\[(?:accepted|net|preauth)\]/.test(readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')) && descendants(pid).length > 0;
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
