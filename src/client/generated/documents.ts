/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Who may use a private image. Its owner always may. */
export type AccessInput = {
  /** Names of groups in the system's realm. */
  readonly groups?: ReadonlyArray<string> | null | undefined;
  /** Names of users in the system's realm. */
  readonly users?: ReadonlyArray<string> | null | undefined;
};

/** Which pull to leave. */
export type CancelPullInput = {
  /** Stops it for everybody who waits for it. Administrators of its system only. */
  readonly force?: boolean | null | undefined;
  /** Id of the pull. */
  readonly id: string;
};

/** Stable codes of failures. A code is never renamed or reused; accept ones you do not know. */
export type ErrorCode =
  /** The image is for another platform than the system's. */
  | 'ARCH_MISMATCH'
  /** The configuration is wrong. */
  | 'BAD_CONFIG'
  /** A layer is not what its descriptor promises, or holds something that must not be unpacked. */
  | 'BAD_LAYER'
  /** The registry's documents are wrong, contradictory, or of a kind this gateway does not read. */
  | 'BAD_MANIFEST'
  /** The text is no image reference. */
  | 'BAD_REFERENCE'
  /** The request itself is wrong: missing, malformed or contradictory input. */
  | 'BAD_USER_INPUT'
  /** Somebody cancelled it. */
  | 'CANCELLED'
  /** Something else is in the way: a name in use, a state that does not allow it. */
  | 'CONFLICT'
  /** The packer failed or died, or its product does not hold what was fed. */
  | 'CONVERSION_FAILED'
  /** The product could not be written to the system. */
  | 'DELIVERY_FAILED'
  /** The registry refuses this caller. */
  | 'DENIED'
  /** The site's examiner refused the image. */
  | 'EXAMINATION_FAILED'
  /** The caller is known and may not. */
  | 'FORBIDDEN'
  /** The index (MongoDB) does not answer. */
  | 'INDEX_UNAVAILABLE'
  /** A fault of the gateway. Its details are in the log under the reference in the message. */
  | 'INTERNAL'
  /** The manifest, index or config is larger than the limit. */
  | 'MANIFEST_TOO_LARGE'
  /** The repository, tag or digest is not there (many registries say the same of images one may not see). */
  | 'NOT_FOUND'
  /** A disk is too full; the message names the path, the need and what there is. */
  | 'NO_SPACE'
  /** No worker serves the system now, or none has answered. */
  | 'NO_WORKER'
  /** The packer (or another tool of the conversion) is missing. */
  | 'PACKER_MISSING'
  /** A rule of the site refuses it. */
  | 'POLICY_REFUSED'
  /** The queue (Redis) does not answer. */
  | 'QUEUE_UNAVAILABLE'
  /** The registry limits how much may be pulled; waiting helps. */
  | 'RATE_LIMITED'
  /** The registry can't be reached, or breaks off, again and again. */
  | 'REGISTRY_UNREACHABLE'
  /** The workers that held the pull died, more often than the configuration allows. */
  | 'STALLED'
  /** The pull took longer than the configuration allows. */
  | 'TIMED_OUT'
  /** The image is larger than a limit allows. */
  | 'TOO_LARGE'
  /** The caller is not known. */
  | 'UNAUTHENTICATED'
  /** No registry of that name is configured. */
  | 'UNKNOWN_REGISTRY'
  /** No system of that name is configured. */
  | 'UNKNOWN_SYSTEM'
  /** This version of the gateway does not have it. */
  | 'UNSUPPORTED';

/** Which name to take off, and where. */
export type ExpireImageInput = {
  /** Platform as `os/architecture[/variant]`; the system's own when not given. */
  readonly platform?: string | null | undefined;
  /** Image reference as users type it. */
  readonly reference: string;
  /** Name of the system. */
  readonly system: string;
};

/** Which images. */
export type ImageFilter = {
  /** Only images with a name that contains this text (case matters). */
  readonly nameContains?: string | null | undefined;
  /** Only on this system. */
  readonly system?: string | null | undefined;
};

/** What to import, and where to. */
export type ImportImageInput = {
  /** Who may use the image beside you. */
  readonly access?: AccessInput | null | undefined;
  /** Publishes it again even if the same image is there. */
  readonly force?: boolean | null | undefined;
  /** Which image, when the archive holds several: its name in the archive. */
  readonly image?: string | null | undefined;
  /** Lets everybody on the system use it; otherwise it is yours alone. */
  readonly isPublic?: boolean | null | undefined;
  /** The name that it gets: `custom:<name>`, in which `custom:` may be left out. It can't be one of a registry's. */
  readonly name: string;
  /** Absolute path on the machine of the system's worker, below one of `ImportPaths`, without links on the way, and your own or an administrator's. */
  readonly path: string;
  /** Name of the system. */
  readonly system: string;
};

