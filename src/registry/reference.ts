/**
 * Image references: one tolerant grammar for what people paste, one canonical spelling for what is kept.
 *
 * Follows distribution/reference (`domain/path:tag@digest`), with the names of the configured registries ("Locations")
 * coming first, so that the same image spelt twice is one tag.
 */
import { isDigest, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';

/** What a user asked for, parsed once. */
export interface Reference {
  /** The Location, by its configured name. */
  readonly registry: string;
  readonly repository: string;
  /** A label only when `digest` is there too. */
  readonly tag?: string;
  /** Decides which image it is. */
  readonly digest?: Digest;
}

/** The registries that a reference may name. */
export interface ReferenceNames {
  /** Used when the text names no registry. */
  readonly defaultRegistry: string;
  readonly registries: readonly string[];
  /** Locations that are Docker Hub under a name of the site's own, which Hub's names mean as well; those in `DOCKER_HUB_NAMES` are known. */
  readonly dockerHub?: readonly string[];
}

/** The names of one and the same registry. */
export const DOCKER_HUB_NAMES: readonly string[] = ['index.docker.io', 'docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

const MAX_TEXT = 1024;
/** Of registry and repository together, as distribution/reference has it. */
const MAX_NAME = 255;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Reads `[docker://|docker:][registry/]repository[:tag][@digest]`. Without tag and digest the tag is `latest`.
 *
 * @throws GatewayError BAD_REFERENCE when it is none; UNKNOWN_REGISTRY when it names a registry that is not configured.
 */
export function parseReference(text: string, names: ReferenceNames): Reference {
  const typed = text.trim();
  if (typed.startsWith(IMPORTED) && !typed.includes('/')) throw bad(typed, 'it names an imported image, which no registry has');
  if (typed.length > MAX_TEXT) throw bad(typed, `it is longer than ${String(MAX_TEXT)} characters`);
  const { name, tag, digest } = splitSuffixes(withoutScheme(typed, names), typed);
  const { registry, path } = splitRegistry(name, names);

  if (IMAGE_ID.test(path)) throw bad(typed, 'a repository of 64 hex digits looks like an image id');
  if (!REPOSITORY.test(path)) {
    throw bad(
      typed,
      `the repository "${show(path)}" must be lower-case letters and digits, separated by single . _ - or /`,
    );
  }
  const repository = isDockerHub(registry, names) && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + 1 + repository.length > MAX_NAME) {
    throw bad(typed, `registry and repository are longer than ${String(MAX_NAME)} characters`);
  }
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(tag === undefined && digest === undefined ? { tag: 'latest' } : {}),
  };
}

/** Without the `docker:` that tools want in front; a Location may have a name that begins so, as `docker:5000`. */
function withoutScheme(typed: string, names: ReferenceNames): string {
  const slash = typed.indexOf('/');
  const isLocation = slash > 0 && findRegistry(typed.slice(0, slash), names) !== undefined;
  return isLocation ? typed : typed.replace(/^docker:(?:\/\/)?/, '');
}

/** In front of the name of an imported image. No reference to a registry can be spelt so: each of them holds a `/`. */
const IMPORTED = 'custom:';

const IMPORTED_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/;

/**
 * The canonical reference of an import by its name, `custom:<name>`; `custom:` may stand in front already.
 * @throws GatewayError BAD_REFERENCE
 */
export function importedReference(text: string): string {
  const name = text.trim().replace(/^custom:/, '');
  if (IMPORTED_NAME.test(name)) return `${IMPORTED}${name}`;
  throw new GatewayError(
    'BAD_REFERENCE',
    `"${show(text)}" can't name an imported image: use letters, digits and . _ + -, at most 128, with :tag behind if you like.`,
  );
}

/** True for a canonical reference that names an imported image, which no registry has. */
export function isImported(canonical: string): boolean {
  return canonical.startsWith(IMPORTED) && !canonical.includes('/');
}

/** The canonical spelling; parsing it (with the same names) gives the same reference. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

function splitSuffixes(text: string, typed: string): { name: string; tag?: string; digest?: Digest } {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw bad(typed, 'what follows "@" must be sha256: and 64, or sha512: and 128 lower-case hex digits');
  }
  const rest = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash belongs to a host with a port.
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) {
    throw bad(
      typed,
      `the tag "${show(tag)}" must be at most 128 letters, digits and . _ - and not begin with . or -`,
    );
  }
  return {
    name: colon < 0 ? rest : rest.slice(0, colon),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitRegistry(name: string, names: ReferenceNames): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const rest = name.slice(slash + 1);
  if (first !== '') {
    const known = findRegistry(first, names);
    if (known !== undefined) return { registry: known, path: rest };
    if (looksLikeHost(first)) {
      throw new GatewayError(
        'UNKNOWN_REGISTRY',
        `No registry "${show(first)}" is configured here. Known: ${names.registries.join(', ')}.`,
      );
    }
  }
  const standard = findRegistry(names.defaultRegistry, names);
  if (standard === undefined) {
    throw new GatewayError(
      'UNKNOWN_REGISTRY',
      `The default registry "${names.defaultRegistry}" is not configured. Known: ${names.registries.join(', ')}.`,
    );
  }
  return { registry: standard, path: name };
}

/** The configured name for what was typed; host names are compared without case and without the port of https. */
function findRegistry(typed: string, names: ReferenceNames): string | undefined {
  const isHost = looksLikeHost(typed);
  const host = isHost ? typed.toLowerCase().replace(/:443$/, '') : typed;
  if (DOCKER_HUB_NAMES.includes(host)) {
    const hubs = names.registries.filter((name) => isDockerHub(name, names));
    // Several entries for the Hub are still one registry: the default one, else one that is called so, else the first.
    if (hubs.includes(names.defaultRegistry)) return names.defaultRegistry;
    return hubs.find((name) => DOCKER_HUB_NAMES.includes(name)) ?? hubs[0];
  }
  if (names.registries.includes(typed)) return typed;
  return isHost
    ? names.registries.find((name) => looksLikeHost(name) && name.toLowerCase() === host)
    : undefined;
}

function isDockerHub(registry: string, names: ReferenceNames): boolean {
  return DOCKER_HUB_NAMES.includes(registry) || (names.dockerHub ?? []).includes(registry);
}

/** As Docker decides whether a first component is a host and not a namespace. */
function looksLikeHost(component: string): boolean {
  return /[.:]/.test(component) || component === 'localhost' || component !== component.toLowerCase();
}

function bad(typed: string, why: string): GatewayError {
  return new GatewayError(
    'BAD_REFERENCE',
    `"${show(typed)}" is not an image reference: ${why}. Expected [registry/]repository[:tag][@digest].`,
  );
}

/** Text of a stranger, fit for a message of one line. */
function show(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 100 ? `${printable.slice(0, 100)}...` : printable;
}
