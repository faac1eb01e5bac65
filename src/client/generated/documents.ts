/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Who may use a private image. Its owner always may, and is alone when both lists are empty. At most `ApiLimits.maxAccessNames` names. */
export type AccessInput = {
  /** Names of groups, as the system's machines know them. */
  readonly groups?: ReadonlyArray<string> | null | undefined;
  /** Names of users, as the system's machines know them. */
  readonly users?: ReadonlyArray<string> | null | undefined;
};

/** A system to declare. */
export type AddSystemInput = {
  /** What it is. */
  readonly definition: SystemDefinitionInput;
  /** Its name, by which pulls ask for it; 1 to 128 characters without blanks and `/`. */
  readonly name: string;
};

/** Which pull to leave. */
export type CancelPullInput = {
  /** Stops it for everybody who waits for it. Administrators of its system only. */
  readonly force?: boolean | null | undefined;
  /** Id of the pull. */
  readonly id: string;
};

/** A system to check. */
export type CheckSystemInput = {
  /** Name of the system. */
  readonly system: string;
};

/** How far what was written is trusted. */
export type DeliveryVerification =
  /** It is read back. */
  | 'ALWAYS'
  /** Its size is compared. */
  | 'SIZE';

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
  /** The machine of a worker can't be asked for users and groups now. */
  | 'NAMES_UNAVAILABLE'
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
  | 'UNSUPPORTED'
  /** The image is of a format that nobody writes any more (Docker schema 1): it has to be built or pushed again. */
  | 'UNSUPPORTED_MANIFEST';

/** Which name to take off, and where. */
export type ExpireImageInput = {
  /** Platform as `os/architecture[/variant]`; the system's own when not given. */
  readonly platform?: string | null | undefined;
  /** Image reference as users type it. */
  readonly reference: string;
  /** Name of the system. */
  readonly system: string;
};

/** Who the files of an image belong to. */
export type FileOwnership =
  /** What the layers say. */
  | 'KEEP'
  /** Everything belongs to root. */
  | 'ROOT';

/** Which images. */
export type ImageFilter = {
  /** Only images with a name that contains this text (case matters). */
  readonly nameContains?: string | null | undefined;
  /** Only on this system. */
  readonly system?: string | null | undefined;
};

/** What to import, and where to. */
export type ImportImageInput = {
  /** Who may use the image beside you; not together with `isPublic`. Importing it again sets this anew. */
  readonly access?: AccessInput | null | undefined;
  /** Publishes it again even if the same image is there. */
  readonly force?: boolean | null | undefined;
  /** Which image, when the archive holds several: its name in the archive. */
  readonly image?: string | null | undefined;
  /** Lets everybody on the system use it; otherwise it is yours, and theirs who are named in `access`. */
  readonly isPublic?: boolean | null | undefined;
  /** The name that it gets: `custom:<name>`, in which `custom:` may be left out. It can't be one of a registry's. */
  readonly name: string;
  /** Absolute path on the machine where the system's worker runs (also for a system over SSH, whose own files can't be read safely), below one of `ImportPaths`, without links on the way, and your own or an administrator's. */
  readonly path: string;
  /** Name of the system. */
  readonly system: string;
};

/** What happens to a kind of entry. */
export type KeepOrDrop =
  /** It is left out. */
  | 'DROP'
  /** It stays. */
  | 'KEEP';

/** What happens to a property of files. */
export type KeepOrStrip =
  /** It stays. */
  | 'KEEP'
  /** The file loses it. */
  | 'STRIP';

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

/** What is done with SFTP servers that lack posix-rename, fsync or statvfs of OpenSSH. */
export type OlderServers =
  /** They are used: what was just written can be lost in a crash, and files can't be replaced. */
  | 'ALLOW'
  /** They are not used. */
  | 'REFUSE';

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
  /** It waits for a worker, or for the time until which a registry wants no requests (`message`). */
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

/** As whom a registry or mirror is asked. */
export type RegistryIdentity =
  /** As anybody, without a login. */
  | 'ANONYMOUS'
  /** With the gateway's own login there: that of the registry's `Locations` entry, or of the mirror's. */
  | 'SERVICE'
  /** With a login that the caller gave for this pull. */
  | 'USER';

