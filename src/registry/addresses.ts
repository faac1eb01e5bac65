/**
 * Which addresses a registry may lead us to.
 *
 * URLs of token services, redirects and foreign layers come from a stranger, and the gateway sits inside of the
 * centre's network: without this check a registry could make it talk to metadata services and internal hosts (SSRF).
 * The address really connected to is what counts; a name proves nothing.
 */
import { BlockList, isIP } from 'node:net';
import { GatewayError } from '../lib/errors.js';

type Group = 'private' | 'loopback' | 'link-local' | 'never';

/** RFC 6890 and the IANA registries of special addresses. What stands in none of them is public. */
const GROUPS: Readonly<Record<Group, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '198.18.0.0/15',
    'fc00::/7',
    'fec0::/10',
  ],
  // Unspecified ("this host"), protocol assignments, multicast, reserved, and ways to wrap an IPv4 address in IPv6.
  never: [
    '0.0.0.0/8',
    '192.0.0.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/128',
    'ff00::/8',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '2002::/16',
    '2001::/32',
  ],
};
/** Metadata services on addresses that are otherwise private. */
const METADATA = ['100.100.100.200/32', 'fd00:ec2::254/128', '192.0.0.192/32'];

/** Decides about one address. */
export interface AddressPolicy {
  allows(address: string): boolean;
}

/**
 * @param allowed CIDRs, addresses, or the words `private`, `loopback`, `link-local`: allowed beside public addresses.
 * @throws GatewayError BAD_CONFIG for an entry that is none of these.
 */
export function addressPolicy(allowed: readonly string[]): AddressPolicy {
  const named = blockListOf(
    allowed.flatMap((entry) =>
      entry === 'private' || entry === 'loopback' || entry === 'link-local' ? GROUPS[entry] : [entry],
    ),
  );
  const exact = blockListOf(allowed.filter((entry) => isIP(entry.split('/')[0] ?? '') !== 0));
  const special = blockListOf(Object.values(GROUPS).flat());
  const metadata = blockListOf(METADATA);
  return {
    allows(address) {
      const plain = unmapped(address);
      if (inList(exact, plain)) return true;
      if (inList(metadata, plain)) return false;
      return !inList(special, plain) || inList(named, plain);
    },
  };
}

/** What a host that the configuration itself names needs beside public addresses: a literal address is its own permission. */
export function addressesOfNamedHost(hostname: string): readonly string[] {
  const host = unbracketed(hostname);
  if (isIP(host) !== 0) return [unmapped(host)];
  return host === 'localhost' || host.endsWith('.localhost') ? ['loopback', 'private'] : ['private'];
}

/** `[::1]`, as URLs write it, without the brackets. */
export function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** An IPv4 address in IPv6 clothes (`::ffff:127.0.0.1`, `::ffff:7f00:1`) as the IPv4 address that it is. */
function unmapped(address: string): string {
  const plain = address.split('%')[0] ?? address;
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (dotted !== undefined) return dotted;
  const words = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(plain);
  if (words === null) return plain;
  const [high, low] = [Number.parseInt(words[1] ?? '', 16), Number.parseInt(words[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function inList(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix);
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32)) {
      throw new GatewayError(
        'BAD_CONFIG',
        `"${entry}" in allowedAddresses is no address, CIDR block, or one of private, loopback, link-local.`,
      );
    }
    list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