/** The states of a layer. */
export type LayerState =
  /** Here and checked. */
  | 'DONE'
  /** Being fetched. */
  | 'FETCHING'
  /** Here; being read and checked. */
  | 'READING'
  /** Being fetched again after a failure. */
  | 'RETRYING'
  /** Not begun. */
  | 'WAITING';

/** What to pull, and where to. */
export type PullImageInput = {
  /** Who may use the image if it is private; its owner alone when not given. Without meaning for a public image. */
  readonly access?: AccessInput | null | undefined;
  /** Login for the registry, for this pull only; never stored, never shown. */
  readonly credentials?: RegistryCredentialsInput | null | undefined;
  /** Asks the registry even if the tag was checked within `PullUpdateTimeout`, and publishes the image again even if it is there. */
  readonly force?: boolean | null | undefined;
  /** Platform as `os/architecture[/variant]`; each system's own when not given. */
  readonly platform?: string | null | undefined;
  /** Image reference as users type it, `[registry/]repository[:tag][@digest]`; `docker:` and `docker://` in front are accepted. */
  readonly reference: string;
  /** Names of the systems; each gets a pull of its own. */
  readonly systems: ReadonlyArray<string>;
};

/** The stages of a pull, in their order. Each can be repeated: a pull whose worker died goes through them again. */
export type PullStage =
  /** Working out the bytes to fetch, and whether there is room for them. */
  | 'ADMIT'
  /** Merging layers into one squashfs. */
  | 'CONVERT'
  /** Waiting for the site's examiner. */
  | 'EXAMINE'
  /** Fetching layers, checking them and reading what is in them. */
  | 'FETCH'
  /** Waiting for a worker. */
  | 'QUEUE'
  /** Recording the image and its name in the index. */
  | 'RECORD'
  /** Asking the registry: manifest, platform, configuration. */
  | 'RESOLVE'
  /** Writing the image and its metadata to the system. */
  | 'TRANSFER'
  /** Reading the squashfs back and comparing it with what went in. */
  | 'VERIFY';

/** The states of a pull. READY, FAILED and CANCELLED are terminal. */
export type PullState =
  /** Everybody who had asked for it has left, or an administrator has stopped it. */
  | 'CANCELLED'
  /** Layers are being merged into one squashfs, which is then read back. */
  | 'CONVERTING'
  /** The site's examiner looks at it. */
  | 'EXAMINING'
  /** It has failed; `error` says why. */
  | 'FAILED'
  /** Layers are being fetched, checked and read. */
  | 'PULLING'
  /** It waits for a worker. */
  | 'QUEUED'
  /** The image can be mounted. */
  | 'READY'
  /** The registry is being asked what the reference is. */
  | 'RESOLVING'
  /** It is being written to the system. */
  | 'TRANSFERRING';

/** Login for a registry. */
export type RegistryCredentialsInput = {
  /** Password or token; may hold any character. */
  readonly password: string;
  /** User name, or the name that goes with a token. */
  readonly username: string;
};

/** What can be wrong on a system. */
export type VerificationFindingKind =
  /** A published image is not what the index says: its size, its content, or its metadata. */
  | 'DAMAGED'
  /** A pull that has ended has left it. */
  | 'LEFTOVER'
  /** A published image lacks a file. */
  | 'MISSING'
  /** It carries the name of an image that the index does not know. */
  | 'UNKNOWN'
  /** A file can't be read. */
  | 'UNREADABLE';

/** The states of a verification. */
export type VerificationState =
  /** All was read; the findings say whether it is whole. */
  | 'DONE'
  /** It could not be done; `error` says why. */
  | 'FAILED'
  /** A worker reads. */
  | 'RUNNING'
  /** It waits for a worker. */
  | 'WAITING';

/** Which system to verify. */
export type VerifySystemInput = {
  /** Publishes damaged images again, by pulling the same digest, and removes what pulls that have ended left behind. */
  readonly repair?: boolean | null | undefined;
  /** Name of the system. */
  readonly system: string;
};

export type ImageSummaryFragment = { readonly imageId: string, readonly manifestDigest: string, readonly platform: string, readonly path: string, readonly size: number, readonly sha256: string, readonly isPublic: boolean, readonly createdAt: string, readonly expiresAt: string | null, readonly system: { readonly name: string }, readonly tags: ReadonlyArray<{ readonly reference: string, readonly platform: string | null, readonly movedAt: string, readonly checkedAt: string }> };