/** A system to take out. */
export type RemoveSystemInput = {
  /** Also when images are there, which the index then forgets, or pulls, which are cancelled. The files stay. */
  readonly force?: boolean | null | undefined;
  /** Name of the system. */
  readonly name: string;
};

/** How a squashfs is compressed. */
export type SquashfsCompression =
  /** For old kernels. */
  | 'GZIP'
  /** LZ4. */
  | 'LZ4'
  /** XZ. */
  | 'XZ'
  /** Zstandard. */
  | 'ZSTD';

/** How images get to a system. */
export type SystemAccess =
  /** The gateway writes into the directory. */
  | 'LOCAL'
  /** The gateway writes over SFTP. */
  | 'REMOTE';

/** What a check tries, in this order. */
export type SystemCheckStepKind =
  /** Connecting, logging in, and looking at the image directory. */
  | 'CONNECT'
  /** Listing the image directory. */
  | 'LIST'
  /** Reading it back. */
  | 'READ'
  /** Removing it. */
  | 'REMOVE'
  /** Renaming it in one step, onto a file that is there. */
  | 'RENAME'
  /** Measuring the room. */
  | 'ROOM'
  /** Making the folder of the sidecars, `.imagegw`, and a file in it. */
  | 'SIDECAR'
  /** Fsync of the directory. */
  | 'SYNC'
  /** Writing a file, giving it mode and owner, and fsync. */
  | 'WRITE';

/**
 * What a system is, as an entry of `Platforms` in imagemanager.json says it, under the same names and with the same rules:
 * docs/configuration.md has the default of each. Paths must begin with `/`.
 */
export type SystemDefinitionInput = {
  /** How images get there; needed. */
  readonly accesstype?: SystemAccess | null | undefined;
  /** Names of its administrators. */
  readonly admins?: ReadonlyArray<string> | null | undefined;
  /** How images are written. */
  readonly delivery?: SystemDeliveryInput | null | undefined;
  /** Hosts to write through over SFTP, in the order in which they are tried; each may be `name:port`. */
  readonly host?: ReadonlyArray<string> | null | undefined;
  /** Where a system is that the gateway writes to directly. */
  readonly local?: SystemLocalInput | null | undefined;
  /** Munge socket by which callers of this system are known. */
  readonly mungeSocketPath?: string | null | undefined;
  /** What the nodes run, `os/architecture[/variant]`. */
  readonly platform?: string | null | undefined;
  /** What flattening keeps. */
  readonly policy?: SystemPolicyInput | null | undefined;
  /** Namespace of users and groups; systems with the same realm agree on names and ids. */
  readonly realm?: string | null | undefined;
  /** How images are packed. */
  readonly squashfs?: SystemSquashfsInput | null | undefined;
  /** How to log in there. */
  readonly ssh?: SystemSshInput | null | undefined;
};

/** How images are written. */
export type SystemDeliveryInput = {
  /** Longest time that a pull which was cancelled or has failed waits for the system, in seconds. */
  readonly cleanUpTimeout?: number | null | undefined;
  /** Permissions of the files, three octal digits as `0600`. */
  readonly fileMode?: string | null | undefined;
  /** Owner of the files, `uid:gid` as numbers; only root can give files away. */
  readonly owner?: string | null | undefined;
  /** Room that is left free on the system, as `10 GiB`. */
  readonly reserve?: string | null | undefined;
  /** How often a delivery that failed of what may pass is begun anew. */
  readonly retries?: number | null | undefined;
  /** Wait before each of these, in seconds. */
  readonly retryDelay?: number | null | undefined;
  /** How far what was written is trusted. */
  readonly verify?: DeliveryVerification | null | undefined;
};

/** A directory that the gateway writes to directly. */
export type SystemLocalInput = {
  /** The directory where the container runtime looks for images. */
  readonly imageDir?: string | null | undefined;
};

/** What flattening keeps, drops and changes. */
export type SystemPolicyInput = {
  /** File capabilities. */
  readonly capabilities?: KeepOrStrip | null | undefined;
  /** Device files. */
  readonly devices?: KeepOrDrop | null | undefined;
  /** FIFOs and sockets. */
  readonly fifos?: KeepOrDrop | null | undefined;
  /** Who the files of an image belong to. */
  readonly ownership?: FileOwnership | null | undefined;
  /** Setuid and setgid bits. */
  readonly setuid?: KeepOrStrip | null | undefined;
  /** Extended attributes of the `user.` namespace. */
  readonly userXattrs?: KeepOrDrop | null | undefined;
  /** Makes readable what users of the image could not read. */
  readonly widenPermissions?: boolean | null | undefined;
};

