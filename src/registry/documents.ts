/**
 * The registry's documents: manifests, indexes and configs of OCI and Docker schema 2, checked before they are believed.
 *
 * OCI image specification 1.1; Docker image manifest version 2, schema 2. A document that could be read as two things
 * (CVE-2021-41190), schema 1, artifacts and encrypted layers are refused by name.
 */
import { z } from 'zod';
import { isDigest, parseDigest, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { readJson } from '../lib/json.js';
import type { Platform } from './platform.js';
import type { RegistryLimits } from './settings.js';

const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const SCHEMA_1_TYPE = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs)\.[a-z0-9.+-]*tar[a-z0-9.+-]*$/;
const GENERIC_TYPES: readonly string[] = ['', 'application/json', 'application/octet-stream', 'text/plain'];
/** What we can read, for `Accept`. */
export const ACCEPTED_DOCUMENTS = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Where else it may be fetched. */
  readonly urls: readonly string[];
  readonly platform?: Platform;
  /** It says that it is no image but something else. */
  readonly isArtifact: boolean;
  /** It is something about an image: an attestation, a signature. `about` is the manifest that it names. */
  readonly attached?: { readonly about?: Digest };
}

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly entries: readonly Descriptor[];
}

const descriptor = z
  .object({
    mediaType: z.string().max(255).default(''),
    digest: z.string().refine(isDigest, 'is not a digest'),
    size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
    urls: z.array(z.string().max(2048)).max(20).nullish(),
    artifactType: z.string().nullish(),
    // Nothing hangs on them, so what is malformed is as good as none.
    annotations: z.record(z.string(), z.unknown()).nullish().catch(undefined),
    platform: z
      .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
      .nullish(),
  })
  .transform(({ mediaType, digest, size, urls, artifactType, annotations, platform }): Descriptor => ({
    mediaType,
    digest: parseDigest(digest),
    size,
    urls: urls ?? [],
    isArtifact: artifactType != null && artifactType !== '',
    ...attachment(annotations ?? {}, artifactType != null && artifactType !== '', platform?.os === 'unknown'),
    ...(platform == null
      ? {}
      : {
          platform: {
            os: platform.os,
            architecture: platform.architecture,
            ...(platform.variant === undefined ? {} : { variant: platform.variant }),
          },
        }),
  }));

/** As BuildKit marks attestations, and registries what refers to an image. */
function attachment(annotations: Readonly<Record<string, unknown>>, isArtifact: boolean, isForNoPlatform: boolean): Pick<Descriptor, 'attached'> {
  const about = annotations['vnd.docker.reference.digest'];
  if (!isArtifact && !isForNoPlatform && annotations['vnd.docker.reference.type'] === undefined) return {};
  return { attached: typeof about === 'string' && isDigest(about) ? { about } : {} };
}

const manifestBody = z.object({ config: descriptor, layers: z.array(descriptor) });
const indexBody = z.object({ manifests: z.array(descriptor) });
const anyBody = z.object({
  schemaVersion: z.number(),
  mediaType: z.string().optional(),
  artifactType: z.string().nullish(),
  manifests: z.unknown().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
  fsLayers: z.unknown().optional(),
});

/**
 * Reads a manifest or index.
 *
 * @param what names it in errors.
 * @throws GatewayError BAD_MANIFEST, UNSUPPORTED_MANIFEST
 */
export function parseDocument(
  bytes: Buffer,
  contentType: string,
  what: string,
  limits: RegistryLimits,
): ImageManifest | ImageIndex {
  const body = check(anyBody, parseJson(bytes, what), what);
  const header = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (body.schemaVersion === 1 || body.fsLayers !== undefined || SCHEMA_1_TYPE.test(header)) {
    throw new GatewayError(
      'UNSUPPORTED_MANIFEST',
      `${what} is a Docker schema 1 image, a format of before 2016: build it again or push it again with a current tool, as ${MANIFEST_TYPES.join(' or ')}.`,
    );
  }
  if (body.schemaVersion !== 2)
    throw bad(what, `has schemaVersion ${String(body.schemaVersion)}; this gateway reads version 2`);
  const isIndex = body.manifests !== undefined;
  if (isIndex && (body.layers !== undefined || body.config !== undefined))
    throw bad(what, 'is a manifest and an index at once, so it could mean two images');
  const mediaType = documentType(body.mediaType, header, isIndex, what);
  if (isIndex) {
    const { manifests } = check(indexBody, body, what);
    if (manifests.length > limits.indexEntries)
      throw bad(
        what,
        `lists ${String(manifests.length)} manifests; the limit is ${String(limits.indexEntries)}`,
      );
    return { kind: 'index', mediaType, entries: manifests };
  }
  if (body.artifactType != null && body.artifactType !== '')
    throw bad(what, `is no container image but an artifact of type ${show(body.artifactType)}`);
  if (Array.isArray(body.layers) && body.layers.length > limits.layers) {
    throw bad(what, `has ${String(body.layers.length)} layers; the limit is ${String(limits.layers)}`);
  }
  const { config, layers } = check(manifestBody, body, what);
  if (!CONFIG_TYPES.includes(config.mediaType))
    throw bad(what, `is no container image: its config is of type ${show(config.mediaType)}`);
  for (const layer of layers) checkLayerType(layer.mediaType, what);
  return { kind: 'manifest', mediaType, config, layers };
}

