/** What resolving a reference gives: everything that is known of an image before its first layer is fetched. */
import type { Readable } from 'node:stream';
import type { Digest } from '../lib/digest.js';
import type { ImageConfig } from './documents.js';
import type { Identity } from './identity.js';
import type { Platform } from './platform.js';
import type { Reference } from './reference.js';
import type { Fetched } from './resolve.js';
import type { ReceiveMemory } from './receive-memory.js';
import type { RegistryCredentials } from './settings.js';
import type { OnWait } from './waiting.js';

export interface LayerDescriptor {
  readonly digest: Digest;
  /** Bytes, as they are fetched. */
  readonly size: number;
  readonly mediaType: string;
  /** Of the uncompressed layer. */
  readonly diffId: Digest;
  readonly urls: readonly string[];
}

export interface ResolvedImage {
  readonly reference: Reference;
  /** What the tag points to: the index of a multi-platform image, else the manifest. */
  readonly topDigest: Digest;
  /** The platform manifest: the image's identity. */
  readonly manifestDigest: Digest;
  readonly manifestMediaType: string;
  readonly manifestBytes: Buffer;
  readonly configDigest: Digest;
  readonly configBytes: Buffer;
  readonly config: ImageConfig;
  readonly platform: Platform;
  readonly layers: readonly LayerDescriptor[];
  /** What the index listed about the image: attestations, signatures. Undefined without an index. */
  readonly attestations?: readonly Digest[];
  /** The sum over all layers. */
  readonly bytesTotal: number;
  /** `public`: an anonymous caller got it. */
  readonly access: 'public' | 'private';
  /** Who asks for its blobs. */
  readonly identity: Identity;
}

export interface RequestOptions {
  /** The caller's own login; takes the place of the service's. */
  readonly credentials?: RegistryCredentials;
  readonly signal: AbortSignal;
  readonly onWait?: OnWait;
}

/** What a reference is, and on whose right it is read. */
export interface HeadResult {
  /** What the tag points to. */
  readonly digest: Digest;
  /** `public`: an anonymous caller is shown it. */
  readonly access: 'public' | 'private';
  /** Who reads its content. */
  readonly identity: Identity;
  /** That manifest or index, where it had to be read for this. */
  readonly document?: Fetched;
}

/** Where something was asked for, and as whom; holds no secret. */
export interface AskedAt {
  /** `host[:port][/path]` of the registry or mirror, or the host of a layer's own URL. */
  readonly endpoint: string;
  readonly identity: Identity['kind'];
}

export interface BlobRange {
  /** First byte wanted. */
  readonly offset: number;
  /** Last byte wanted; absent: to the end. */
  readonly end?: number;
  /** Tries of this blob that failed since it last made progress: the client waits accordingly. */
  readonly failures?: number;
  /** Endpoints that have sent something else under this digest: mirrors among them are passed over. The source adds its own findings. */
  readonly distrusted?: Set<string>;
  readonly signal: AbortSignal;
  readonly onWait?: OnWait;
}

export interface BlobStream {
  readonly stream: Readable;
  /** The first byte that comes: what was asked for, or 0 when the server ignores ranges. */
  readonly offset: number;
  /** Bytes that the server says will come; undefined when it doesn't. */
  readonly length?: number;
  /** The server honoured the range. */
  readonly partial: boolean;
  /** Who sends it, for messages: the host that the last redirect led to. */
  readonly servedBy: string;
  /** Absent when no server was asked. */
  readonly askedAt?: AskedAt;
  /** Where its pieces were received, if that memory can be used again. */
  readonly memory?: ReceiveMemory;
}

/** Gives the bytes of one blob from an offset on. */
export type BlobSource = (range: BlobRange) => Promise<BlobStream>;

/** The registry's own account of pulls, as Docker Hub's `ratelimit-*` headers have it. */
export interface RateLimit {
  readonly limit?: number;
  readonly remaining?: number;
  readonly windowSeconds?: number;
  readonly identity: 'anonymous' | 'service' | 'user';
  readonly seenAt: Date;
}
