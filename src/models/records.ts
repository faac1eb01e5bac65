/**
 * The shapes that the index holds and that live progress carries. Plain data: no Mongoose, no GraphQL.
 */
import type { Digest } from '../lib/digest.js';
import type { ErrorCode } from '../lib/errors.js';

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

export interface ImageLayerRecord {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
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

/** What a finished conversion is worth keeping of: enough to say whether a file is what it should be. */
export interface ProductRecord {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  readonly format: string;
  readonly packer: string;
  readonly entryCount: number;
  readonly changes: readonly string[];
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

/** The snapshot that a record holds. */
export function snapshotOf(record: PullRecord): PullSnapshot {
  const { _id, key: _key, request: _request, requesters: _requesters, cancelRequested: _cancelRequested, handedBack: _handedBack, ...rest } = record;
  return { id: _id, ...rest };
}

export const VERIFICATION_STATES = ['WAITING', 'RUNNING', 'DONE', 'FAILED'] as const;
export type VerificationState = (typeof VERIFICATION_STATES)[number];

export const FINDING_KINDS = ['DAMAGED', 'MISSING', 'UNREADABLE', 'UNKNOWN', 'LEFTOVER'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something on a system that is not as the index says. */
export interface VerificationFinding {
  readonly kind: FindingKind;
  /** Null for what belongs to no image. */
  readonly imageId: string | null;
  /** Full path on the system. */
  readonly path: string;
  /** What is wrong, and what was done or is to be done. */
  readonly message: string;
  /** The pull that publishes the image again; null when there is none. */
  readonly pullId: string | null;
}

/** How far a verification is, and what it has found. */
export interface VerificationProgress {
  readonly imageCount: number;
  readonly imagesDone: number;
  readonly bytesTotal: number;
  readonly bytesDone: number;
  /** Of all findings; the list holds the first ones only. */
  readonly findingCount: number;
  readonly findings: readonly VerificationFinding[];
}

export const NOTHING_VERIFIED: VerificationProgress = { imageCount: 0, imagesDone: 0, bytesTotal: 0, bytesDone: 0, findingCount: 0, findings: [] };

/** `gw_verifications`: `_id` is the system; its last verification, or the one that runs. */
export interface VerificationRecord extends VerificationProgress {
  readonly _id: string;
  readonly state: VerificationState;
  /** Damaged images are published again, and leftovers removed. */
  readonly repairs: boolean;
  readonly worker: string | null;
  /** Whoever holds it may write. */
  readonly lease: string | null;
  readonly leaseUntil: Date | null;
  /** Why it could not be done; null unless FAILED. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** `gw_systems`: `_id` is the name of a system that the API has declared. */
export interface SystemRecord {
  readonly _id: string;
  /** The entry as `Platforms` would have it; read by the same rules wherever it is used. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** REMOVING takes no new pulls, and is forgotten when nothing of it is left. */
  readonly state: 'READY' | 'REMOVING';
  /** Grows with each change; every change is conditional on it. */
  readonly revision: number;
  /** Principal of whoever changed it last. */
  readonly changedBy: string;
  readonly changedAt: Date;
}

/** REMOVE: an image without names; with names, as DESCRIBE. DESCRIBE: the files beside an image are written again. */
export const TASK_KINDS = ['CHECK', 'REMOVE', 'DESCRIBE'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** What a worker found when it checked a system. */
export interface TaskAnswer {
  readonly steps: readonly { readonly step: string; readonly durationMs: number; readonly problem: string | null }[];
  readonly freeBytes: number | null;
  readonly writeBytesPerSecond: number | null;
  readonly readBytesPerSecond: number | null;
  readonly worker: string;
  readonly checkedAt: Date;
}

/** `gw_tasks`: work on a system that is not a pull. `_id` says what it is about. */
export interface TaskRecord {
  readonly _id: string;
  readonly system: string;
  readonly kind: TaskKind;
  /** The image that it is about. */
  readonly imageId: string | null;
  /** From when on a worker may take it; while one works on it, when its claim runs out. */
  readonly dueAt: Date;
  /** From when on nobody waits for it; null when it has to be done in any case. */
  readonly expiresAt: Date | null;
  /** Whoever holds it works on it. */
  readonly claim: string | null;
  readonly answer: TaskAnswer | null;
  /** Why it could not be done the last time. */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
}

/** `gw_credentials`: `_id` is the worker key and the address of the registry. */
export interface CredentialRecord {
  readonly _id: string;
  readonly workerKey: string;
  readonly url: string;
  readonly sealed: string;
}