function documentType(inBody: string | undefined, header: string, isIndex: boolean, what: string): string {
  const said = GENERIC_TYPES.includes(header) ? undefined : header;
  if (inBody !== undefined && said !== undefined && inBody !== said) {
    throw bad(what, `says that it is ${show(inBody)}, but was sent as ${show(said)}`);
  }
  const type = inBody ?? said ?? (isIndex ? INDEX_TYPES[0] : MANIFEST_TYPES[0]) ?? '';
  if (!(isIndex ? INDEX_TYPES : MANIFEST_TYPES).includes(type)) {
    throw bad(
      what,
      `has the type ${show(type)}, which does not fit what is in it or is not read by this gateway`,
    );
  }
  return type;
}

function checkLayerType(type: string, what: string): void {
  if (type.endsWith('+encrypted'))
    throw bad(what, `has an encrypted layer (${show(type)}), which this gateway can't read`);
  if (!LAYER_TYPE.test(type))
    throw bad(what, `has a layer of type ${show(type)}, which is no file system layer`);
}

const strings = z.array(z.string()).nullish();
const names = z.record(z.string(), z.unknown()).nullish();
const configBody = z.object({
  created: z.string().nullish(),
  author: z.string().nullish(),
  architecture: z.string().default(''),
  os: z.string().default(''),
  variant: z.string().nullish(),
  config: z
    .object({
      User: z.string().nullish(),
      ExposedPorts: names,
      Env: strings,
      Entrypoint: z.union([z.array(z.string()), z.string().transform((text) => [text])]).nullish(),
      Cmd: z.union([z.array(z.string()), z.string().transform((text) => [text])]).nullish(),
      Volumes: names,
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      StopSignal: z.string().nullish(),
    })
    .nullish(),
  // Another type must be refused (config.md).
  rootfs: z.object({ type: z.literal('layers').optional(), diff_ids: z.array(z.string().refine(isDigest, 'is not a digest')).nullish() }),
  history: z
    .array(
      z.object({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        comment: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

/** The image configuration with what a runtime or a reader needs; absent lists and texts are empty. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal?: string;
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly emptyLayer: boolean;
}

/** @throws GatewayError BAD_MANIFEST */
export function parseConfig(bytes: Buffer, what: string): ImageConfig {
  const body = check(configBody, parseJson(bytes, what), what);
  const run = body.config;
  return {
    ...optional('created', body.created),
    ...optional('author', body.author),
    architecture: body.architecture,
    os: body.os,
    ...optional('variant', body.variant),
    user: run?.User ?? '',
    env: run?.Env ?? [],
    entrypoint: run?.Entrypoint ?? [],
    cmd: run?.Cmd ?? [],
    workingDir: run?.WorkingDir ?? '',
    labels: run?.Labels ?? {},
    exposedPorts: Object.keys(run?.ExposedPorts ?? {}),
    volumes: Object.keys(run?.Volumes ?? {}),
    ...optional('stopSignal', run?.StopSignal),
    diffIds: (body.rootfs.diff_ids ?? []).map((text) => parseDigest(text)),
    history: (body.history ?? []).map((entry) => ({
      ...optional('created', entry.created),
      ...optional('createdBy', entry.created_by),
      ...optional('comment', entry.comment),
      emptyLayer: entry.empty_layer ?? false,
    })),
  };
}

function optional<K extends string>(name: K, value: string | null | undefined): Partial<Record<K, string>> {
  return value == null || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}

/** @throws GatewayError BAD_MANIFEST, also for a key that is given twice: which of the two counts, each reader decides for itself. */
function parseJson(bytes: Buffer, what: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new GatewayError('BAD_MANIFEST', `${what} is not JSON.`, { cause: error });
  }
  const reading = readJson(text);
  if (!reading.ok) throw new GatewayError('BAD_MANIFEST', `${what} is not JSON: ${reading.message}.`);
  const [repeated] = reading.repeatedKeys;
  if (repeated !== undefined) throw bad(what, `has the key "${show(repeated)}" twice, so it could mean two images`);
  return reading.value;
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw bad(what, `is malformed at "${show(first?.path.join('.') ?? '')}": ${show(first?.message ?? '')}`);
}

function bad(what: string, why: string): GatewayError {
  return new GatewayError('BAD_MANIFEST', `${what} ${why}.`);
}

function show(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
  return printable === '' ? '(none)' : printable;
}