export type ImageDetailFragment = { readonly configDigest: string, readonly format: string, readonly packer: string, readonly entryCount: number, readonly environment: ReadonlyArray<string>, readonly entrypoint: ReadonlyArray<string>, readonly command: ReadonlyArray<string>, readonly workingDirectory: string | null, readonly user: string | null, readonly changes: ReadonlyArray<string>, readonly imageId: string, readonly manifestDigest: string, readonly platform: string, readonly path: string, readonly size: number, readonly sha256: string, readonly isPublic: boolean, readonly createdAt: string, readonly expiresAt: string | null, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number }>, readonly labels: ReadonlyArray<{ readonly name: string, readonly value: string }>, readonly system: { readonly name: string }, readonly tags: ReadonlyArray<{ readonly reference: string, readonly platform: string | null, readonly movedAt: string, readonly checkedAt: string }> };

export type LookupImageQueryVariables = Exact<{
  system: string;
  reference: string;
  platform?: string | null | undefined;
}>;


export type LookupImageQuery = { readonly system: { readonly name: string } | null, readonly image: { readonly configDigest: string, readonly format: string, readonly packer: string, readonly entryCount: number, readonly environment: ReadonlyArray<string>, readonly entrypoint: ReadonlyArray<string>, readonly command: ReadonlyArray<string>, readonly workingDirectory: string | null, readonly user: string | null, readonly changes: ReadonlyArray<string>, readonly imageId: string, readonly manifestDigest: string, readonly platform: string, readonly path: string, readonly size: number, readonly sha256: string, readonly isPublic: boolean, readonly createdAt: string, readonly expiresAt: string | null, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number }>, readonly labels: ReadonlyArray<{ readonly name: string, readonly value: string }>, readonly system: { readonly name: string }, readonly tags: ReadonlyArray<{ readonly reference: string, readonly platform: string | null, readonly movedAt: string, readonly checkedAt: string }> } | null };

