/** The last step of resolving, wherever the documents came from: what they say together. */
import type { Digest } from '../lib/digest.js';
import { GatewayError } from '../lib/errors.js';
import { parseConfig, type ImageManifest } from './documents.js';
import type { LayerDescriptor, ResolvedImage } from './image.js';
import type { Platform } from './platform.js';
import { imagePlatform } from './resolve.js';
import type { RegistryLimits } from './settings.js';

export interface ImageDocuments extends Pick<ResolvedImage, 'reference' | 'topDigest' | 'access' | 'identity' | 'attestations'> {
  readonly manifest: ImageManifest;
  readonly manifestBytes: Buffer;
  readonly manifestDigest: Digest;
  readonly configBytes: Buffer;
  /** What the index said; undefined without one. */
  readonly platform: Platform | undefined;
}

/**
 * @param wanted what the system is. @param what names the image in errors.
 * @throws GatewayError BAD_MANIFEST, ARCH_MISMATCH, TOO_LARGE
 */
export function assembleImage(documents: ImageDocuments, wanted: Platform, what: string, limits: RegistryLimits): ResolvedImage {
  const { manifest, configBytes, platform, ...rest } = documents;
  const config = parseConfig(configBytes, `The config of ${what}`);
  const actual = imagePlatform(platform, config, wanted, what);
  if (config.diffIds.length !== manifest.layers.length) {
    throw new GatewayError(
      'BAD_MANIFEST',
      `${what} has ${String(manifest.layers.length)} layers, but its config speaks of ${String(config.diffIds.length)}.`,
    );
  }
  const layers = manifest.layers.flatMap(({ digest, size, mediaType, urls }, at): LayerDescriptor[] => {
    const diffId = config.diffIds[at];
    return diffId === undefined ? [] : [{ digest, size, mediaType, urls, diffId }];
  });
  const bytesTotal = layers.reduce((sum, { size }) => sum + size, 0);
  if (bytesTotal > limits.imageBytes) {
    throw new GatewayError('TOO_LARGE', `${what} has ${String(bytesTotal)} bytes of layers; the limit is ${String(limits.imageBytes)}.`);
  }
  return { ...rest, manifestMediaType: manifest.mediaType, configDigest: manifest.config.digest, configBytes, config, platform: actual, layers, bytesTotal };
}
