import type { Digest } from '../lib/digest.js';
import type { TargetName } from './names.js';

/** How an image came to lie on the target. */
export type ImagePlacement = 'kept' | 'linked' | 'copied';

/** The squashfs to publish: a local file that nobody writes into any more. */
export interface Product {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  /** Which file has this digest (lib/file-version.ts), when it was read for it just now. */
  readonly version?: string | undefined;
}

export interface MetadataRequest {
  /** 64 hex digits. */
  readonly imageId: string;
  /** Names the temporary files, so that those of a dead pull can be told from those of a live one. */
  readonly pullId: string;
  /** Text of the `.meta` file. */
  readonly meta: string;
  /** Text of the sidecar. */
  readonly sidecar: string;
  /** Stops until everything is prepared; the renames, which take no time, then run to their end. */
  readonly signal: AbortSignal;
}

export interface PublishRequest extends MetadataRequest {
  readonly product: Product;
  /** Told how many of the product's bytes lie on the target; ends at its size. */
  readonly onBytes?: (bytes: number) => void;
}

export interface PublishedFiles {
  /** Full path of the image on the target. */
  readonly path: string;
  readonly metaPath: string;
  readonly sidecarPath: string;
  /** `kept`: it was there already, whole; `linked`: it shares the product's file; `copied`: bytes were written. */
  readonly image: ImagePlacement;
}

/** A complete temporary file, and the version that was checked. */
export interface Prepared {
  readonly temporary: TargetName;
  readonly final: TargetName;
  readonly version: string;
}
