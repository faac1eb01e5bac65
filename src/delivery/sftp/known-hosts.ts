/** Reading known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import ssh2 from 'ssh2';
import type { SshHost } from './account.js';

const USUAL_PORT = 22;

export interface KnownKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** As it stands in the handshake. */
  readonly bytes: Buffer;
  /** Marked `@revoked`: never to be accepted. */
  readonly isRevoked: boolean;
}

/**
 * The keys that the file has for a host: under `name` or `[name]:port`, plain, as a pattern, or hashed. A key under the
 * bare name counts for every port, as it does for ssh, unless there is one with the port. Keys of certificate authorities
 * and lines that can't be read are passed over.
 */
export function knownKeys(text: string, { name, port }: SshHost): readonly KnownKey[] {
  const bare = keysUnder(text, name.toLowerCase());
  const withPort = keysUnder(text, `[${name.toLowerCase()}]:${port}`);
  const isPinned = port !== USUAL_PORT && withPort.some(({ isRevoked }) => !isRevoked);
  return [...withPort, ...bare.filter(({ isRevoked }) => isRevoked || !isPinned)];
}

function keysUnder(text: string, name: string): readonly KnownKey[] {
  const keys: KnownKey[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
    const [hosts = '', type = '', encoded = ''] = fields;
    if (hosts === '' || hosts.startsWith('#') || encoded === '') continue;
    if (marker !== undefined && marker !== '@revoked') continue;
    if (!matches(hosts, name)) continue;
    keys.push({ type, bytes: Buffer.from(encoded, 'base64'), isRevoked: marker === '@revoked' });
  }
  return keys;
}

/** `SHA256:...` as ssh-keygen prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type of a key in the handshake; undefined when the bytes are none. */
export function keyType(key: Buffer): string | undefined {
  const parsed = ssh2.utils.parseKey(key);
  return parsed instanceof Error ? undefined : parsed.type;
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) return matchesHash(hosts, name);
  let found = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    // A negated pattern wins over all others of its line.
    if (negated) return false;
    found = true;
  }
  return found;
}

/** `*` stands for any text, `?` for one character. */
function matchesPattern(pattern: string, name: string): boolean {
  const expression = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${expression}$`, 's').test(name);
}

/** `|1|salt|hash`: an HMAC-SHA1 of the name. */
function matchesHash(hosts: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hosts.split('|');
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
