/**
 * Connections to one endpoint and to wherever it leads: TLS trust, proxies, and the check of every address.
 */
import { lookup as dnsLookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import { GatewayError, messageOf } from '../lib/errors.js';
import { addressesOfNamedHost, addressPolicy, unbracketed, type AddressPolicy } from './addresses.js';
import type { ReceiveMemory } from './receive-memory.js';
import type { EndpointSettings, RegistryLimits } from './settings.js';

export interface Transport {
  /** The dispatcher for a URL. @throws GatewayError POLICY_REFUSED when its host is an address that is refused. */
  dispatcherFor(url: URL): Dispatcher;
  /** Where what comes without a proxy is received. */
  readonly memory: ReceiveMemory;
  close(): Promise<void>;
}

/** A registry leads to few servers; one that names new ones all the time must not fill our memory. */
const MAX_SESSIONS = 100;

/** `http_proxy`, `https_proxy`, `no_proxy` as the environment gives them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * @throws GatewayError BAD_CONFIG when a certificate or key can't be read.
 */
export function createTransport(
  settings: EndpointSettings,
  maxConnections: number,
  limits: RegistryLimits,
  environment: ProxyEnvironment,
  memory: ReceiveMemory,
): Transport {
  const tls = tlsOptions(settings);
  const endpoint = new URL(settings.url).host;
  const own = new Set(
    [endpoint, ...(settings.realmHosts ?? [])].map((host) => host.toLowerCase()),
  );
  const general = addressPolicy(settings.allowedAddresses ?? []);
  const ownPolicies = new Map<string, AddressPolicy>();
  /** TLS sessions by server and identity, so that the next connection to it proves less. */
  const sessions = new Map<string, Buffer>();

  function policyFor(hostname: string, port: string): AddressPolicy {
    const host = unbracketed(hostname);
    const spelt = isIP(host) === 6 ? `[${host}]` : host;
    // The permission is for this host and port: a redirect to another port of the same machine is a stranger's wish.
    const named = own.has(`${spelt}:${port}`) || ((port === '443' || port === '80') && own.has(spelt));
    if (!named) return general;
    const policy = ownPolicies.get(host) ?? addressPolicy([...(settings.allowedAddresses ?? []), ...addressesOfNamedHost(host)]);
    ownPolicies.set(host, policy);
    return policy;
  }

  function remember(peer: string, session: Buffer): void {
    sessions.delete(peer);
    sessions.set(peer, session);
    if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value ?? peer);
  }

  const connect: buildConnector.connector = (options, callback) => {
    const port = options.port === '' ? (options.protocol === 'https:' ? '443' : '80') : options.port;
    const policy = policyFor(options.hostname, port);
    const isOwn = own.has(options.host?.toLowerCase() ?? '');
    const peer = `${options.hostname}:${port} ${String(isOwn)}`;
    const session = sessions.get(peer);
    let connected: Socket | undefined;
    const connector = buildConnector({
      onread: memory.onread(() => connected),
      timeout: limits.connectTimeoutMs,
      lookup: checkedLookup(policy),
      // A client certificate is shown to the endpoint itself alone.
      ...tls.trust,
      ...(isOwn ? tls.identity : {}),
      ...(session === undefined ? {} : { session }),
    });
    // Of the endpoint itself: the servers it leads to have names of their own.
    const named = options.host === endpoint && settings.serverName !== undefined ? { ...options, servername: settings.serverName } : options;
    connector(named, (...result) => {
      const [error, socket] = result;
      // A literal address is not looked up: what counts is the peer, checked before a byte is sent.
      if (error === null && socket.remoteAddress !== undefined && !policy.allows(socket.remoteAddress)) {
        socket.destroy();
        callback(refusedAddress(options.hostname, socket.remoteAddress), null);
      } else {
        connected = socket ?? undefined;
        // Told after the certificate has been found good.
        socket?.on('session', (given: Buffer) => remember(peer, given));
        callback(...result);
      }
    });
  };
  const direct = new Agent({
    connect,
    connections: maxConnections,
    headersTimeout: limits.answerTimeoutMs,
    bodyTimeout: limits.answerTimeoutMs,
  });
  const proxies = new Map<string, ProxyAgent>();

  function dispatcherFor(url: URL): Dispatcher {
    const proxy = proxyFor(url, environment);
    const host = unbracketed(url.hostname);
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    if (isIP(host) !== 0 && !policyFor(host, port).allows(host)) throw refusedAddress(host, host);
    if (proxy === undefined) return direct;
    // A client certificate is shown to the endpoint itself alone, behind a proxy too.
    const isOwn = own.has(url.host);
    const serverName = url.host === endpoint ? settings.serverName : undefined;
    const key = `${proxy} ${String(isOwn)} ${serverName ?? ''}`;
    const known = proxies.get(key);
    if (known !== undefined) return known;
    const created = new ProxyAgent({
      uri: proxy,
      connections: maxConnections,
      headersTimeout: limits.answerTimeoutMs,
      bodyTimeout: limits.answerTimeoutMs,
      requestTls: { ...tls.trust, ...(isOwn ? tls.identity : {}), ...(serverName === undefined ? {} : { servername: serverName }) },
    });
    proxies.set(key, created);
    return created;
  }

  return {
    dispatcherFor,
    memory,
    async close() {
      await Promise.all([direct.destroy(), ...[...proxies.values()].map((proxy) => proxy.destroy())]);
    },
  };
}

