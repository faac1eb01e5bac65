/** Which manifest of an index is for a platform. */
import type { Digest } from '../lib/digest.js';
import type { Descriptor, ImageIndex } from './documents.js';
import { formatPlatform, platformFit, type Platform } from './platform.js';

/** Less than any platform that fits. */
const NOT_SAID = -1;

/**
 * The best entry for `wanted`, or undefined. A platform is optional (image-index.md): an entry without one may be for any, and is
 * the last choice; what it is for its config says. Attestations are for the platform `unknown`.
 */
export function chooseManifest(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  let best: { entry: Descriptor; fit: number } | undefined;
  for (const entry of index.entries) {
    if (isIndexEntry(entry) || entry.isArtifact) continue;
    const fit = entry.platform === undefined ? NOT_SAID : platformFit(entry.platform, wanted);
    if (fit !== undefined && (best === undefined || fit > best.fit)) best = { entry, fit };
  }
  return best?.entry;
}

/** The nested indexes that could hold an image for `wanted`. */
export function nestedIndexes(index: ImageIndex, wanted: Platform): readonly Descriptor[] {
  return index.entries.filter(
    (entry) =>
      isIndexEntry(entry) &&
      (entry.platform === undefined || platformFit(entry.platform, wanted) !== undefined),
  );
}

/** What there is, for an error message. */
export function platformsOf(index: ImageIndex): readonly string[] {
  const offered = index.entries.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  );
  return [...new Set(offered)].slice(0, 40);
}

/** What the index lists about the image that was chosen, or about none in particular. */
export function attestationsOf(index: ImageIndex, chosen: Digest): readonly Digest[] {
  return index.entries.flatMap(({ digest, attached }) =>
    attached !== undefined && digest !== chosen && (attached.about ?? chosen) === chosen ? [digest] : [],
  );
}

function isIndexEntry({ mediaType }: Descriptor): boolean {
  return mediaType.endsWith('.image.index.v1+json') || mediaType.endsWith('.manifest.list.v2+json');
}
