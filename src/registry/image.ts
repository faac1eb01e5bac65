/** What a registry says about an image, once it is resolved, parsed and checked. */
import type { Digest } from '../lib/digest.js';
import type { Platform } from './platform.js';
import type { Reference } from './reference.js';

export interface ResolvedImage {
  readonly reference: Reference;
  /** What the tag pointed at: an index, or the manifest itself. */
  readonly topDigest: Digest;
  /** Of the platform's manifest; its hex is the id of the image. */
  readonly manifestDigest: Digest;
  readonly manifestMediaType: string;
  readonly manifestBytes: Buffer;
  readonly configDigest: Digest;
  readonly configBytes: Buffer;
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** Lowest first. */
  readonly layers: readonly LayerDescriptor[];
  /** Sum of the layers as they come over the network. */
  readonly bytesTotal: number;
  /** `public` only when the registry itself gave it to an anonymous caller. */
  readonly access: 'public' | 'private';
}

export interface LayerDescriptor {
  readonly digest: Digest;
  /** Bytes over the network, exactly. */
  readonly size: number;
  readonly mediaType: string;
  /** Digest of the tar inside. */
  readonly diffId: Digest;
  /** Where else it may be found (foreign layers). */
  readonly urls: readonly string[];
}

/** The image configuration (OCI image specification, config.md), null and absent made one. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  /** RFC 3339, as it stands in the image. */
  readonly created?: string;
  readonly author?: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Absent and empty differ: an empty one takes an inherited one away. */
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal?: string;
  /** One for each layer, lowest first. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly emptyLayer: boolean;
}

/** A wait that users should see: "waiting 30 s, rate limited". */
export interface WaitNotice {
  readonly seconds: number;
  readonly reason: string;
}
