/** The shapes of systems that the API declares, of the work on systems that is not a pull, and of the logins for their workers. Plain data: no Mongoose, no GraphQL. */
import type { ErrorCode } from '../lib/errors.js';

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

/** `gw_publications`: `_id` is the system, declared wherever. */
export interface PublicationRecord {
  readonly _id: string;
  /** When an image was last published there. */
  readonly publishedAt: Date;
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
