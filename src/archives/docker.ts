/**
 * A docker-archive: what `docker save`, `podman save` and skopeo write (Docker image specification 1.2, "combined image
 * JSON and filesystem changeset format"): manifest.json, configs, and layers as plain tars; or compressed, as crane, kaniko and
 * others write them and all readers take them.
 *
 * It has no manifest of the kind that names an image elsewhere. So one is made of what it says: an OCI manifest with the
 * config and the layers as they are in it. Its digest is the image's id: the same image gives the same id,
 * whatever the order, the times and the names in the archive, and no other image can have it.
 */
import { z } from 'zod';
import { digestHex, sha256, type Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { ANONYMOUS, assembleImage, parseConfig, parseDocument } from '../registry/index.js';
import { bytesOf, digestOfExtent, type ArchiveFiles, type Extent } from './archive-files.js';
import { json, needed } from './oci.js';
import { shown } from './open-beneath.js';
import { badArchive, blobsOf, provePossession, type ImageSource, type ReadOptions } from './source.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

const entries = z.array(z.object({ Config: z.string().min(1).max(4096), RepoTags: z.array(z.string().max(4096)).nullish(), Layers: z.array(z.string().min(1).max(4096)) })).min(1);
type Entry = z.infer<typeof entries>[number];

/** True when the files are those of a docker-archive. */
export async function isDockerArchive(files: ArchiveFiles): Promise<boolean> {
  return (await files.find('manifest.json')) !== undefined;
}

/**
 * @throws GatewayError BAD_MANIFEST, MANIFEST_TOO_LARGE, BAD_LAYER, ARCH_MISMATCH, TOO_LARGE; BAD_USER_INPUT when it holds
 *   several images and none is chosen.
 */
export async function readDockerArchive(files: ArchiveFiles, options: ReadOptions): Promise<ImageSource> {
  const { limits, platform, signal, name } = options;
  const what = 'The image in the archive';
  const entry = choose(json(entries, await needed(files, 'manifest.json', limits.manifestBytes), 'manifest.json'), options.image);
  const configBytes = await needed(files, entry.Config, limits.configBytes);
  checkConfigName(entry.Config, configBytes);
  const { diffIds } = parseConfig(configBytes, `The config of ${what}`);
  if (diffIds.length !== entry.Layers.length) throw badArchive(`it has ${String(entry.Layers.length)} layers, but its config speaks of ${String(diffIds.length)}`);
  const extents = new Map<Digest, Extent>();
  const layers: { mediaType: string; digest: Digest; size: number }[] = [];
  for (const [at, diffId] of diffIds.entries()) {
    const member = entry.Layers[at] ?? '';
    const extent = await files.find(member);
    if (extent === undefined) throw badArchive(`it has no layer ${shown(member)}`);
    const compression = await compressionOf(extent);
    // Its name is what it is here; that it unpacks to what the config says is proved when it is read.
    const digest = compression === '' ? diffId : await digestOfExtent(extent, sha256(''), signal);
    extents.set(digest, extent);
    layers.push({ mediaType: `${LAYER_TYPE}${compression}`, digest, size: extent.size });
  }
  const manifestBytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config: { mediaType: CONFIG_TYPE, digest: sha256(configBytes), size: configBytes.length }, layers }),
  );
  // Read as one from a registry is, so that the same limits hold.
  const manifest = parseDocument(manifestBytes, MANIFEST_TYPE, what, limits);
  if (manifest.kind !== 'manifest') throw badArchive('it has no manifest');
  const manifestDigest = sha256(manifestBytes);
  const image = assembleImage(
    {
      reference: { registry: 'custom', repository: name },
      topDigest: manifestDigest,
      manifest,
      manifestBytes,
      manifestDigest,
      configBytes,
      platform: undefined,
      access: options.access,
      identity: ANONYMOUS,
    },
    platform,
    what,
    limits,
  );
  await provePossession(image.layers, extents, signal);
  return { kind: 'layers', image, openBlob: blobsOf(extents), close: () => files.close() };
}

/** By the first bytes (RFC 1952, RFC 8878), because names of layers say anything. */
async function compressionOf(extent: Extent): Promise<'' | '+gzip' | '+zstd'> {
  for await (const start of bytesOf(extent, 0, Math.min(4, extent.size))) {
    if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return '+gzip';
    if (start.length === 4 && start.readUInt32LE(0) === 0xfd2fb528) return '+zstd';
  }
  return '';
}

function choose(found: readonly Entry[], image: string | undefined): Entry {
  const named = found.flatMap(({ RepoTags }) => RepoTags ?? []).map(shown);
  const list = named.length === 0 ? 'its images have no names' : `it holds ${named.join(', ')}`;
  const candidates = image === undefined ? found : found.filter(({ RepoTags }) => RepoTags?.includes(image) === true);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  const problem = image === undefined ? 'several images: say which one' : `no image, or several, named ${shown(image)}`;
  throw new GatewayError('BAD_USER_INPUT', `The archive holds ${problem}; ${list}.`);
}

/** Tools name the config by its digest; where they do, it must be that. */
function checkConfigName(name: string, bytes: Buffer): void {
  const [, hex] = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name) ?? [];
  const found = sha256(bytes);
  if (hex !== undefined && hex !== digestHex(found)) throw badArchive(`its config ${shown(name)} is something else (${found})`);
}
