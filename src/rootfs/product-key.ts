import { digestHex, sha256, type Digest } from '../lib/digest.js';
import { packerFor } from './packers.js';
import type { RootfsPolicy, SquashfsOptions } from './settings.js';
import type { RootfsTools } from './tools.js';

/** Goes up when the same inputs begin to give other bytes: the merge, the policy or the order of the tar has changed. */
export const CONVERSION_VERSION = 6;

export interface ProductInputs {
  /** Of the platform's manifest. */
  readonly manifestDigest: Digest;
  readonly policy: RootfsPolicy;
  readonly squashfs: SquashfsOptions;
  readonly tools: RootfsTools;
}

/** What a product is made of, as one name (64 hex digits): two products of one key have the same bytes. */
export function productKey({ manifestDigest, policy, squashfs, tools }: ProductInputs): string {
  const settings = Object.entries(policy).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestHex(
    sha256(
      JSON.stringify([CONVERSION_VERSION, manifestDigest, settings, packerFor(tools, squashfs).identity]),
    ),
  );
}
