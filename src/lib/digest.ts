/**
 * Content digests as the OCI image specification writes them (`algorithm:hex`).
 *
 * A digest comes from outside and ends up in URLs, file names and commands. It is parsed into its own type
 * before any of that; the type is the proof (CVE-2024-3727 was digest text used as a path).
 */
import { createHash, type Hash } from 'node:crypto';
import { GatewayError } from './errors.js';

declare const digestBrand: unique symbol;

/** `sha256:` and 64, or `sha512:` and 128 lower-case hex digits; nothing else. */
export type Digest = string & { readonly [digestBrand]: true };

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/**
 * @throws GatewayError BAD_MANIFEST when the text is no digest of a known algorithm.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new GatewayError(
    'BAD_MANIFEST',
    `"${text.slice(0, 80)}" is not a digest: expected sha256: and 64, or sha512: and 128 lower-case hex digits.`,
  );
}

/** `sha256` or `sha512`. */
export function digestAlgorithm(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

/** The hex digits alone. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** A running hash of the algorithm of `digest`, to be compared with it at the end. */
export function hasherFor(digest: Digest): Hash {
  return createHash(digestAlgorithm(digest));
}

/** The sha256 digest of a buffer or text. */
export function sha256(data: Uint8Array | string): Digest {
  return finishDigest(createHash('sha256').update(data), 'sha256');
}

/** Ends a running hash. */
export function finishDigest(hash: Hash, algorithm: 'sha256' | 'sha512'): Digest {
  return parseDigest(`${algorithm}:${hash.digest('hex')}`);
}
