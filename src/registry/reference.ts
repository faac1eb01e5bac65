/**
 * Image references as users type them, and their one canonical spelling.
 *
 * The grammar is that of the distribution specification with what users paste in front of it. Two spellings of one
 * image have to end in one tag, so everything is decided here: aliases of Docker Hub, `library/`, `latest`.
 */
import { digestHex, isDigest, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';

export interface Reference {
  /** Name of the Location; for a host that none is configured for, the host. */
  readonly registry: string;
  readonly repository: string;
  /** Beside a digest it is only a label. */
  readonly tag?: string;
  readonly digest?: Digest;
}

export interface RegistryNames {
  readonly defaultRegistry: string;
  /** The names of all Locations. */
  readonly registries: readonly string[];
}

const DOCKER_HUB = ['index.docker.io', 'docker.io', 'registry-1.docker.io'];
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
const MAX_NAME = 255;
const MAX_INPUT = 1024;

/** True for the names under which Docker Hub is known. */
export function isDockerHub(registry: string): boolean {
  return DOCKER_HUB.includes(registry);
}

/**
 * Reads `[docker://][registry/]repository[:tag][@digest]`.
 *
 * @throws GatewayError BAD_REFERENCE.
 */
export function parseReference(text: string, names: RegistryNames): Reference {
  const refuse = (why: string): GatewayError =>
    new GatewayError(
      'BAD_REFERENCE',
      `"${printable(text)}" is no image reference: ${why}. Write [registry/]repository[:tag][@digest].`,
    );
  if (text.length > MAX_INPUT) throw refuse('it is too long');
  let rest = withoutTransport(text.trim());
  if (rest === '') throw refuse('it is empty');

  let digest: Digest | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    const digestText = rest.slice(at + 1);
    if (!isDigest(digestText)) {
      throw refuse('after "@" a digest is expected, sha256: and 64 lower-case hex digits');
    }
    digest = digestText;
    rest = rest.slice(0, at);
  }

  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  // A colon before the last slash belongs to a port.
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    if (!TAG.test(tag)) throw refuse(`"${printable(tag)}" is no tag`);
    rest = rest.slice(0, colon);
  }

  const [registry, path] = splitRegistry(rest, names);
  if (!names.registries.includes(registry) && registry !== names.defaultRegistry && !HOST.test(registry)) {
    throw refuse(`"${printable(registry)}" is neither a configured registry nor a host`);
  }
  const repository = isDockerHub(registry) && path !== '' && !path.includes('/') ? `library/${path}` : path;
  if (!REPOSITORY.test(repository)) {
    const hint = REPOSITORY.test(repository.toLowerCase()) ? ', only lower case is allowed' : '';
    throw refuse(`"${printable(path)}" is no repository name${hint}`);
  }
  if (registry.length + 1 + repository.length > MAX_NAME)
    throw refuse('registry and repository are too long');
  if (/^(?:library\/)?[0-9a-f]{64}$/.test(repository))
    throw refuse('64 hex digits are an id, not a repository');

  return {
    registry,
    repository,
    ...(tag === undefined ? (digest === undefined ? { tag: 'latest' } : {}) : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The canonical spelling; `parseReference` of it gives the same reference. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** What the registry is asked for: the digest where there is one, because it decides. */
export function manifestName(reference: Reference): string {
  return reference.digest ?? reference.tag ?? 'latest';
}

/** For people: the repository with tag or a shortened digest. */
export function shortReference(reference: Reference): string {
  if (reference.digest === undefined) return formatReference(reference);
  return `${reference.registry}/${reference.repository}@${digestHex(reference.digest).slice(0, 12)}`;
}

/** `docker:5000/x` is a host with a port, `docker:x` and `docker://x` are prefixes that other tools want. */
function withoutTransport(text: string): string {
  if (text.startsWith('docker://')) return text.slice('docker://'.length);
  if (text.startsWith('docker:') && !/^docker:[0-9]+\//.test(text)) return text.slice('docker:'.length);
  return text;
}

function splitRegistry(text: string, names: RegistryNames): readonly [string, string] {
  const slash = text.indexOf('/');
  if (slash < 0) return [canonicalName(names.defaultRegistry, names), text];
  const first = text.slice(0, slash);
  const known = names.registries.includes(first) || first === names.defaultRegistry;
  const host =
    first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  if (!known && !host) return [canonicalName(names.defaultRegistry, names), text];
  return [canonicalName(known ? first : first.toLowerCase(), names), text.slice(slash + 1)];
}

/** All names of Docker Hub are one identity: the first of them that is configured. */
function canonicalName(registry: string, names: RegistryNames): string {
  if (!isDockerHub(registry)) return registry;
  const configured = (name: string): boolean =>
    names.registries.includes(name) || name === names.defaultRegistry;
  return DOCKER_HUB.find(configured) ?? 'index.docker.io';
}

function printable(text: string): string {
  return text.slice(0, 120).replace(/[^\x20-\x7e]/g, '?');
}
