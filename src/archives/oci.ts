/**
 * An OCI image layout (image-spec 1.1, image-layout.md), as a directory or as a tar of one.
 */
import { z } from 'zod';
import { digestAlgorithm, finishDigest, hasherFor, isDigest, parseDigest, sha256, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { ANONYMOUS, assembleImage, platformManifest, type Fetched } from '../registry/index.js';
import { blobName, readSmall, type ArchiveFiles, type Extent } from './archive-files.js';
import { shown } from './open-beneath.js';
import { badArchive, blobsOf, provePossession, type ImageSource, type ReadOptions } from './source.js';

const REF_NAME = 'org.opencontainers.image.ref.name';
/** Where containerd and Docker put the whole name; the one above is then the tag alone. */
const CONTAINERD_NAME = 'io.containerd.image.name';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const MAX_MARKER_BYTES = 4096;

const marker = z.object({ imageLayoutVersion: z.string().regex(/^1\./) });
const indexFile = z.object({
  manifests: z.array(
    z.object({
      mediaType: z.string().optional(),
      digest: z.string().refine(isDigest).transform(parseDigest),
      size: z.number().int().nonnegative(),
      platform: z.unknown().optional(),
      annotations: z.record(z.string(), z.string()).nullish(),
    }),
  ),
});
type IndexEntry = z.infer<typeof indexFile>['manifests'][number];

/** True when the files are those of a layout. */
export async function isLayout(files: ArchiveFiles): Promise<boolean> {
  return (await files.find('oci-layout')) !== undefined;
}

/**
 * @throws GatewayError BAD_MANIFEST, MANIFEST_TOO_LARGE, BAD_LAYER, ARCH_MISMATCH, TOO_LARGE; BAD_USER_INPUT when it holds
 *   several images and none is chosen.
 */
export async function readLayout(files: ArchiveFiles, options: ReadOptions): Promise<ImageSource> {
  const { limits, platform, signal, name } = options;
  const what = 'The image in the archive';
  json(marker, await needed(files, 'oci-layout', MAX_MARKER_BYTES), 'oci-layout');
  const indexBytes = await needed(files, 'index.json', limits.manifestBytes);
  const entries = json(indexFile, indexBytes, 'index.json').manifests;
  const chosen = choose(entries, options.image);
  const top = chosen === undefined ? { bytes: indexBytes, digest: sha256(indexBytes), contentType: INDEX_TYPE } : await document(files, chosen.digest, chosen.size, limits.manifestBytes, chosen.mediaType);
  const { fetched, manifest, platform: said, attestations } = await platformManifest(
    top,
    platform,
    (digest) => document(files, digest, undefined, limits.manifestBytes),
    what,
    limits,
  );
  const config = await document(files, manifest.config.digest, manifest.config.size, limits.configBytes);
  const image = assembleImage(
    {
      reference: { registry: 'custom', repository: name },
      topDigest: top.digest,
      manifest,
      manifestBytes: fetched.bytes,
      manifestDigest: fetched.digest,
      configBytes: config.bytes,
      platform: said,
      ...(attestations === undefined ? {} : { attestations }),
      access: options.access,
      identity: ANONYMOUS,
    },
    platform,
    what,
    limits,
  );
  const extents = new Map<Digest, Extent>();
  for (const { digest } of image.layers) {
    const extent = await files.find(blobName(digest));
    if (extent !== undefined) extents.set(digest, extent);
  }
  await provePossession(image.layers, extents, signal);
  return { kind: 'layers', image, openBlob: blobsOf(extents), close: () => files.close() };
}

/** The one that is meant; undefined when the list itself is the choice, by platform. */
function choose(entries: readonly IndexEntry[], image: string | undefined): IndexEntry | undefined {
  const named = image === undefined ? entries : entries.filter((entry) => isNamed(entry, image));
  // One image can have several names.
  const candidates = [...new Map(named.map((entry) => [JSON.stringify([entry.digest, entry.platform]), entry])).values()];
  const names = [...new Set(entries.flatMap(({ annotations }) => annotations?.[CONTAINERD_NAME] ?? annotations?.[REF_NAME] ?? []))];
  const list = names.length === 0 ? 'its images have no names' : `it holds ${names.map(shown).join(', ')}`;
  if (candidates.length === 0) {
    if (image === undefined) throw badArchive('its index.json names no image');
    throw new GatewayError('BAD_USER_INPUT', `The archive holds no image named ${shown(image)}: ${list}.`);
  }
  if (candidates.length === 1) return candidates[0];
  // One image for several platforms.
  const isByPlatform = image === undefined && entries.every(({ platform }) => platform != null) && names.length <= 1;
  if (isByPlatform) return undefined;
  throw new GatewayError('BAD_USER_INPUT', `The archive holds several images: say which one. As far as they have names, ${list}.`);
}

/** By its whole name, as Docker shows that, or by what the layout's own annotation says. */
function isNamed({ annotations }: IndexEntry, image: string): boolean {
  const whole = annotations?.[CONTAINERD_NAME];
  return [whole, whole?.replace(/^docker\.io\/(?:library\/)?/, ''), annotations?.[REF_NAME]].includes(image);
}

async function document(files: ArchiveFiles, digest: Digest, size: number | undefined, limit: number, contentType = ''): Promise<Fetched> {
  const bytes = await needed(files, blobName(digest), limit);
  const found = finishDigest(hasherFor(digest).update(bytes), digestAlgorithm(digest));
  if (found !== digest) throw badArchive(`it holds something else than ${digest} under that digest (${found})`);
  if (size !== undefined && bytes.length !== size) throw badArchive(`${digest} has ${String(bytes.length)} bytes, its descriptor promises ${String(size)}`);
  return { bytes, digest, contentType };
}

/** @throws GatewayError BAD_MANIFEST when it is not there. */
export async function needed(files: ArchiveFiles, name: string, limit: number): Promise<Buffer> {
  const bytes = await readSmall(files, name, limit);
  if (bytes === undefined) throw badArchive(`it has no ${shown(name)}`);
  return bytes;
}

/** @throws GatewayError BAD_MANIFEST when it is not such a document. */
export function json<T>(schema: z.ZodType<T>, bytes: Buffer, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badArchive(`its ${name} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badArchive(`its ${name} is malformed at "${shown(issue?.path.join('.') ?? '')}"`);
}
