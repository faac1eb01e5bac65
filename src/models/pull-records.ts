/** The shapes of pulls, as the index holds them and live progress carries them. Plain data: no Mongoose, no GraphQL. */
import type { Digest } from '../lib/digest.js';
import type { ErrorCode } from '../lib/errors.js';
import type { AccessNames } from './image-records.js';

export const PULL_STATES = [
  'QUEUED',
  'RESOLVING',
  'PULLING',
  'CONVERTING',
  'EXAMINING',
  'TRANSFERRING',
  'READY',
  'FAILED',
  'CANCELLED',
] as const;
export type PullState = (typeof PULL_STATES)[number];

export const TERMINAL_STATES = ['READY', 'FAILED', 'CANCELLED'] as const satisfies readonly PullState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** The states of a pull that still goes on. */
export const LIVE_STATES: readonly PullState[] = PULL_STATES.filter((state) => !isTerminal(state));

export function isTerminal(state: PullState): state is TerminalState {
  return (TERMINAL_STATES as readonly PullState[]).includes(state);
}

export const PULL_STAGES = [
  'QUEUE',
  'RESOLVE',
  'ADMIT',
  'FETCH',
  'CONVERT',
  'VERIFY',
  'EXAMINE',
  'TRANSFER',
  'RECORD',
] as const;
export type PullStage = (typeof PULL_STAGES)[number];

export const LAYER_STATES = ['WAITING', 'FETCHING', 'RETRYING', 'READING', 'DONE'] as const;
export type LayerState = (typeof LAYER_STATES)[number];

/** As whom a registry is asked: as anybody, with the login of its Location, or with the caller's own. */
export const REGISTRY_IDENTITIES = ['anonymous', 'service', 'user'] as const;
export type RegistryIdentity = (typeof REGISTRY_IDENTITIES)[number];

/** Who sent something, and as whom it was asked. */
export interface ContentSource {
  /** `host[:port][/path]`. */
  readonly endpoint: string;
  readonly identity: RegistryIdentity;
}

export interface LayerSnapshot {
  readonly digest: Digest;
  /** Bytes, compressed. */
  readonly size: number;
  readonly state: LayerState;
  /** Bytes that are here; a high-water mark. */
  readonly bytesDone: number;
  readonly fromCache: boolean;
  /** Times fetched; 0 from the cache. */
  readonly attempt: number;
  readonly waitingFor: string | null;
  /** Null when nothing has been fetched. */
  readonly servedBy?: ContentSource | null;
}

export interface PullFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stage: PullStage;
  readonly retryable: boolean;
}

/**
 * Everything a caller can see of a pull: what `pullProgress` carries, whole, in each event.
 * `sequence` is given by the progress store and never by a writer.
 */
export interface PullSnapshot {
  readonly id: string;
  readonly reference: string;
  readonly system: string;
  readonly platform: string;
  readonly state: PullState;
  readonly stage: PullStage | null;
  readonly message: string | null;
  readonly sequence: number;
  /** Times that a worker has begun. */
  readonly attempt: number;
  readonly bytesTotal: number | null;
  readonly bytesDone: number;
  readonly bytesDelivered: number | null;
  readonly layers: readonly LayerSnapshot[];
  readonly imageId: string | null;
  readonly error: PullFailure | null;
  readonly isStale: boolean;
  /** As whom the registry was read; null when it was not. */
  readonly identity?: RegistryIdentity | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** What a pull is asked to do; fixed when it is made. */
export interface PullRequest {
  readonly reference: string;
  readonly system: string;
  readonly platform: string;
  /** True when the platform is not the system's own, so that it is part of the tag's name. */
  readonly namesPlatform: boolean;
  readonly force: boolean;
  /** Set when a published image is to be published again as it was: the digest of its manifest. Its names stay as they are. */
  readonly repair?: Digest | null;
  /** Set when the image comes from a path and not from a registry. */
  readonly source?: ImportRequest | null;
}

/** An image that lies on the machine of the worker. */
export interface ImportRequest {
  readonly path: string;
  /** Which image, when the archive holds several. */
  readonly image: string | null;
  readonly isPublic: boolean;
  /** Who may use it beside whoever imports it. */
  readonly access?: AccessNames | null;
  /** Who imports it. */
  readonly user: { readonly principal: string; readonly uid: number; readonly isAdmin: boolean };
}

/** `gw_pulls`: `_id` is the pull's id. */
export interface PullRecord extends Omit<PullSnapshot, 'id'> {
  readonly _id: string;
  /** The join key, which is also the `_id` in `gw_active`. */
  readonly key: string;
  readonly request: PullRequest;
  /** Principals (`u:<realm>/<user>`) of those who have asked for it and have not left. */
  readonly requesters: readonly string[];
  /** Set when the last requester has left, or by force; the work stops. */
  readonly cancelRequested: boolean;
  /** Attempts that a stopping worker gave up in order; the others, but for the present one, ended with their worker. */
  readonly handedBack: number;
}

/** By which name an attempt of a pull holds images: one that has lost the pull gives up its own holds alone. */
export function holderOf(pullId: string, attempt: number): string {
  return `${pullId}/${String(attempt)}`;
}

/** `gw_active`: `_id` is the join key; the pull that everybody with this key joins. */
export interface ActiveRecord {
  readonly _id: string;
  readonly pullId: string;
  readonly request: PullRequest;
  readonly createdAt: Date;
}

/** The snapshot that a record holds. */
export function snapshotOf(record: PullRecord): PullSnapshot {
  const { _id, key: _key, request: _request, requesters: _requesters, cancelRequested: _cancelRequested, handedBack: _handedBack, ...rest } = record;
  return { id: _id, ...rest };
}
