/** How to reach a system over SSH. */

export interface SshHost {
  readonly name: string;
  readonly port: number;
}

export interface SshLimits {
  /** Time (ms) for connecting to one host, logging in included. */
  readonly connectTimeoutMs: number;
  /** Time (ms) between signs of life on a silent connection; three unanswered ones end it. */
  readonly keepaliveMs: number;
  /** Time (ms) without any answer to what was asked, after which a connection counts as broken. */
  readonly stallTimeoutMs: number;
  /** How often one operation begins again on a new connection without having got further. */
  readonly reconnects: number;
  /** Wait (ms) before the first of these; it doubles each time, up to 30 s. */
  readonly reconnectDelayMs: number;
  /** The most SFTP channels on one connection. One is used unless the link is long. */
  readonly channels: number;
}

export const DEFAULT_SSH_LIMITS: SshLimits = {
  connectTimeoutMs: 10_000,
  keepaliveMs: 15_000,
  stallTimeoutMs: 60_000,
  reconnects: 5,
  reconnectDelayMs: 1000,
  channels: 8,
};

export interface SshAccount {
  /** In the order in which they are tried; all lead to the same directories. */
  readonly hosts: readonly SshHost[];
  readonly username: string;
  /** Private key file; absent: the agent. */
  readonly keyFile?: string;
  /** File whose first line unlocks the key. */
  readonly passphraseFile?: string;
  /** Socket of the agent; absent: `SSH_AUTH_SOCK`. */
  readonly agent?: string;
  /** known_hosts file; absent: that of this process' user. */
  readonly knownHosts?: string;
  /** Host keys that are trusted, as `SHA256:...`. With any given, known_hosts is not looked at. */
  readonly fingerprints?: readonly string[];
  readonly limits: SshLimits;
}

/** `name:port`, for messages. */
export function hostText({ name, port }: SshHost): string {
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}
