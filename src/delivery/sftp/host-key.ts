/** Which host keys are trusted. ssh2 takes any key unless it is told otherwise. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { errnoOf, GatewayError, messageOf } from '../../lib/errors.js';
import { hostText, type SshAccount, type SshHost } from './account.js';
import { fingerprintOf, keyType, knownKeys, type KnownKey } from './known-hosts.js';

export interface HostKeyCheck {
  /** What is wrong with the key that the host has shown; undefined when it is trusted. */
  refusal(key: Buffer): GatewayError | undefined;
  /** Algorithms to ask for first: a host with several keys must show the one that is known. */
  readonly preferred: readonly ServerHostKeyAlgorithm[];
}

/** @throws GatewayError BAD_CONFIG when the known_hosts file can't be read. */
export async function hostKeyCheck(account: SshAccount, host: SshHost): Promise<HostKeyCheck> {
  const pins = account.fingerprints ?? [];
  if (pins.length > 0) {
    return {
      preferred: [],
      refusal(key) {
        const seen = fingerprintOf(key);
        return pins.includes(seen) ? undefined : refused(host, `shows a host key that is none of those in ssh.fingerprints`, seen);
      },
    };
  }
  const file = account.knownHosts ?? join(homedir(), '.ssh', 'known_hosts');
  const known = knownKeys(await readKnownHosts(file), host);
  return { preferred: algorithmsOf(known), refusal: (key) => judge(key, known, host, file) };
}

function judge(key: Buffer, known: readonly KnownKey[], host: SshHost, file: string): GatewayError | undefined {
  const same = known.filter(({ bytes }) => bytes.equals(key));
  const seen = fingerprintOf(key);
  if (same.some(({ isRevoked }) => isRevoked)) return refused(host, `shows a host key that is revoked in ${file}`, seen);
  if (same.length > 0) return undefined;
  const type = keyType(key);
  const other = known.find((candidate) => !candidate.isRevoked && candidate.type === type);
  if (other !== undefined) {
    return refused(host, `shows another host key than ${file} has for it (${fingerprintOf(other.bytes)}); somebody may be listening in`, seen);
  }
  return refused(host, `shows a host key that ${file} does not have`, seen);
}

function refused(host: SshHost, what: string, seen: string): GatewayError {
  return new GatewayError(
    'DELIVERY_FAILED',
    `${hostText(host)} ${what}. Seen: ${seen}. If its administrator confirms this fingerprint, put the key into the known_hosts file.`,
    { retryable: false },
  );
}

async function readKnownHosts(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Without the file no host is known, and the refusal says what it has shown.
    if (errnoOf(error) === 'ENOENT') return '';
    throw new GatewayError('BAD_CONFIG', `Can't read the known_hosts file ${file}: ${messageOf(error)}. Correct ssh.knownHosts, or its permissions.`, { cause: error });
  }
}

/** One RSA key serves several algorithms of signing. */
function algorithmsOf(known: readonly KnownKey[]): ServerHostKeyAlgorithm[] {
  const all: readonly ServerHostKeyAlgorithm[] = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ];
  const types = new Set(known.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type));
  return all.filter((name) => types.has(name.startsWith('rsa-') ? 'ssh-rsa' : name));
}
