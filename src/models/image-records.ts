/** The shapes of images, and of the names by which they are used. Plain data: no Mongoose, no GraphQL. */
import type { RootfsPolicyConfig } from '../config/index.js';
import type { Digest } from '../lib/digest.js';
import type { ContentSource } from './pull-records.js';

/** Users and groups of the realm of a system, by name. */
export interface AccessNames {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Users and groups by number, as the container runtime compares them. */
export interface AccessIds {
  readonly users: readonly number[];
  readonly groups: readonly number[];
}

export interface ImageLayerRecord {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  /** Null when it was not fetched for this image, or was recorded before this was kept. */
  readonly servedBy?: ContentSource | null;
}

/** The parts of an image configuration that the index keeps for answers; the whole of it is in the sidecar. */
export interface ImageConfigRecord {
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string | null;
  readonly user: string | null;
  /** Pairs, because label names hold dots, which the index can't have in field names. */
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** The rules by which layers became a product: with the packer, they and the layers say what it is to the byte. */
export interface RulesRecord {
  /** Goes up when the same policy begins to give other bytes. */
  readonly version: number;
  /** Of the system, as it was then. */
  readonly policy: RootfsPolicyConfig;
}

/** What a finished conversion is worth keeping of: enough to say whether a file is what it should be. */
export interface ProductRecord {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  readonly format: string;
  readonly packer: string;
  readonly entryCount: number;
  readonly changes: readonly string[];
  /** Undefined for a squashfs that was published as it was imported, and for what was recorded before they were kept. */
  readonly rules?: RulesRecord;
}

/** What the files beside an image tell and no answer does, so that they can be written again when its names change. */
export interface ProvenanceRecord {
  /** By which name it was first made here, and what that name was at the registry. */
  readonly reference: string;
  readonly topDigest: Digest;
  readonly manifestMediaType: string;
  /** In the order of the layers. */
  readonly layerMediaTypes: readonly string[];
  /** The image's configuration, as JSON text. */
  readonly configText: string;
  /** What the metadata file says: open to everybody on the system. */
  readonly isOpen: boolean;
  /** What the metadata file says of who may use it when it is not. Undefined for what was recorded before it was kept. */
  readonly ids?: AccessIds;
  /** What the index listed beside the image: attestations and signatures. Undefined for what was recorded before they were kept. */
  readonly attestations?: readonly Digest[];
}

/** `gw_images`: `_id` is `<system>/<imageId>`. */
export interface ImageRecord {
  readonly _id: string;
  readonly system: string;
  readonly imageId: string;
  readonly manifestDigest: Digest;
  readonly configDigest: Digest;
  readonly platform: string;
  readonly layers: readonly ImageLayerRecord[];
  readonly config: ImageConfigRecord;
  readonly product: ProductRecord;
  /** Undefined for what was recorded before it was kept. */
  readonly provenance?: ProvenanceRecord;
  /** Who may see it: `public`, `u:<realm>/<user>`, `g:<realm>/<group>`. A copy, rebuilt from the tags. */
  readonly principals: readonly string[];
  /** Ids of its tags. A copy, rebuilt from the tags. */
  readonly tags: readonly string[];
  /** Attempts of pulls that are about to give it a name; it is not removed while there is one. */
  readonly holders: readonly string[];
  /** READY can be mounted; REMOVING is on its way out and must not be given a name. */
  readonly state: 'READY' | 'REMOVING';
  /** Counts rebuilds of the copies, so that an older one can't overwrite a newer one. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

export interface TagMoveRecord {
  readonly imageId: string;
  readonly until: Date;
}

/** `gw_tags`: `_id` is `<system>/<canonical reference>`, with `;<platform>` when it is not the system's own. */
export interface TagRecord {
  readonly _id: string;
  readonly system: string;
  readonly reference: string;
  /** Null when it is the system's own. */
  readonly platform: string | null;
  readonly imageId: string;
  readonly topDigest: Digest;
  /** Principal of whoever imported it; null for what a registry gave. */
  readonly owner: string | null;
  readonly principals: readonly string[];
  /** Who these are for the container runtime. Undefined for what was recorded before it was kept. */
  readonly ids?: AccessIds;
  readonly movedAt: Date;
  readonly checkedAt: Date;
  readonly history: readonly TagMoveRecord[];
  /** Grows with each change; every change is conditional on it. */
  readonly revision: number;
}

/** The `_id` of an image. */
export function imageKey(system: string, imageId: string): string {
  return `${system}/${imageId}`;
}

/** The `_id` of a tag. `platform` is null for the system's own. */
export function tagKey(system: string, reference: string, platform: string | null): string {
  return platform === null ? `${system}/${reference}` : `${system}/${reference};${platform}`;
}