/** Where a system is declared. */
export type SystemSource =
  /** By `addSystem`. */
  | 'API'
  /** In the configuration file; it can't be changed by mutations. */
  | 'FILE';

/** How images are packed. */
export type SystemSquashfsInput = {
  /** Block size, as `128 KiB`. */
  readonly blockSize?: string | null | undefined;
  /** What the kernel of the nodes can read. */
  readonly compression?: SquashfsCompression | null | undefined;
  /** Level of zstd (1 to 22) or gzip (1 to 9). */
  readonly level?: number | null | undefined;
};

/** A directory that the gateway writes to over SFTP. Files named here are on the machines of the workers. */
export type SystemSshInput = {
  /** Socket of the agent, where there is no key. */
  readonly agent?: string | null | undefined;
  /** Most SFTP channels on one connection. */
  readonly channels?: number | null | undefined;
  /** Longest time to connect to one host and log in, in seconds. */
  readonly connectTimeout?: number | null | undefined;
  /** Host keys that are trusted, as `ssh-keygen -l` prints them (`SHA256:...`). */
  readonly fingerprints?: ReadonlyArray<string> | null | undefined;
  /** The directory on the system where the container runtime looks for images. */
  readonly imageDir?: string | null | undefined;
  /** Time between signs of life, in seconds. */
  readonly keepalive?: number | null | undefined;
  /** File of the private key. */
  readonly key?: string | null | undefined;
  /** The known_hosts file with the keys of the hosts. */
  readonly knownHosts?: string | null | undefined;
  /** What is done with servers without the extensions of OpenSSH. */
  readonly olderServers?: OlderServers | null | undefined;
  /** File whose first line unlocks the key. */
  readonly passphraseFile?: string | null | undefined;
  /** Port, for hosts that name none. */
  readonly port?: number | null | undefined;
  /** Wait before the first of these, in seconds. */
  readonly reconnectDelay?: number | null | undefined;
  /** New connections that one operation tries without getting further. */
  readonly reconnects?: number | null | undefined;
  /** Longest time without any answer, in seconds. */
  readonly stallTimeout?: number | null | undefined;
  /** User to log in as. */
  readonly username?: string | null | undefined;
};

/** A system to change. */
export type UpdateSystemInput = {
  /** What changes: what is not given stays, and `null` takes a value out, so that the default counts again. */
  readonly definition: SystemDefinitionInput;
  /** Name of the system. */
  readonly name: string;
};

/** What can be wrong on a system. */
export type VerificationFindingKind =
  /** A published image is not what the index says: its size, its content, or its metadata. */
  | 'DAMAGED'
  /** Work that has ended has left it: a pull, a check, or a change of names. */
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
  /** Publishes damaged images again, by pulling the same digest, writes the files beside them again, and removes what pulls that have ended left behind. */
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


