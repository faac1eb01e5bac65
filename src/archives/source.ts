/** What every archive is read to: an image as a registry would give it, and its layers. */
import { Readable } from 'node:stream';
import type { Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import type { BlobRange, BlobStream, LayerDescriptor, Platform, RegistryLimits, ResolvedImage } from '../registry/index.js';
import { bytesOf, digestOfExtent, type Extent } from './archive-files.js';

export interface ImageSource {
  /** A squashfs has one "layer": itself. */
  readonly kind: 'layers' | 'squashfs';
  readonly image: ResolvedImage;
  openBlob(image: ResolvedImage, layer: LayerDescriptor, range: BlobRange): Promise<BlobStream>;
  close(): Promise<void>;
}

export interface ReadOptions {
  /** The name that the image is going to have. */
  readonly name: string;
  /** Which image, when the archive holds several: as the archive names it. */
  readonly image: string | undefined;
  readonly platform: Platform;
  readonly access: 'public' | 'private';
  readonly limits: RegistryLimits;
  readonly signal: AbortSignal;
}

/** The layers of an archive as the registry client would give them, by their digests. */
export function blobsOf(extents: ReadonlyMap<Digest, Extent>): ImageSource['openBlob'] {
  return (_image, layer, range) => {
    const extent = extents.get(layer.digest);
    if (extent === undefined) return Promise.reject(missingLayer(layer.digest));
    const end = Math.min(extent.size, range.end === undefined ? extent.size : range.end + 1);
    const stream = Readable.from(bytesOf(extent, range.offset, end), { objectMode: false, signal: range.signal });
    return Promise.resolve({ stream, offset: range.offset, length: end - range.offset, partial: true, servedBy: 'the archive' });
  };
}

/**
 * Reads every layer and compares it with its digest. So whoever imports an image has it whole: naming the layers of
 * somebody else's image, which lie in the cache, gives nobody access to them.
 *
 * @throws GatewayError BAD_LAYER naming the first layer that is missing, or not what it should be; the reason of `signal`.
 */
export async function provePossession(layers: readonly LayerDescriptor[], extents: ReadonlyMap<Digest, Extent>, signal: AbortSignal): Promise<void> {
  for (const { digest, size } of layers) {
    const extent = extents.get(digest);
    if (extent === undefined) throw missingLayer(digest);
    if (extent.size !== size) throw new GatewayError('BAD_LAYER', `Layer ${digest} has ${String(extent.size)} bytes in the archive, and should have ${String(size)}.`);
  }
  for (const [digest, extent] of extents) {
    const found = await digestOfExtent(extent, digest, signal);
    if (found !== digest) throw new GatewayError('BAD_LAYER', `The archive holds something else than ${digest} under that digest (${found}). Make it anew.`);
  }
}

function missingLayer(digest: Digest): GatewayError {
  return new GatewayError('BAD_LAYER', `The archive does not hold the layer ${digest} that its manifest names. Make it anew.`);
}

export function badArchive(why: string): GatewayError {
  return new GatewayError('BAD_MANIFEST', `The archive can't be imported: ${why}.`);
}