/** The proxy of a URL, or undefined. A name in `no_proxy` covers the names that end in it; `*` covers all. */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  const read = (name: string): string | undefined => environment[name] ?? environment[name.toUpperCase()];
  const proxy = (url.protocol === 'https:' ? read('https_proxy') : read('http_proxy')) ?? read('all_proxy');
  if (proxy === undefined || proxy === '') return undefined;
  const host = unbracketed(url.hostname);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  for (const entry of (read('no_proxy') ?? '').split(/[\s,]+/).filter((text) => text !== '')) {
    if (entry === '*') return undefined;
    if (/^[0-9a-f.:]+\/\d+$/i.test(entry) && isIP(host) !== 0 && isWithin(host, entry)) return undefined;
    const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entryPort !== undefined && isIP(entry) === 0 && entryPort !== port) continue;
    const suffix = (isIP(entry) === 0 ? name : entry).replace(/^\*?\.?/, '');
    if (host === suffix || host.endsWith(`.${suffix}`)) return undefined;
  }
  return proxy;
}

function isWithin(address: string, block: string): boolean {
  const [network = '', bits] = block.split('/');
  const [version, kind] = isIP(address) === 6 ? ([6, 'ipv6'] as const) : ([4, 'ipv4'] as const);
  if (isIP(network) !== version || Number(bits) > (version === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), kind);
  return list.check(address, kind);
}

function checkedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = found.filter(({ address }) => policy.allows(address));
      const [first] = allowed;
      if (first === undefined)
        return callback(refusedAddress(hostname, found[0]?.address ?? 'nothing'), '', 0);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(hostname: string, address: string): GatewayError {
  return new GatewayError(
    'POLICY_REFUSED',
    `${hostname} leads to ${address}, which this gateway does not connect to for a registry. If that is meant, name it in "allowedAddresses" of the registry.`,
  );
}

function tlsOptions(settings: EndpointSettings): {
  trust: { ca?: string[] };
  identity: { cert?: string; key?: string };
} {
  // Node's `ca` replaces the built-in authorities; a site's own comes beside them.
  const trust = settings.caFile === undefined ? {} : { ca: [...rootCertificates, readPem(settings.caFile)] };
  const { clientCertFile, clientKeyFile } = settings;
  const identity =
    clientCertFile === undefined
      ? {}
      : { cert: readPem(clientCertFile), key: readPem(clientKeyFile ?? clientCertFile) };
  return { trust, identity };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError(
      'BAD_CONFIG',
      `The certificate or key ${file} can't be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