export type ListImagesQueryVariables = Exact<{
  where?: ImageFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListImagesQuery = { readonly images: { readonly nodes: ReadonlyArray<{ readonly imageId: string, readonly manifestDigest: string, readonly platform: string, readonly path: string, readonly size: number, readonly sha256: string, readonly isPublic: boolean, readonly createdAt: string, readonly expiresAt: string | null, readonly system: { readonly name: string }, readonly tags: ReadonlyArray<{ readonly reference: string, readonly platform: string | null, readonly movedAt: string, readonly checkedAt: string }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ExpireImageMutationVariables = Exact<{
  input: ExpireImageInput;
}>;


export type ExpireImageMutation = { readonly expireImage: { readonly imageRemoved: boolean, readonly tag: { readonly reference: string, readonly imageId: string } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type ImportImageMutationVariables = Exact<{
  input: ImportImageInput;
}>;


export type ImportImageMutation = { readonly importImage: { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

type UserErrorParts_ConflictError_Fragment = { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_InvalidInputError_Fragment = { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_NotAllowedError_Fragment = { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_NotFoundError_Fragment = { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_UnavailableError_Fragment = { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

export type UserErrorPartsFragment =
  | UserErrorParts_ConflictError_Fragment
  | UserErrorParts_InvalidInputError_Fragment
  | UserErrorParts_NotAllowedError_Fragment
  | UserErrorParts_NotFoundError_Fragment
  | UserErrorParts_UnavailableError_Fragment
;

export type PullStateFragment = { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null };

export type PullImageMutationVariables = Exact<{
  input: PullImageInput;
}>;


export type PullImageMutation = { readonly pullImage: { readonly pulls: ReadonlyArray<{ readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null }>, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CancelPullMutationVariables = Exact<{
  input: CancelPullInput;
}>;


export type CancelPullMutation = { readonly cancelPull: { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type PullQueryVariables = Exact<{
  id: string;
}>;


export type PullQuery = { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null };

export type PullProgressSubscriptionVariables = Exact<{
  id: string;
}>;


export type PullProgressSubscription = { readonly pullProgress: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } };

export type VerificationPartsFragment = { readonly state: VerificationState, readonly isRepairing: boolean, readonly worker: string | null, readonly imageCount: number, readonly checkedImageCount: number, readonly bytesTotal: number, readonly bytesDone: number, readonly findingCount: number, readonly requestedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly findings: ReadonlyArray<{ readonly kind: VerificationFindingKind, readonly imageId: string | null, readonly path: string, readonly message: string, readonly pull: { readonly id: string } | null }>, readonly error: { readonly code: ErrorCode, readonly message: string } | null };

export type VerifySystemMutationVariables = Exact<{
  input: VerifySystemInput;
}>;


export type VerifySystemMutation = { readonly verifySystem: { readonly verification: { readonly state: VerificationState, readonly isRepairing: boolean, readonly worker: string | null, readonly imageCount: number, readonly checkedImageCount: number, readonly bytesTotal: number, readonly bytesDone: number, readonly findingCount: number, readonly requestedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly findings: ReadonlyArray<{ readonly kind: VerificationFindingKind, readonly imageId: string | null, readonly path: string, readonly message: string, readonly pull: { readonly id: string } | null }>, readonly error: { readonly code: ErrorCode, readonly message: string } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type VerificationQueryVariables = Exact<{
  system: string;
}>;


export type VerificationQuery = { readonly system: { readonly verification: { readonly state: VerificationState, readonly isRepairing: boolean, readonly worker: string | null, readonly imageCount: number, readonly checkedImageCount: number, readonly bytesTotal: number, readonly bytesDone: number, readonly findingCount: number, readonly requestedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly findings: ReadonlyArray<{ readonly kind: VerificationFindingKind, readonly imageId: string | null, readonly path: string, readonly message: string, readonly pull: { readonly id: string } | null }>, readonly error: { readonly code: ErrorCode, readonly message: string } | null } | null } | null };

export const ImageSummaryFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]} as unknown as DocumentNode<ImageSummaryFragment, unknown>;
export const ImageDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageSummary"}},{"kind":"Field","name":{"kind":"Name","value":"configDigest"}},{"kind":"Field","name":{"kind":"Name","value":"format"}},{"kind":"Field","name":{"kind":"Name","value":"packer"}},{"kind":"Field","name":{"kind":"Name","value":"entryCount"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"}},{"kind":"Field","name":{"kind":"Name","value":"entrypoint"}},{"kind":"Field","name":{"kind":"Name","value":"command"}},{"kind":"Field","name":{"kind":"Name","value":"workingDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"user"}},{"kind":"Field","name":{"kind":"Name","value":"labels"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"changes"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]} as unknown as DocumentNode<ImageDetailFragment, unknown>;
export const UserErrorPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<UserErrorPartsFragment, unknown>;
export const PullStateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullStateFragment, unknown>;
export const VerificationPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<VerificationPartsFragment, unknown>;
export const LookupImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"LookupImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"system"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reference"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"platform"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"image"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"system"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}},{"kind":"Argument","name":{"kind":"Name","value":"reference"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reference"}}},{"kind":"Argument","name":{"kind":"Name","value":"platform"},"value":{"kind":"Variable","name":{"kind":"Name","value":"platform"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageDetail"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageSummary"}},{"kind":"Field","name":{"kind":"Name","value":"configDigest"}},{"kind":"Field","name":{"kind":"Name","value":"format"}},{"kind":"Field","name":{"kind":"Name","value":"packer"}},{"kind":"Field","name":{"kind":"Name","value":"entryCount"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"}},{"kind":"Field","name":{"kind":"Name","value":"entrypoint"}},{"kind":"Field","name":{"kind":"Name","value":"command"}},{"kind":"Field","name":{"kind":"Name","value":"workingDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"user"}},{"kind":"Field","name":{"kind":"Name","value":"labels"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"changes"}}]}}]} as unknown as DocumentNode<LookupImageQuery, LookupImageQueryVariables>;
export const ListImagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ListImages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"where"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ImageFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"images"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"where"},"value":{"kind":"Variable","name":{"kind":"Name","value":"where"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageSummary"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]} as unknown as DocumentNode<ListImagesQuery, ListImagesQueryVariables>;
export const ExpireImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ExpireImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ExpireImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"expireImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tag"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"imageRemoved"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ExpireImageMutation, ExpireImageMutationVariables>;
export const ImportImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ImportImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ImportImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"importImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ImportImageMutation, ImportImageMutationVariables>;
export const PullImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PullImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PullImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pullImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pulls"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<PullImageMutation, PullImageMutationVariables>;
export const CancelPullDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelPull"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelPullInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelPull"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<CancelPullMutation, CancelPullMutationVariables>;
export const PullDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Pull"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullQuery, PullQueryVariables>;
export const PullProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"PullProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pullProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullProgressSubscription, PullProgressSubscriptionVariables>;
export const VerifySystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"VerifySystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"VerifySystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verifySystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verification"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"VerificationParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<VerifySystemMutation, VerifySystemMutationVariables>;
export const VerificationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Verification"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"system"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verification"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"VerificationParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<VerificationQuery, VerificationQueryVariables>;