export type ImportImageMutation = { readonly importImage: { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null, readonly errors: ReadonlyArray<
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

export type PullStateFragment = { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null };

export type PullImageMutationVariables = Exact<{
  input: PullImageInput;
}>;


export type PullImageMutation = { readonly pullImage: { readonly pulls: ReadonlyArray<{ readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null }>, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CancelPullMutationVariables = Exact<{
  input: CancelPullInput;
}>;


export type CancelPullMutation = { readonly cancelPull: { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type PullQueryVariables = Exact<{
  id: string;
}>;


export type PullQuery = { readonly pull: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } | null };

export type PullProgressSubscriptionVariables = Exact<{
  id: string;
}>;


export type PullProgressSubscription = { readonly pullProgress: { readonly id: string, readonly reference: string, readonly platform: string, readonly state: PullState, readonly stage: PullStage | null, readonly message: string | null, readonly sequence: number, readonly attempt: number, readonly bytesTotal: number | null, readonly bytesDone: number, readonly bytesDelivered: number | null, readonly queuePosition: number | null, readonly isStale: boolean, readonly identity: RegistryIdentity | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly system: { readonly name: string }, readonly layers: ReadonlyArray<{ readonly digest: string, readonly size: number, readonly state: LayerState, readonly bytesDone: number, readonly fromCache: boolean, readonly attempt: number, readonly waitingFor: string | null, readonly servedBy: { readonly endpoint: string, readonly identity: RegistryIdentity } | null }>, readonly image: { readonly imageId: string, readonly path: string, readonly size: number, readonly sha256: string } | null, readonly error: { readonly code: ErrorCode, readonly message: string, readonly stage: PullStage, readonly retryable: boolean } | null } };

export type SystemReportFragment = { readonly name: string, readonly source: SystemSource, readonly access: SystemAccess, readonly imageDirectory: string, readonly platform: string, readonly realm: string, readonly admins: ReadonlyArray<string>, readonly queuedPullCount: number, readonly runningPullCount: number, readonly lastPublishedAt: string | null, readonly workers: ReadonlyArray<{ readonly name: string, readonly host: string, readonly slotCount: number, readonly runningPullCount: number, readonly startedAt: string, readonly seenAt: string }>, readonly status: { readonly isReachable: boolean, readonly problem: string | null, readonly freeBytes: number | null, readonly worker: string, readonly checkedAt: string } | null };

export type SystemCheckPartsFragment = { readonly isUsable: boolean, readonly freeBytes: number | null, readonly writeBytesPerSecond: number | null, readonly readBytesPerSecond: number | null, readonly worker: string, readonly checkedAt: string, readonly steps: ReadonlyArray<{ readonly step: SystemCheckStepKind, readonly durationMs: number, readonly problem: string | null }> };

export type ListSystemsQueryVariables = Exact<{ [key: string]: never; }>;


export type ListSystemsQuery = { readonly systems: ReadonlyArray<{ readonly name: string, readonly source: SystemSource, readonly access: SystemAccess, readonly imageDirectory: string, readonly platform: string, readonly realm: string, readonly admins: ReadonlyArray<string>, readonly queuedPullCount: number, readonly runningPullCount: number, readonly lastPublishedAt: string | null, readonly workers: ReadonlyArray<{ readonly name: string, readonly host: string, readonly slotCount: number, readonly runningPullCount: number, readonly startedAt: string, readonly seenAt: string }>, readonly status: { readonly isReachable: boolean, readonly problem: string | null, readonly freeBytes: number | null, readonly worker: string, readonly checkedAt: string } | null }> };

export type FindSystemQueryVariables = Exact<{
  name: string;
}>;


export type FindSystemQuery = { readonly system: { readonly name: string, readonly source: SystemSource, readonly access: SystemAccess, readonly imageDirectory: string, readonly platform: string, readonly realm: string, readonly admins: ReadonlyArray<string>, readonly queuedPullCount: number, readonly runningPullCount: number, readonly lastPublishedAt: string | null, readonly workers: ReadonlyArray<{ readonly name: string, readonly host: string, readonly slotCount: number, readonly runningPullCount: number, readonly startedAt: string, readonly seenAt: string }>, readonly status: { readonly isReachable: boolean, readonly problem: string | null, readonly freeBytes: number | null, readonly worker: string, readonly checkedAt: string } | null } | null };

export type CheckSystemMutationVariables = Exact<{
  input: CheckSystemInput;
}>;


export type CheckSystemMutation = { readonly checkSystem: { readonly check: { readonly isUsable: boolean, readonly freeBytes: number | null, readonly writeBytesPerSecond: number | null, readonly readBytesPerSecond: number | null, readonly worker: string, readonly checkedAt: string, readonly steps: ReadonlyArray<{ readonly step: SystemCheckStepKind, readonly durationMs: number, readonly problem: string | null }> } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type AddSystemMutationVariables = Exact<{
  input: AddSystemInput;
}>;


export type AddSystemMutation = { readonly addSystem: { readonly warnings: ReadonlyArray<string>, readonly system: { readonly name: string, readonly source: SystemSource, readonly access: SystemAccess, readonly imageDirectory: string, readonly platform: string, readonly realm: string, readonly admins: ReadonlyArray<string>, readonly queuedPullCount: number, readonly runningPullCount: number, readonly lastPublishedAt: string | null, readonly workers: ReadonlyArray<{ readonly name: string, readonly host: string, readonly slotCount: number, readonly runningPullCount: number, readonly startedAt: string, readonly seenAt: string }>, readonly status: { readonly isReachable: boolean, readonly problem: string | null, readonly freeBytes: number | null, readonly worker: string, readonly checkedAt: string } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpdateSystemMutationVariables = Exact<{
  input: UpdateSystemInput;
}>;


export type UpdateSystemMutation = { readonly updateSystem: { readonly warnings: ReadonlyArray<string>, readonly system: { readonly name: string, readonly source: SystemSource, readonly access: SystemAccess, readonly imageDirectory: string, readonly platform: string, readonly realm: string, readonly admins: ReadonlyArray<string>, readonly queuedPullCount: number, readonly runningPullCount: number, readonly lastPublishedAt: string | null, readonly workers: ReadonlyArray<{ readonly name: string, readonly host: string, readonly slotCount: number, readonly runningPullCount: number, readonly startedAt: string, readonly seenAt: string }>, readonly status: { readonly isReachable: boolean, readonly problem: string | null, readonly freeBytes: number | null, readonly worker: string, readonly checkedAt: string } | null } | null, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RemoveSystemMutationVariables = Exact<{
  input: RemoveSystemInput;
}>;


export type RemoveSystemMutation = { readonly removeSystem: { readonly isRemoved: boolean, readonly errors: ReadonlyArray<
      | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidInputError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotAllowedError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'UnavailableError', readonly retryable: boolean, readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

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
export const PullStateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullStateFragment, unknown>;
export const SystemReportFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemReport"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"System"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"access"}},{"kind":"Field","name":{"kind":"Name","value":"imageDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"realm"}},{"kind":"Field","name":{"kind":"Name","value":"admins"}},{"kind":"Field","name":{"kind":"Name","value":"queuedPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"host"}},{"kind":"Field","name":{"kind":"Name","value":"slotCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"seenAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReachable"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lastPublishedAt"}}]}}]} as unknown as DocumentNode<SystemReportFragment, unknown>;
export const SystemCheckPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemCheckParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SystemCheck"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isUsable"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}}]}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"writeBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"readBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}}]} as unknown as DocumentNode<SystemCheckPartsFragment, unknown>;
export const VerificationPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<VerificationPartsFragment, unknown>;
export const LookupImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"LookupImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"system"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reference"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"platform"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"image"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"system"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}},{"kind":"Argument","name":{"kind":"Name","value":"reference"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reference"}}},{"kind":"Argument","name":{"kind":"Name","value":"platform"},"value":{"kind":"Variable","name":{"kind":"Name","value":"platform"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageDetail"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageSummary"}},{"kind":"Field","name":{"kind":"Name","value":"configDigest"}},{"kind":"Field","name":{"kind":"Name","value":"format"}},{"kind":"Field","name":{"kind":"Name","value":"packer"}},{"kind":"Field","name":{"kind":"Name","value":"entryCount"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"}},{"kind":"Field","name":{"kind":"Name","value":"entrypoint"}},{"kind":"Field","name":{"kind":"Name","value":"command"}},{"kind":"Field","name":{"kind":"Name","value":"workingDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"user"}},{"kind":"Field","name":{"kind":"Name","value":"labels"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"changes"}}]}}]} as unknown as DocumentNode<LookupImageQuery, LookupImageQueryVariables>;
export const ListImagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ListImages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"where"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ImageFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"images"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"where"},"value":{"kind":"Variable","name":{"kind":"Name","value":"where"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ImageSummary"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ImageSummary"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Image"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"movedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"manifestDigest"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"isPublic"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]} as unknown as DocumentNode<ListImagesQuery, ListImagesQueryVariables>;
export const ExpireImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ExpireImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ExpireImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"expireImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tag"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"imageRemoved"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ExpireImageMutation, ExpireImageMutationVariables>;
export const ImportImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ImportImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ImportImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"importImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ImportImageMutation, ImportImageMutationVariables>;
export const PullImageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PullImage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PullImageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pullImage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pulls"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<PullImageMutation, PullImageMutationVariables>;
export const CancelPullDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelPull"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelPullInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelPull"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<CancelPullMutation, CancelPullMutationVariables>;
export const PullDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Pull"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pull"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullQuery, PullQueryVariables>;
export const PullProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"PullProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pullProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PullState"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PullState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Pull"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reference"}},{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDelivered"}},{"kind":"Field","name":{"kind":"Name","value":"layers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"fromCache"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"waitingFor"}},{"kind":"Field","name":{"kind":"Name","value":"servedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuePosition"}},{"kind":"Field","name":{"kind":"Name","value":"image"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"identity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<PullProgressSubscription, PullProgressSubscriptionVariables>;
export const ListSystemsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ListSystems"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"systems"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SystemReport"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemReport"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"System"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"access"}},{"kind":"Field","name":{"kind":"Name","value":"imageDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"realm"}},{"kind":"Field","name":{"kind":"Name","value":"admins"}},{"kind":"Field","name":{"kind":"Name","value":"queuedPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"host"}},{"kind":"Field","name":{"kind":"Name","value":"slotCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"seenAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReachable"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lastPublishedAt"}}]}}]} as unknown as DocumentNode<ListSystemsQuery, ListSystemsQueryVariables>;
export const FindSystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FindSystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SystemReport"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemReport"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"System"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"access"}},{"kind":"Field","name":{"kind":"Name","value":"imageDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"realm"}},{"kind":"Field","name":{"kind":"Name","value":"admins"}},{"kind":"Field","name":{"kind":"Name","value":"queuedPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"host"}},{"kind":"Field","name":{"kind":"Name","value":"slotCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"seenAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReachable"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lastPublishedAt"}}]}}]} as unknown as DocumentNode<FindSystemQuery, FindSystemQueryVariables>;
export const CheckSystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CheckSystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CheckSystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkSystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"check"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SystemCheckParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemCheckParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SystemCheck"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isUsable"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}}]}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"writeBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"readBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<CheckSystemMutation, CheckSystemMutationVariables>;
export const AddSystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AddSystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AddSystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"addSystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SystemReport"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemReport"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"System"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"access"}},{"kind":"Field","name":{"kind":"Name","value":"imageDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"realm"}},{"kind":"Field","name":{"kind":"Name","value":"admins"}},{"kind":"Field","name":{"kind":"Name","value":"queuedPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"host"}},{"kind":"Field","name":{"kind":"Name","value":"slotCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"seenAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReachable"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lastPublishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<AddSystemMutation, AddSystemMutationVariables>;
export const UpdateSystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UpdateSystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateSystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updateSystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SystemReport"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SystemReport"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"System"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"access"}},{"kind":"Field","name":{"kind":"Name","value":"imageDirectory"}},{"kind":"Field","name":{"kind":"Name","value":"platform"}},{"kind":"Field","name":{"kind":"Name","value":"realm"}},{"kind":"Field","name":{"kind":"Name","value":"admins"}},{"kind":"Field","name":{"kind":"Name","value":"queuedPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"host"}},{"kind":"Field","name":{"kind":"Name","value":"slotCount"}},{"kind":"Field","name":{"kind":"Name","value":"runningPullCount"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"seenAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReachable"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"freeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lastPublishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<UpdateSystemMutation, UpdateSystemMutationVariables>;
export const RemoveSystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RemoveSystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RemoveSystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"removeSystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isRemoved"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<RemoveSystemMutation, RemoveSystemMutationVariables>;
export const VerifySystemDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"VerifySystem"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"VerifySystemInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verifySystem"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verification"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"VerificationParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"UserErrorParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"UserErrorParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<VerifySystemMutation, VerifySystemMutationVariables>;
export const VerificationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Verification"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"system"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"system"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verification"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"VerificationParts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"VerificationParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Verification"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"isRepairing"}},{"kind":"Field","name":{"kind":"Name","value":"worker"}},{"kind":"Field","name":{"kind":"Name","value":"imageCount"}},{"kind":"Field","name":{"kind":"Name","value":"checkedImageCount"}},{"kind":"Field","name":{"kind":"Name","value":"bytesTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesDone"}},{"kind":"Field","name":{"kind":"Name","value":"findingCount"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"imageId"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"pull"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<VerificationQuery, VerificationQueryVariables>;