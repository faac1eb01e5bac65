/**
 * An entry of `Locations`, normalised.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { messageOf } from '../lib/errors.js';
import { keyPath, quoted } from '../lib/json.js';
import { readSection, type Values } from './keys.js';
import { isObject } from './kinds.js';
import { credentialsSection, locationSection, mirrorSection } from './location-keys.js';
import { existingFile, type PathContext } from './paths.js';
import type { MirrorConfig, RegistryConfig, RegistryCredentialsConfig } from './types.js';

const HUB_NAMES: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];
/** The one name of Docker Hub under which its API answers. */
const HUB_API = 'registry-1.docker.io';

/** True for the names that users have for Docker Hub. */
export function isDockerHub(name: string): boolean {
  return HUB_NAMES.includes(name);
}

export function readRegistry(name: string, raw: unknown, context: PathContext): RegistryConfig | undefined {
  const { findings } = context;
  const at = keyPath('Locations', name);
  // It is the first component of references.
  if (!/^(?:\[[\da-fA-F:.]+\]|[A-Za-z0-9][\w.-]*)(?::\d{1,5})?$/.test(name)) {
    findings.problem(at, 'the name of a registry must be a word or a host, with a port or without');
  }
  if (!isObject(raw)) {
    findings.problem(at, 'expected an object');
    return undefined;
  }
  const values = readSection(locationSection, raw, at, findings);
  const url = readUrl(values.url ?? (isDockerHub(name) ? HUB_API : name), `${at}.url`, context);
  return {
    name,
    ...readEndpoint(values, url, at, context),
    remoteType: values.remotetype,
    authMethod: values.authMethod,
    mirrors: values.mirrors.flatMap((mirror, index) =>
      readMirror(mirror, keyPath(`${at}.mirrors`, index), context),
    ),
    maxConnections: values.maxConnections,
    ...(values.requestsPerSecond === undefined ? {} : { requestsPerSecond: values.requestsPerSecond }),
    staleWhenUnavailable: values.staleWhenUnavailable,
    foreignLayers: values.foreignLayers,
  };
}

function readMirror(
  raw: string | Readonly<Record<string, unknown>>,
  at: string,
  context: PathContext,
): MirrorConfig[] {
  const values = readSection(
    mirrorSection,
    typeof raw === 'string' ? { url: raw } : raw,
    at,
    context.findings,
  );
  if (values.url === undefined) return [];
  const url = readUrl(values.url, `${at}.url`, context);
  return [{ ...readEndpoint(values, url, at, context), pull: values.pull }];
}

type EndpointValues = Omit<Values<typeof mirrorSection.keys>, 'url' | 'pull'>;
type Endpoint = Omit<MirrorConfig, 'pull'>;

function readEndpoint(values: EndpointValues, url: string, at: string, context: PathContext): Endpoint {
  const { findings } = context;
  const file = (key: 'sslcacert' | 'clientCert' | 'clientKey' | 'credentialsFile'): string | undefined => {
    const path = values[key];
    return path === undefined ? undefined : existingFile(path, `${at}.${key}`, context);
  };
  const caFile = file('sslcacert');
  const clientCertFile = file('clientCert');
  const clientKeyFile = file('clientKey');
  const credentialsFile = file('credentialsFile');
  const credentials =
    values.credentials === undefined
      ? undefined
      : readCredentials(values.credentials, `${at}.credentials`, context);
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined)) {
    findings.problem(at, 'clientCert and clientKey go together: give both or none');
  }
  const hasLogin =
    credentials !== undefined || credentialsFile !== undefined || values.credentialHelper !== undefined;
  if (hasLogin && url.startsWith('http:') && !values.insecure) {
    findings.problem(
      at,
      'has a login but an http:// address, over which anyone can read it: use https://, or set "insecure": true to send it nevertheless',
    );
  }
  if (values.serverName !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(values.serverName))
    findings.problem(`${at}.serverName`, `${quoted(values.serverName)} is no host name`);
  for (const address of values.allowedAddresses) {
    if (!isAddressRange(address)) {
      findings.problem(
        `${at}.allowedAddresses`,
        `${quoted(address)} is no address range: expected a CIDR block as 10.1.0.0/16, "private", "loopback" or "link-local"`,
      );
    }
  }
  return {
    url,
    ...(caFile === undefined ? {} : { caFile }),
    ...(clientCertFile === undefined ? {} : { clientCertFile }),
    ...(clientKeyFile === undefined ? {} : { clientKeyFile }),
    ...(values.serverName === undefined ? {} : { serverName: values.serverName }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(values.credentialHelper === undefined ? {} : { credentialHelper: values.credentialHelper }),
    realmHosts: values.realmHosts,
    insecure: values.insecure,
    allowedAddresses: values.allowedAddresses,
  };
}

/** `https://`, `http://`, or a host alone, which means `https://`. */
function readUrl(text: string, at: string, { findings }: PathContext): string {
  const written = text.includes('://') ? text : `https://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    findings.problem(at, 'is no address of a registry: expected https://host, http://host or a host alone');
    return 'https://invalid.invalid';
  }
  if (url.username !== '' || url.password !== '') {
    findings.problem(at, 'must not hold a login: put it under "credentials"');
  }
  if (url.search !== '' || url.hash !== '') findings.problem(at, 'must end after the host or a path');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function readCredentials(
  raw: Readonly<Record<string, unknown>>,
  at: string,
  context: PathContext,
): RegistryCredentialsConfig | undefined {
  const { findings } = context;
  const values = readSection(credentialsSection, raw, at, findings);
  const { username, passwordFile } = values;
  let password = values.password;
  if ((password === undefined) === (passwordFile === undefined)) {
    findings.problem(at, 'needs either "password" or "passwordFile"');
  } else if (passwordFile !== undefined) {
    const path = existingFile(passwordFile, `${at}.passwordFile`, context);
    try {
      password = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      findings.problem(`${at}.passwordFile`, `can't be read: ${messageOf(error)}`);
    }
  }
  return username === undefined || password === undefined ? undefined : { username, password };
}

function isAddressRange(text: string): boolean {
  if (['private', 'loopback', 'link-local'].includes(text)) return true;
  const [address = '', bits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
