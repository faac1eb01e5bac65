import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ContentSource as ContentSourceModel, PullSnapshot as PullSnapshotModel, LayerSnapshot as LayerSnapshotModel } from '../../models/pull-records.js';
import type { ImageRecord as ImageRecordModel, ImageLayerRecord as ImageLayerRecordModel, TagRecord as TagRecordModel } from '../../models/image-records.js';
import type { VerificationRecord as VerificationRecordModel, VerificationFinding as VerificationFindingModel, TaskAnswer as TaskAnswerModel } from '../../models/system-records.js';
import type { SystemConfig as SystemConfigModel, RegistryConfig as RegistryConfigModel } from '../../config/index.js';
import type { GatewayContext } from '../context.js';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A whole number of bytes, 0 to 2^53-1, as a JSON number (GraphQL's Int ends at 2 GiB). */
  ByteCount: { input: number; output: number; }
  /** A moment in UTC, written as RFC 3339 asks (`2026-01-31T12:00:00.000Z`). */
  DateTime: { input: Date; output: Date; }
  /** A content digest: `sha256:` and 64, or `sha512:` and 128 lower-case hex digits. */
  Digest: { input: string; output: string; }
};

/** The version of the gateway and of what it works with. */
export type About = {
  readonly __typename?: 'About';
  /** Version of the gateway. */
  readonly version: Scalars['String']['output'];
};

/** Who may use a private image. Its owner always may, and is alone when both lists are empty. At most `ApiLimits.maxAccessNames` names. */
export type AccessInput = {
  /** Names of groups, as the system's machines know them. */
  readonly groups?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Names of users, as the system's machines know them. */
  readonly users?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
};

/** A system to declare. */
export type AddSystemInput = {
  /** What it is. */
  readonly definition: SystemDefinitionInput;
  /** Its name, by which pulls ask for it; 1 to 128 characters without blanks and `/`. */
  readonly name: Scalars['String']['input'];
};

/** Answer to `addSystem`. */
export type AddSystemPayload = {
  readonly __typename?: 'AddSystemPayload';
  /** What stood in the way: all that is wrong with the definition, each with its path. */
  readonly errors: ReadonlyArray<UserError>;
  /** The new system; null when it could not be declared. */
  readonly system?: Maybe<System>;
  /** What it is declared with, and an administrator should know. */
  readonly warnings: ReadonlyArray<Scalars['String']['output']>;
};

/** Which pull to leave. */
export type CancelPullInput = {
  /** Stops it for everybody who waits for it. Administrators of its system only. */
  readonly force?: InputMaybe<Scalars['Boolean']['input']>;
  /** Id of the pull. */
  readonly id: Scalars['ID']['input'];
};

/** Answer to `cancelPull`. */
export type CancelPullPayload = {
  readonly __typename?: 'CancelPullPayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** The pull as it is now; null when it could not be found. */
  readonly pull?: Maybe<Pull>;
};

/** A system to check. */
export type CheckSystemInput = {
  /** Name of the system. */
  readonly system: Scalars['String']['input'];
};

/** Answer to `checkSystem`. */
export type CheckSystemPayload = {
  readonly __typename?: 'CheckSystemPayload';
  /** What the worker found; null when none could look. */
  readonly check?: Maybe<SystemCheck>;
  /** Why none could look. What is wrong with the system is in the check. */
  readonly errors: ReadonlyArray<UserError>;
};

/** The state of things does not allow it now: a pull that has ended, an image that is in use. */
export type ConflictError = UserError & {
  readonly __typename?: 'ConflictError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What is in the way. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** Who sent something, and as whom it was asked. */
export type ContentSource = {
  readonly __typename?: 'ContentSource';
  /** The registry or mirror, `host[:port][/path]`; the host of the address that a manifest names for a layer kept elsewhere. */
  readonly endpoint: Scalars['String']['output'];
  /** As whom it was asked. */
  readonly identity: RegistryIdentity;
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
  readonly platform?: InputMaybe<Scalars['String']['input']>;
  /** Image reference as users type it. */
  readonly reference: Scalars['String']['input'];
  /** Name of the system. */
  readonly system: Scalars['String']['input'];
};

/** Answer to `expireImage`. */
export type ExpireImagePayload = {
  readonly __typename?: 'ExpireImagePayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** True when this was the image's last name, and its files have gone from the system. */
  readonly imageRemoved: Scalars['Boolean']['output'];
  /** The name that was taken off; null when nothing was. */
  readonly tag?: Maybe<Tag>;
};

/** Who the files of an image belong to. */
export type FileOwnership =
  /** What the layers say. */
  | 'KEEP'
  /** Everything belongs to root. */
  | 'ROOT';

/** What flattening keeps, drops and changes. */
export type FlatteningPolicy = {
  readonly __typename?: 'FlatteningPolicy';
  /** File capabilities. */
  readonly capabilities: KeepOrStrip;
  /** Device files. */
  readonly devices: KeepOrDrop;
  /** FIFOs and sockets. */
  readonly fifos: KeepOrDrop;
  /** Who the files of an image belong to. */
  readonly ownership: FileOwnership;
  /** Setuid and setgid bits. */
  readonly setuid: KeepOrStrip;
  /** Extended attributes of the `user.` namespace. */
  readonly userXattrs: KeepOrDrop;
  /** Makes readable what users of the image could not read. */
  readonly widenPermissions: Scalars['Boolean']['output'];
};

/** Rules by which layers become one file system. */
export type FlatteningRules = {
  readonly __typename?: 'FlatteningRules';
  /** The policy of the system, as it was then. */
  readonly policy: FlatteningPolicy;
  /** Goes up when the gateway begins to make other bytes by the same policy. */
  readonly version: Scalars['Int']['output'];
};

/** A published squashfs on one system. */
export type Image = Node & {
  readonly __typename?: 'Image';
  /** Digests of what the registry's index listed about it: attestations (provenance, software bills of materials) and signatures. They are not fetched. */
  readonly attestations: ReadonlyArray<Scalars['Digest']['output']>;
  /** What the system's policy dropped or changed while the layers were flattened, one sentence for each rule; empty when nothing was. */
  readonly changes: ReadonlyArray<Scalars['String']['output']>;
  /** Default arguments of the image; empty when it has none. */
  readonly command: ReadonlyArray<Scalars['String']['output']>;
  /** Digest of the image configuration. */
  readonly configDigest: Scalars['Digest']['output'];
  /** When it was published. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Entries in the file system. */
  readonly entryCount: Scalars['Int']['output'];
  /** Entry point of the image; empty when it has none. */
  readonly entrypoint: ReadonlyArray<Scalars['String']['output']>;
  /** Environment of the image, `NAME=value` each. */
  readonly environment: ReadonlyArray<Scalars['String']['output']>;
  /** When it goes unless it is used before; null when it does not expire. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** File format: `squashfs`. */
  readonly format: Scalars['String']['output'];
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** The 64 hex digits of the digest of its platform manifest: the name of its files. */
  readonly imageId: Scalars['String']['output'];
  /** True when the registry gives it to anybody. */
  readonly isPublic: Scalars['Boolean']['output'];
  /** Labels of the image, in alphabetical order. */
  readonly labels: ReadonlyArray<Label>;
  /** The layers that it was made of, lowest first. */
  readonly layers: ReadonlyArray<ImageLayer>;
  /** Digest of the platform manifest; of the file, for an imported squashfs. */
  readonly manifestDigest: Scalars['Digest']['output'];
  /** The program that packed it, its version, and the options that shape its bytes. */
  readonly packer: Scalars['String']['output'];
  /** Path of the squashfs on the system. */
  readonly path: Scalars['String']['output'];
  /** Platform, `os/architecture[/variant]`. */
  readonly platform: Scalars['String']['output'];
  /**
   * The rules by which its layers were flattened: with its packer and its layers they say what it is, to the byte. Null for a
   * squashfs that was published as it was imported, and for images that were made before rules were recorded.
   */
  readonly rules?: Maybe<FlatteningRules>;
  /** Digest of the squashfs. */
  readonly sha256: Scalars['Digest']['output'];
  /** Size of the squashfs. */
  readonly size: Scalars['ByteCount']['output'];
  /** The system that it is on. */
  readonly system: System;
  /** Its names on that system, as far as you may see them, in alphabetical order. */
  readonly tags: ReadonlyArray<Tag>;
  /** User that the image names; null when it names none. The runtime runs containers as the calling user. */
  readonly user?: Maybe<Scalars['String']['output']>;
  /** Working directory of the image; null when it names none. */
  readonly workingDirectory?: Maybe<Scalars['String']['output']>;
};

/** A name that began to point at an image, moved, is for others than before, or went. */
export type ImageChange = {
  readonly __typename?: 'ImageChange';
  /** The image; null when it has gone. */
  readonly image?: Maybe<Image>;
  /** Id of the image that it points at now, or pointed at when it went: 64 hex digits. */
  readonly imageId: Scalars['String']['output'];
  /** What happened. */
  readonly kind: ImageChangeKind;
  /** The reference, canonically spelt. */
  readonly reference: Scalars['String']['output'];
  /** Name of the system. */
  readonly system: Scalars['String']['output'];
};

/** What can happen to a name. */
export type ImageChangeKind =
  /** The name points at the same image, which others than before may use by it. Told to those who may use it now. */
  | 'ACCESS_CHANGED'
  /** The name is new on this system. */
  | 'ADDED'
  /** The name points at another image than before. */
  | 'MOVED'
  /** The name has gone. */
  | 'REMOVED';

/** A page of images. */
export type ImageConnection = {
  readonly __typename?: 'ImageConnection';
  /** The images with their cursors. */
  readonly edges: ReadonlyArray<ImageEdge>;
  /** The images alone. */
  readonly nodes: ReadonlyArray<Image>;
  /** Where this page is in the list. */
  readonly pageInfo: PageInfo;
};

/** An image in a list. */
export type ImageEdge = {
  readonly __typename?: 'ImageEdge';
  /** Position in the list, for `after` and `before`. */
  readonly cursor: Scalars['String']['output'];
  /** The image. */
  readonly node: Image;
};

/** Which images. */
export type ImageFilter = {
  /** Only images with a name that contains this text (case matters). */
  readonly nameContains?: InputMaybe<Scalars['String']['input']>;
  /** Only on this system. */
  readonly system?: InputMaybe<Scalars['String']['input']>;
};

/** A layer that an image was made of. */
export type ImageLayer = {
  readonly __typename?: 'ImageLayer';
  /** Digest of the uncompressed layer. */
  readonly diffId: Scalars['Digest']['output'];
  /** Digest of the blob. */
  readonly digest: Scalars['Digest']['output'];
  /** Who sent it when the image was made; null when it was in the cache then, for an import, and when that was not recorded yet. */
  readonly servedBy?: Maybe<ContentSource>;
  /** Size of the blob. */
  readonly size: Scalars['ByteCount']['output'];
};

/** What to import, and where to. */
export type ImportImageInput = {
  /** Who may use the image beside you; not together with `isPublic`. Importing it again sets this anew. */
  readonly access?: InputMaybe<AccessInput>;
  /** Publishes it again even if the same image is there. */
  readonly force?: InputMaybe<Scalars['Boolean']['input']>;
  /** Which image, when the archive holds several: its name in the archive. */
  readonly image?: InputMaybe<Scalars['String']['input']>;
  /** Lets everybody on the system use it; otherwise it is yours, and theirs who are named in `access`. */
  readonly isPublic?: InputMaybe<Scalars['Boolean']['input']>;
  /** The name that it gets: `custom:<name>`, in which `custom:` may be left out. It can't be one of a registry's. */
  readonly name: Scalars['String']['input'];
  /** Absolute path on the machine where the system's worker runs (also for a system over SSH, whose own files can't be read safely), below one of `ImportPaths`, without links on the way, and your own or an administrator's. */
  readonly path: Scalars['String']['input'];
  /** Name of the system. */
  readonly system: Scalars['String']['input'];
};

/** Answer to `importImage`. */
export type ImportImagePayload = {
  readonly __typename?: 'ImportImagePayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** The import, as a pull: new, or the running one that this call has joined; null when it could not begin. */
  readonly pull?: Maybe<Pull>;
};

/** Answer to `inspect`. */
export type InspectPayload = {
  readonly __typename?: 'InspectPayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** What the registry has; null when it could not be had. */
  readonly inspection?: Maybe<Inspection>;
};

/** A layer as the manifest names it. */
export type InspectedLayer = {
  readonly __typename?: 'InspectedLayer';
  /** Digest of the blob. */
  readonly digest: Scalars['Digest']['output'];
  /** Media type of the blob. */
  readonly mediaType: Scalars['String']['output'];
  /** Size of the blob. */
  readonly size: Scalars['ByteCount']['output'];
};

/** What a registry has under a reference. */
export type Inspection = {
  readonly __typename?: 'Inspection';
  /** Sum of the sizes of the layers, compressed. */
  readonly bytesTotal: Scalars['ByteCount']['output'];
  /** Digest of the image configuration. */
  readonly configDigest: Scalars['Digest']['output'];
  /** True when the registry gives it to anybody. */
  readonly isPublic: Scalars['Boolean']['output'];
  /** The layers, lowest first. */
  readonly layers: ReadonlyArray<InspectedLayer>;
  /** Digest of the manifest for the platform asked for. Its hex digits are the id of the image. */
  readonly manifestDigest: Scalars['Digest']['output'];
  /** Platform of that manifest, `os/architecture[/variant]`. */
  readonly platform: Scalars['String']['output'];
  /** The reference, canonically spelt. */
  readonly reference: Scalars['String']['output'];
  /** Digest of what the reference points at: an index, or the manifest itself. */
  readonly topDigest: Scalars['Digest']['output'];
};

/** Something in the input can't be used as it is: malformed, or contradictory. */
export type InvalidInputError = UserError & {
  readonly __typename?: 'InvalidInputError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What is wrong with it, and what would be right. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
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

/** A label of an image. */
export type Label = {
  readonly __typename?: 'Label';
  /** Its key. */
  readonly name: Scalars['String']['output'];
  /** Its value. */
  readonly value: Scalars['String']['output'];
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

/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /**
   * Declares a system. Running API nodes and workers use it at once; workers that were started for certain systems keep to
   * those. Administrators of the gateway only.
   */
  readonly addSystem: AddSystemPayload;
  /**
   * Takes you off a pull. The work stops when nobody else waits for it; an administrator of the system can stop it for
   * everybody with `force`.
   */
  readonly cancelPull: CancelPullPayload;
  /**
   * Has one of a system's workers try everything that publishing needs, with a file that is removed again, and measure room
   * and speed. Administrators of the system only.
   */
  readonly checkSystem: CheckSystemPayload;
  /**
   * Takes a name off an image on a system. The files go with the last name: a worker of the system removes them, later when
   * there is none now, and `errors` says so then. Running containers are not touched.
   */
  readonly expireImage: ExpireImagePayload;
  /**
   * Publishes an image that lies on the machine of the system's worker, under a name of its own, `custom:<name>`: a
   * docker-archive, an OCI layout or archive, or (where the site allows it) a squashfs. It is followed and cancelled like any
   * pull. The id of the image is the digest of its manifest; of the file for a squashfs.
   */
  readonly importImage: ImportImagePayload;
  /**
   * Brings an image to one or more systems. Answers at once with one pull for each system: a new one, or the running
   * one that this call has joined. Asking again is safe.
   */
  readonly pullImage: PullImagePayload;
  /**
   * Takes out a system that was declared by `addSystem`, with its queue. Files on it are not touched. Asking again goes on
   * with a removal that broke off. Administrators of the gateway only.
   */
  readonly removeSystem: RemoveSystemPayload;
  /**
   * Changes a system that was declared by `addSystem`. Pulls that run end with what was before. Administrators of the
   * gateway only.
   */
  readonly updateSystem: UpdateSystemPayload;
  /**
   * Has what lies on a system read back and compared with the index, by one of its workers: `System.verification` tells how
   * far it is and what was found. One that waits or runs already is joined. Administrators of the system only.
   */
  readonly verifySystem: VerifySystemPayload;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationAddSystemArgs = {
  input: AddSystemInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationCancelPullArgs = {
  input: CancelPullInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationCheckSystemArgs = {
  input: CheckSystemInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationExpireImageArgs = {
  input: ExpireImageInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationImportImageArgs = {
  input: ImportImageInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationPullImageArgs = {
  input: PullImageInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationRemoveSystemArgs = {
  input: RemoveSystemInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationUpdateSystemArgs = {
  input: UpdateSystemInput;
};


/** The things one can do. A failure that a caller can act on comes in the payload's `errors`; GraphQL errors are for the rest. */
export type MutationVerifySystemArgs = {
  input: VerifySystemInput;
};

/** Anything with a global, opaque id. Ids are for caching and for `node`; people use names and references. */
export type Node = {
  /** Global and opaque; the same thing has the same id for ever. */
  readonly id: Scalars['ID']['output'];
};

/** You may not do this. */
export type NotAllowedError = UserError & {
  readonly __typename?: 'NotAllowedError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What is not allowed, and to whom it is. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** Something that the input names is not there: a system, a registry, a pull, an image. */
export type NotFoundError = UserError & {
  readonly __typename?: 'NotFoundError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What was looked for, and where. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** What is done with SFTP servers that lack posix-rename, fsync or statvfs of OpenSSH. */
export type OlderServers =
  /** They are used: what was just written can be lost in a crash, and files can't be replaced. */
  | 'ALLOW'
  /** They are not used. */
  | 'REFUSE';

/** Where a page is in its list (Relay cursor connections). */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** Cursor of its last entry; null when it is empty. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** True when there is more behind it. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** True when there is more before it. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** Cursor of its first entry; null when it is empty. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** One request to bring one reference to one system. */
export type Pull = Node & {
  readonly __typename?: 'Pull';
  /** Times that a worker has begun to work on it. */
  readonly attempt: Scalars['Int']['output'];
  /** Bytes delivered to the system; null before the image is being delivered. */
  readonly bytesDelivered?: Maybe<Scalars['ByteCount']['output']>;
  /** Bytes of the layers that are here, from the registry or from the cache. Never falls. */
  readonly bytesDone: Scalars['ByteCount']['output'];
  /** Bytes of all layers, compressed, and what was here of others, should the tag have moved while a worker took over; null until the manifest is read. */
  readonly bytesTotal?: Maybe<Scalars['ByteCount']['output']>;
  /** When it was asked for first. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Why it failed; null unless FAILED or CANCELLED. */
  readonly error?: Maybe<PullError>;
  /** When it ended; null while it has not. */
  readonly finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /**
   * As whom the registry was read: anonymously, or with the gateway's own login, which a public image is read with, too, where there
   * is one. Null when nothing was read there: for an unchanged tag, an import, and until it is.
   */
  readonly identity?: Maybe<RegistryIdentity>;
  /** The image, once READY. */
  readonly image?: Maybe<Image>;
  /** True when the registry could not be asked and the image that was there already is given. */
  readonly isStale: Scalars['Boolean']['output'];
  /** The layers, lowest first; empty until the manifest is read. */
  readonly layers: ReadonlyArray<PullLayer>;
  /** What it is waiting for or doing, in words a person can use (`waiting 30 s, rate limited`); null when there is nothing to add. */
  readonly message?: Maybe<Scalars['String']['output']>;
  /** Platform, `os/architecture[/variant]`. */
  readonly platform: Scalars['String']['output'];
  /** How many pulls are in front of it; null when it no longer waits. */
  readonly queuePosition?: Maybe<Scalars['Int']['output']>;
  /** The reference, canonically spelt. */
  readonly reference: Scalars['String']['output'];
  /** Names of those who have asked for it and have not left. */
  readonly requesters: ReadonlyArray<Scalars['String']['output']>;
  /** Grows with each change of this pull; an event with a number not above the last one seen can be ignored. */
  readonly sequence: Scalars['Int']['output'];
  /** What is being done now; null when it has ended. */
  readonly stage?: Maybe<PullStage>;
  /** When a worker began; null while it waits. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether it waits, is worked on, or how it ended. */
  readonly state: PullState;
  /** The system that it goes to. */
  readonly system: System;
};

/** A page of pulls. */
export type PullConnection = {
  readonly __typename?: 'PullConnection';
  /** The pulls with their cursors. */
  readonly edges: ReadonlyArray<PullEdge>;
  /** The pulls alone. */
  readonly nodes: ReadonlyArray<Pull>;
  /** Where this page is in the list. */
  readonly pageInfo: PageInfo;
};

/** A pull in a list. */
export type PullEdge = {
  readonly __typename?: 'PullEdge';
  /** Position in the list, for `after` and `before`. */
  readonly cursor: Scalars['String']['output'];
  /** The pull. */
  readonly node: Pull;
};

/** Why a pull failed. */
export type PullError = {
  readonly __typename?: 'PullError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What happened, to what, and what to do. */
  readonly message: Scalars['String']['output'];
  /** True when the same pull can succeed later. */
  readonly retryable: Scalars['Boolean']['output'];
  /** The stage in which it happened. */
  readonly stage: PullStage;
};

/** Which pulls. */
export type PullFilter = {
  /** Only those that you have asked for. */
  readonly mine?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only in one of these states. */
  readonly states?: InputMaybe<ReadonlyArray<PullState>>;
  /** Only to this system. */
  readonly system?: InputMaybe<Scalars['String']['input']>;
};

/** What to pull, and where to. */
export type PullImageInput = {
  /** Who may use the image if it is private; its owner alone when not given. Without meaning for a public image. */
  readonly access?: InputMaybe<AccessInput>;
  /** Login for the registry, for this pull only; never stored, never shown. */
  readonly credentials?: InputMaybe<RegistryCredentialsInput>;
  /** Asks the registry even if the tag was checked within `PullUpdateTimeout`, and publishes the image again even if it is there. */
  readonly force?: InputMaybe<Scalars['Boolean']['input']>;
  /** Platform as `os/architecture[/variant]`; each system's own when not given. */
  readonly platform?: InputMaybe<Scalars['String']['input']>;
  /** Image reference as users type it, `[registry/]repository[:tag][@digest]`; `docker:` and `docker://` in front are accepted. */
  readonly reference: Scalars['String']['input'];
  /** Names of the systems; each gets a pull of its own. */
  readonly systems: ReadonlyArray<Scalars['String']['input']>;
};

/** Answer to `pullImage`. */
export type PullImagePayload = {
  readonly __typename?: 'PullImagePayload';
  /** What stood in the way, for each system that could not. */
  readonly errors: ReadonlyArray<UserError>;
  /** One pull for each system that could be served, in the order of the input. */
  readonly pulls: ReadonlyArray<Pull>;
};

/** A layer of a pull. */
export type PullLayer = {
  readonly __typename?: 'PullLayer';
  /** Times that it has been fetched; 0 when it came from the cache. */
  readonly attempt: Scalars['Int']['output'];
  /** Bytes that are here: a high-water mark, which never falls. */
  readonly bytesDone: Scalars['ByteCount']['output'];
  /** Digest of the blob. */
  readonly digest: Scalars['Digest']['output'];
  /** True when it was in the cache and was not fetched. */
  readonly fromCache: Scalars['Boolean']['output'];
  /** Who sent it for this pull, or for one that fetched it at the same time; null while nothing has come, when it was in the cache, and for an import. */
  readonly servedBy?: Maybe<ContentSource>;
  /** Size of the blob. */
  readonly size: Scalars['ByteCount']['output'];
  /** Where it is. */
  readonly state: LayerState;
  /** What it waits for, in words, as `waiting 30 s, rate limited by registry-1.docker.io`; null when it does not wait. */
  readonly waitingFor?: Maybe<Scalars['String']['output']>;
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

/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type Query = {
  readonly __typename?: 'Query';
  /** The version of the gateway and of what it works with. */
  readonly about: About;
  /** The image behind a reference on a system, ready to be mounted. Null when there is none, or none that you may see. */
  readonly image?: Maybe<Image>;
  /** The images that you may see, newest first. */
  readonly images: ImageConnection;
  /** Asks the registry what a reference is right now: digests, sizes, platforms. Pulls nothing and changes nothing. */
  readonly inspect: InspectPayload;
  /** Anything by its id. Null when there is no such thing, or none that you may see. */
  readonly node?: Maybe<Node>;
  /** Several things by their ids, in the order of the ids; null for each that is not there or that you may not see. */
  readonly nodes: ReadonlyArray<Maybe<Node>>;
  /** One pull. Null when there is none of that id, when it has been pruned, or when you may not see it. */
  readonly pull?: Maybe<Pull>;
  /** The pulls that you may see, newest first. */
  readonly pulls: PullConnection;
  /** Every registry that images can be pulled from, by name. */
  readonly registries: ReadonlyArray<Registry>;
  /** One registry. Null when none has that name. */
  readonly registry?: Maybe<Registry>;
  /** One system. Null when none has that name. */
  readonly system?: Maybe<System>;
  /** Every system that images can be published on, by name. */
  readonly systems: ReadonlyArray<System>;
  /** Who the gateway takes you for. */
  readonly viewer: Viewer;
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryImageArgs = {
  platform?: InputMaybe<Scalars['String']['input']>;
  reference: Scalars['String']['input'];
  system: Scalars['String']['input'];
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryImagesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  where?: InputMaybe<ImageFilter>;
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryInspectArgs = {
  reference: Scalars['String']['input'];
  system?: InputMaybe<Scalars['String']['input']>;
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryNodesArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryPullArgs = {
  id: Scalars['ID']['input'];
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryPullsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  where?: InputMaybe<PullFilter>;
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QueryRegistryArgs = {
  name: Scalars['String']['input'];
};


/** The questions one can ask. All of them answer from the index; none of them starts work. */
export type QuerySystemArgs = {
  name: Scalars['String']['input'];
};

/** What a registry says of its limit on pulls. */
export type RateLimit = {
  readonly __typename?: 'RateLimit';
  /** Whose pulls these are: `ANONYMOUS` for those without a login, which all of the site's addresses share; `SERVICE` for the gateway's own login. */
  readonly identity: RegistryIdentity;
  /** Pulls allowed in the window; null when it did not say. */
  readonly limit?: Maybe<Scalars['Int']['output']>;
  /** When it said so. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Pulls that remain in the window; null when it did not say. */
  readonly remaining?: Maybe<Scalars['Int']['output']>;
  /** Length of the window in seconds; null when it did not say. */
  readonly windowSeconds?: Maybe<Scalars['Int']['output']>;
};

/** A place to pull from. */
export type Registry = Node & {
  readonly __typename?: 'Registry';
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** True when a reference without a registry means this one. */
  readonly isDefault: Scalars['Boolean']['output'];
  /** True when credentials may go to it without TLS. */
  readonly isInsecure: Scalars['Boolean']['output'];
  /** Its name: the key in `Locations`. */
  readonly name: Scalars['String']['output'];
  /** What it last said of the pulls that remain, for each identity by itself, `ANONYMOUS` first; empty when it has said nothing of the kind. What it tells a user's own login is not kept. */
  readonly rateLimits: ReadonlyArray<RateLimit>;
  /** Where it is. */
  readonly url: Scalars['String']['output'];
};

/** Login for a registry. */
export type RegistryCredentialsInput = {
  /** Password or token; may hold any character. */
  readonly password: Scalars['String']['input'];
  /** User name, or the name that goes with a token. */
  readonly username: Scalars['String']['input'];
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
  readonly force?: InputMaybe<Scalars['Boolean']['input']>;
  /** Name of the system. */
  readonly name: Scalars['String']['input'];
};

/** Answer to `removeSystem`. */
export type RemoveSystemPayload = {
  readonly __typename?: 'RemoveSystemPayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** True when the system has been taken out. */
  readonly isRemoved: Scalars['Boolean']['output'];
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

/** What happens, as it happens (graphql-transport-ws on the same path). */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** Names that begin to point at an image, move to another, are for others than before, or go. Only those that you may see. */
  readonly imageChanged: ImageChange;
  /**
   * The whole state of a pull, whenever it changes: first the present state, then at most four a second, a change of
   * stage at once, at last the terminal state, and then the stream completes. A pull that has already ended gives one
   * event. `sequence` grows; after a reconnect the first event may repeat one already seen.
   */
  readonly pullProgress: Pull;
};


/** What happens, as it happens (graphql-transport-ws on the same path). */
export type SubscriptionImageChangedArgs = {
  system?: InputMaybe<Scalars['String']['input']>;
};


/** What happens, as it happens (graphql-transport-ws on the same path). */
export type SubscriptionPullProgressArgs = {
  id: Scalars['ID']['input'];
};

/** A place to publish to: a cluster and the directory where its container runtime finds images. */
export type System = Node & {
  readonly __typename?: 'System';
  /** How images get there. */
  readonly access: SystemAccess;
  /** Names of its administrators. */
  readonly admins: ReadonlyArray<Scalars['String']['output']>;
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** The directory on the system. */
  readonly imageDirectory: Scalars['String']['output'];
  /** When an image was last published there, anew or again; null when none ever was. It stays when that image goes. */
  readonly lastPublishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Its name: the key in `Platforms`. */
  readonly name: Scalars['String']['output'];
  /** Its platform, `os/architecture[/variant]`. */
  readonly platform: Scalars['String']['output'];
  /** Pulls that wait for a worker. */
  readonly queuedPullCount: Scalars['Int']['output'];
  /** The namespace of users and groups that it shares with other systems. */
  readonly realm: Scalars['String']['output'];
  /** Pulls that are being worked on. */
  readonly runningPullCount: Scalars['Int']['output'];
  /** Where it is declared: that is where it can be changed. */
  readonly source: SystemSource;
  /** How it looks from where its workers stand; null when none has looked lately. */
  readonly status?: Maybe<SystemStatus>;
  /** Its last verification, or the one that runs; null when there was none, and for all but its administrators. */
  readonly verification?: Maybe<Verification>;
  /** The workers that live and serve it; without one, its pulls wait. */
  readonly workers: ReadonlyArray<Worker>;
};

/** How images get to a system. */
export type SystemAccess =
  /** The gateway writes into the directory. */
  | 'LOCAL'
  /** The gateway writes over SFTP. */
  | 'REMOTE';

/** How a system does from where one of its workers stands. */
export type SystemCheck = {
  readonly __typename?: 'SystemCheck';
  /** When it looked. */
  readonly checkedAt: Scalars['DateTime']['output'];
  /** Room that the gateway may use there; null when it could not be measured. */
  readonly freeBytes?: Maybe<Scalars['ByteCount']['output']>;
  /** True when nothing is wrong: images can be published. */
  readonly isUsable: Scalars['Boolean']['output'];
  /** Speed of reading it back, which a cache of the system may have made higher; null when nothing could be read. */
  readonly readBytesPerSecond?: Maybe<Scalars['Float']['output']>;
  /** What was tried, in this order. A step without which the next ones have no meaning is the last one when it fails. */
  readonly steps: ReadonlyArray<SystemCheckStep>;
  /** Name of the worker that looked. */
  readonly worker: Scalars['String']['output'];
  /** Speed of writing, fsync included; null when nothing could be written. */
  readonly writeBytesPerSecond?: Maybe<Scalars['Float']['output']>;
};

/** One step of a check. */
export type SystemCheckStep = {
  readonly __typename?: 'SystemCheckStep';
  /** How long it took, in milliseconds. */
  readonly durationMs: Scalars['Float']['output'];
  /** What is wrong, and what to do; null when nothing is. */
  readonly problem?: Maybe<Scalars['String']['output']>;
  /** What was tried. */
  readonly step: SystemCheckStepKind;
};

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
  readonly accesstype?: InputMaybe<SystemAccess>;
  /** Names of its administrators. */
  readonly admins?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** How images are written. */
  readonly delivery?: InputMaybe<SystemDeliveryInput>;
  /** Hosts to write through over SFTP, in the order in which they are tried; each may be `name:port`. */
  readonly host?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Where a system is that the gateway writes to directly. */
  readonly local?: InputMaybe<SystemLocalInput>;
  /** Munge socket by which callers of this system are known. */
  readonly mungeSocketPath?: InputMaybe<Scalars['String']['input']>;
  /** What the nodes run, `os/architecture[/variant]`. */
  readonly platform?: InputMaybe<Scalars['String']['input']>;
  /** What flattening keeps. */
  readonly policy?: InputMaybe<SystemPolicyInput>;
  /** Namespace of users and groups; systems with the same realm agree on names and ids. */
  readonly realm?: InputMaybe<Scalars['String']['input']>;
  /** How images are packed. */
  readonly squashfs?: InputMaybe<SystemSquashfsInput>;
  /** How to log in there. */
  readonly ssh?: InputMaybe<SystemSshInput>;
};

/** How images are written. */
export type SystemDeliveryInput = {
  /** Longest time that a pull which was cancelled or has failed waits for the system, in seconds. */
  readonly cleanUpTimeout?: InputMaybe<Scalars['Float']['input']>;
  /** Permissions of the files, three octal digits as `0600`. */
  readonly fileMode?: InputMaybe<Scalars['String']['input']>;
  /** Owner of the files, `uid:gid` as numbers; only root can give files away. */
  readonly owner?: InputMaybe<Scalars['String']['input']>;
  /** Room that is left free on the system, as `10 GiB`. */
  readonly reserve?: InputMaybe<Scalars['String']['input']>;
  /** How often a delivery that failed of what may pass is begun anew. */
  readonly retries?: InputMaybe<Scalars['Int']['input']>;
  /** Wait before each of these, in seconds. */
  readonly retryDelay?: InputMaybe<Scalars['Float']['input']>;
  /** How far what was written is trusted. */
  readonly verify?: InputMaybe<DeliveryVerification>;
};

/** A directory that the gateway writes to directly. */
export type SystemLocalInput = {
  /** The directory where the container runtime looks for images. */
  readonly imageDir?: InputMaybe<Scalars['String']['input']>;
};

/** What flattening keeps, drops and changes. */
export type SystemPolicyInput = {
  /** File capabilities. */
  readonly capabilities?: InputMaybe<KeepOrStrip>;
  /** Device files. */
  readonly devices?: InputMaybe<KeepOrDrop>;
  /** FIFOs and sockets. */
  readonly fifos?: InputMaybe<KeepOrDrop>;
  /** Who the files of an image belong to. */
  readonly ownership?: InputMaybe<FileOwnership>;
  /** Setuid and setgid bits. */
  readonly setuid?: InputMaybe<KeepOrStrip>;
  /** Extended attributes of the `user.` namespace. */
  readonly userXattrs?: InputMaybe<KeepOrDrop>;
  /** Makes readable what users of the image could not read. */
  readonly widenPermissions?: InputMaybe<Scalars['Boolean']['input']>;
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
  readonly blockSize?: InputMaybe<Scalars['String']['input']>;
  /** What the kernel of the nodes can read. */
  readonly compression?: InputMaybe<SquashfsCompression>;
  /** Level of zstd (1 to 22) or gzip (1 to 9). */
  readonly level?: InputMaybe<Scalars['Int']['input']>;
};

/** A directory that the gateway writes to over SFTP. Files named here are on the machines of the workers. */
export type SystemSshInput = {
  /** Socket of the agent, where there is no key. */
  readonly agent?: InputMaybe<Scalars['String']['input']>;
  /** Most SFTP channels on one connection. */
  readonly channels?: InputMaybe<Scalars['Int']['input']>;
  /** Longest time to connect to one host and log in, in seconds. */
  readonly connectTimeout?: InputMaybe<Scalars['Float']['input']>;
  /** Host keys that are trusted, as `ssh-keygen -l` prints them (`SHA256:...`). */
  readonly fingerprints?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The directory on the system where the container runtime looks for images. */
  readonly imageDir?: InputMaybe<Scalars['String']['input']>;
  /** Time between signs of life, in seconds. */
  readonly keepalive?: InputMaybe<Scalars['Float']['input']>;
  /** File of the private key. */
  readonly key?: InputMaybe<Scalars['String']['input']>;
  /** The known_hosts file with the keys of the hosts. */
  readonly knownHosts?: InputMaybe<Scalars['String']['input']>;
  /** What is done with servers without the extensions of OpenSSH. */
  readonly olderServers?: InputMaybe<OlderServers>;
  /** File whose first line unlocks the key. */
  readonly passphraseFile?: InputMaybe<Scalars['String']['input']>;
  /** Port, for hosts that name none. */
  readonly port?: InputMaybe<Scalars['Int']['input']>;
  /** Wait before the first of these, in seconds. */
  readonly reconnectDelay?: InputMaybe<Scalars['Float']['input']>;
  /** New connections that one operation tries without getting further. */
  readonly reconnects?: InputMaybe<Scalars['Int']['input']>;
  /** Longest time without any answer, in seconds. */
  readonly stallTimeout?: InputMaybe<Scalars['Float']['input']>;
  /** User to log in as. */
  readonly username?: InputMaybe<Scalars['String']['input']>;
};

/** A system as one of its workers saw it last. */
export type SystemStatus = {
  readonly __typename?: 'SystemStatus';
  /** When it looked. */
  readonly checkedAt: Scalars['DateTime']['output'];
  /** Room that the gateway may use there; null when it could not be measured. */
  readonly freeBytes?: Maybe<Scalars['ByteCount']['output']>;
  /** True when the image directory could be looked at. */
  readonly isReachable: Scalars['Boolean']['output'];
  /** What is wrong, and what to do; null when nothing is. */
  readonly problem?: Maybe<Scalars['String']['output']>;
  /** Name of the worker that looked. */
  readonly worker: Scalars['String']['output'];
};

/** A name through which an image is had on a system: a canonical reference. */
export type Tag = Node & {
  readonly __typename?: 'Tag';
  /** When the registry was last asked. */
  readonly checkedAt: Scalars['DateTime']['output'];
  /** What it pointed at before, newest first, at most ten. */
  readonly history: ReadonlyArray<TagMove>;
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** Id of the image that it points at: 64 hex digits. */
  readonly imageId: Scalars['String']['output'];
  /** When it began to point at this image. */
  readonly movedAt: Scalars['DateTime']['output'];
  /** Platform, `os/architecture[/variant]`; null when it is the system's own. */
  readonly platform?: Maybe<Scalars['String']['output']>;
  /** The reference, canonically spelt. */
  readonly reference: Scalars['String']['output'];
  /** What the reference pointed at when the registry was last asked: digest of an index, or of the manifest itself. */
  readonly topDigest: Scalars['Digest']['output'];
};

/** A former target of a tag. */
export type TagMove = {
  readonly __typename?: 'TagMove';
  /** Id of the image that it pointed at: 64 hex digits. */
  readonly imageId: Scalars['String']['output'];
  /** Until when. */
  readonly until: Scalars['DateTime']['output'];
};

/** Something that the gateway needs does not answer, or refuses: a registry, a disk. */
export type UnavailableError = UserError & {
  readonly __typename?: 'UnavailableError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What does not answer, and whether to try again. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** True when the same request can succeed later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** A system to change. */
export type UpdateSystemInput = {
  /** What changes: what is not given stays, and `null` takes a value out, so that the default counts again. */
  readonly definition: SystemDefinitionInput;
  /** Name of the system. */
  readonly name: Scalars['String']['input'];
};

/** Answer to `updateSystem`. */
export type UpdateSystemPayload = {
  readonly __typename?: 'UpdateSystemPayload';
  /** What stood in the way: all that is wrong with the definition, each with its path. */
  readonly errors: ReadonlyArray<UserError>;
  /** The system as it is now; null when it could not be changed. */
  readonly system?: Maybe<System>;
  /** What it is declared with, and an administrator should know. */
  readonly warnings: ReadonlyArray<Scalars['String']['output']>;
};

/** A failure that a caller can act on. */
export type UserError = {
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What happened, to what, and what to do. */
  readonly message: Scalars['String']['output'];
  /** The input field that it is about, from `input` on; null when it is about none. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** What lies on a system, read back and compared with the index. */
export type Verification = {
  readonly __typename?: 'Verification';
  /** Bytes of them that were dealt with. */
  readonly bytesDone: Scalars['ByteCount']['output'];
  /** Sum of their sizes. */
  readonly bytesTotal: Scalars['ByteCount']['output'];
  /** How many of them were looked at. */
  readonly checkedImageCount: Scalars['Int']['output'];
  /** Why it could not be done; null unless FAILED. */
  readonly error?: Maybe<VerificationError>;
  /** How much was found that is not as it should be; 0 means that the system is whole, once the state is DONE. */
  readonly findingCount: Scalars['Int']['output'];
  /** What was found, at most `VerifyFindings` of them. */
  readonly findings: ReadonlyArray<VerificationFinding>;
  /** When it ended; null while it has not. */
  readonly finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Images that the index knows there. */
  readonly imageCount: Scalars['Int']['output'];
  /** True when damaged images are published again and leftovers removed. */
  readonly isRepairing: Scalars['Boolean']['output'];
  /** When it was asked for, or was due. */
  readonly requestedAt: Scalars['DateTime']['output'];
  /** When a worker began; null while it waits. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether it waits, runs, or how it ended. */
  readonly state: VerificationState;
  /** The system. */
  readonly system: System;
  /** Name of the worker that reads; null while it waits. */
  readonly worker?: Maybe<Scalars['String']['output']>;
};

/** Why a verification could not be done. */
export type VerificationError = {
  readonly __typename?: 'VerificationError';
  /** Stable code to branch on. */
  readonly code: ErrorCode;
  /** What happened, to what, and what to do. */
  readonly message: Scalars['String']['output'];
};

/** Something on a system that is not as the index says. */
export type VerificationFinding = {
  readonly __typename?: 'VerificationFinding';
  /** Id of the image, 64 hex digits; null for what belongs to none. */
  readonly imageId?: Maybe<Scalars['String']['output']>;
  /** What it is. */
  readonly kind: VerificationFindingKind;
  /** What is wrong, and what was done about it or is to be done. */
  readonly message: Scalars['String']['output'];
  /** Full path on the system. */
  readonly path: Scalars['String']['output'];
  /** The pull that publishes the image again; null when there is none. */
  readonly pull?: Maybe<Pull>;
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
  readonly repair?: InputMaybe<Scalars['Boolean']['input']>;
  /** Name of the system. */
  readonly system: Scalars['String']['input'];
};

/** Answer to `verifySystem`. */
export type VerifySystemPayload = {
  readonly __typename?: 'VerifySystemPayload';
  /** What stood in the way. */
  readonly errors: ReadonlyArray<UserError>;
  /** The verification as it is now: new, or the one that waits or runs already; null when there is none. */
  readonly verification?: Maybe<Verification>;
};

/** Who the gateway takes you for. */
export type Viewer = {
  readonly __typename?: 'Viewer';
  /** True for an administrator of the gateway. */
  readonly isAdmin: Scalars['Boolean']['output'];
  /** User name; null for an anonymous caller. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The namespace that the name belongs to; null for an anonymous caller. */
  readonly realm?: Maybe<Scalars['String']['output']>;
};

/** A process that works on pulls. */
export type Worker = {
  readonly __typename?: 'Worker';
  /** The machine it runs on. */
  readonly host: Scalars['String']['output'];
  /** Unlike that of any other worker that lives. */
  readonly name: Scalars['String']['output'];
  /** How many it works on, those for other systems included. */
  readonly runningPullCount: Scalars['Int']['output'];
  /** When it last said that it lives. */
  readonly seenAt: Scalars['DateTime']['output'];
  /** How many pulls it can work on at a time. */
  readonly slotCount: Scalars['Int']['output'];
  /** When it began. */
  readonly startedAt: Scalars['DateTime']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( ImageRecordModel & { __typename: 'Image' } )
    | ( PullSnapshotModel & { __typename: 'Pull' } )
    | ( RegistryConfigModel & { __typename: 'Registry' } )
    | ( SystemConfigModel & { __typename: 'System' } )
    | ( TagRecordModel & { __typename: 'Tag' } )
  ;
  UserError:
    | ( ConflictError & { __typename: 'ConflictError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( NotAllowedError & { __typename: 'NotAllowedError' } )
    | ( NotFoundError & { __typename: 'NotFoundError' } )
    | ( UnavailableError & { __typename: 'UnavailableError' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  About: ResolverTypeWrapper<About>;
  AccessInput: AccessInput;
  AddSystemInput: AddSystemInput;
  AddSystemPayload: ResolverTypeWrapper<Omit<AddSystemPayload, 'errors' | 'system'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, system?: Maybe<ResolversTypes['System']> }>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ByteCount: ResolverTypeWrapper<Scalars['ByteCount']['output']>;
  CancelPullInput: CancelPullInput;
  CancelPullPayload: ResolverTypeWrapper<Omit<CancelPullPayload, 'errors' | 'pull'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, pull?: Maybe<ResolversTypes['Pull']> }>;
  CheckSystemInput: CheckSystemInput;
  CheckSystemPayload: ResolverTypeWrapper<Omit<CheckSystemPayload, 'check' | 'errors'> & { check?: Maybe<ResolversTypes['SystemCheck']>, errors: ReadonlyArray<ResolversTypes['UserError']> }>;
  ConflictError: ResolverTypeWrapper<ConflictError>;
  ContentSource: ResolverTypeWrapper<ContentSourceModel>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeliveryVerification: DeliveryVerification;
  Digest: ResolverTypeWrapper<Scalars['Digest']['output']>;
  ErrorCode: ErrorCode;
  ExpireImageInput: ExpireImageInput;
  ExpireImagePayload: ResolverTypeWrapper<Omit<ExpireImagePayload, 'errors' | 'tag'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, tag?: Maybe<ResolversTypes['Tag']> }>;
  FileOwnership: FileOwnership;
  FlatteningPolicy: ResolverTypeWrapper<FlatteningPolicy>;
  FlatteningRules: ResolverTypeWrapper<FlatteningRules>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Image: ResolverTypeWrapper<ImageRecordModel>;
  ImageChange: ResolverTypeWrapper<Omit<ImageChange, 'image'> & { image?: Maybe<ResolversTypes['Image']> }>;
  ImageChangeKind: ImageChangeKind;
  ImageConnection: ResolverTypeWrapper<Omit<ImageConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ImageEdge']>, nodes: ReadonlyArray<ResolversTypes['Image']> }>;
  ImageEdge: ResolverTypeWrapper<Omit<ImageEdge, 'node'> & { node: ResolversTypes['Image'] }>;
  ImageFilter: ImageFilter;
  ImageLayer: ResolverTypeWrapper<ImageLayerRecordModel>;
  ImportImageInput: ImportImageInput;
  ImportImagePayload: ResolverTypeWrapper<Omit<ImportImagePayload, 'errors' | 'pull'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, pull?: Maybe<ResolversTypes['Pull']> }>;
  InspectPayload: ResolverTypeWrapper<Omit<InspectPayload, 'errors'> & { errors: ReadonlyArray<ResolversTypes['UserError']> }>;
  InspectedLayer: ResolverTypeWrapper<InspectedLayer>;
  Inspection: ResolverTypeWrapper<Inspection>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  InvalidInputError: ResolverTypeWrapper<InvalidInputError>;
  KeepOrDrop: KeepOrDrop;
  KeepOrStrip: KeepOrStrip;
  Label: ResolverTypeWrapper<Label>;
  LayerState: LayerState;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  NotAllowedError: ResolverTypeWrapper<NotAllowedError>;
  NotFoundError: ResolverTypeWrapper<NotFoundError>;
  OlderServers: OlderServers;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Pull: ResolverTypeWrapper<PullSnapshotModel>;
  PullConnection: ResolverTypeWrapper<Omit<PullConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['PullEdge']>, nodes: ReadonlyArray<ResolversTypes['Pull']> }>;
  PullEdge: ResolverTypeWrapper<Omit<PullEdge, 'node'> & { node: ResolversTypes['Pull'] }>;
  PullError: ResolverTypeWrapper<PullError>;
  PullFilter: PullFilter;
  PullImageInput: PullImageInput;
  PullImagePayload: ResolverTypeWrapper<Omit<PullImagePayload, 'errors' | 'pulls'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, pulls: ReadonlyArray<ResolversTypes['Pull']> }>;
  PullLayer: ResolverTypeWrapper<LayerSnapshotModel>;
  PullStage: PullStage;
  PullState: PullState;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RateLimit: ResolverTypeWrapper<RateLimit>;
  Registry: ResolverTypeWrapper<RegistryConfigModel>;
  RegistryCredentialsInput: RegistryCredentialsInput;
  RegistryIdentity: RegistryIdentity;
  RemoveSystemInput: RemoveSystemInput;
  RemoveSystemPayload: ResolverTypeWrapper<Omit<RemoveSystemPayload, 'errors'> & { errors: ReadonlyArray<ResolversTypes['UserError']> }>;
  SquashfsCompression: SquashfsCompression;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  System: ResolverTypeWrapper<SystemConfigModel>;
  SystemAccess: SystemAccess;
  SystemCheck: ResolverTypeWrapper<TaskAnswerModel>;
  SystemCheckStep: ResolverTypeWrapper<SystemCheckStep>;
  SystemCheckStepKind: SystemCheckStepKind;
  SystemDefinitionInput: SystemDefinitionInput;
  SystemDeliveryInput: SystemDeliveryInput;
  SystemLocalInput: SystemLocalInput;
  SystemPolicyInput: SystemPolicyInput;
  SystemSource: SystemSource;
  SystemSquashfsInput: SystemSquashfsInput;
  SystemSshInput: SystemSshInput;
  SystemStatus: ResolverTypeWrapper<SystemStatus>;
  Tag: ResolverTypeWrapper<TagRecordModel>;
  TagMove: ResolverTypeWrapper<TagMove>;
  UnavailableError: ResolverTypeWrapper<UnavailableError>;
  UpdateSystemInput: UpdateSystemInput;
  UpdateSystemPayload: ResolverTypeWrapper<Omit<UpdateSystemPayload, 'errors' | 'system'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, system?: Maybe<ResolversTypes['System']> }>;
  UserError: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['UserError']>;
  Verification: ResolverTypeWrapper<VerificationRecordModel>;
  VerificationError: ResolverTypeWrapper<VerificationError>;
  VerificationFinding: ResolverTypeWrapper<VerificationFindingModel>;
  VerificationFindingKind: VerificationFindingKind;
  VerificationState: VerificationState;
  VerifySystemInput: VerifySystemInput;
  VerifySystemPayload: ResolverTypeWrapper<Omit<VerifySystemPayload, 'errors' | 'verification'> & { errors: ReadonlyArray<ResolversTypes['UserError']>, verification?: Maybe<ResolversTypes['Verification']> }>;
  Viewer: ResolverTypeWrapper<Viewer>;
  Worker: ResolverTypeWrapper<Worker>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  About: About;
  AccessInput: AccessInput;
  AddSystemInput: AddSystemInput;
  AddSystemPayload: Omit<AddSystemPayload, 'errors' | 'system'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, system?: Maybe<ResolversParentTypes['System']> };
  Boolean: Scalars['Boolean']['output'];
  ByteCount: Scalars['ByteCount']['output'];
  CancelPullInput: CancelPullInput;
  CancelPullPayload: Omit<CancelPullPayload, 'errors' | 'pull'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, pull?: Maybe<ResolversParentTypes['Pull']> };
  CheckSystemInput: CheckSystemInput;
  CheckSystemPayload: Omit<CheckSystemPayload, 'check' | 'errors'> & { check?: Maybe<ResolversParentTypes['SystemCheck']>, errors: ReadonlyArray<ResolversParentTypes['UserError']> };
  ConflictError: ConflictError;
  ContentSource: ContentSourceModel;
  DateTime: Scalars['DateTime']['output'];
  Digest: Scalars['Digest']['output'];
  ExpireImageInput: ExpireImageInput;
  ExpireImagePayload: Omit<ExpireImagePayload, 'errors' | 'tag'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, tag?: Maybe<ResolversParentTypes['Tag']> };
  FlatteningPolicy: FlatteningPolicy;
  FlatteningRules: FlatteningRules;
  Float: Scalars['Float']['output'];
  ID: Scalars['ID']['output'];
  Image: ImageRecordModel;
  ImageChange: Omit<ImageChange, 'image'> & { image?: Maybe<ResolversParentTypes['Image']> };
  ImageConnection: Omit<ImageConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ImageEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Image']> };
  ImageEdge: Omit<ImageEdge, 'node'> & { node: ResolversParentTypes['Image'] };
  ImageFilter: ImageFilter;
  ImageLayer: ImageLayerRecordModel;
  ImportImageInput: ImportImageInput;
  ImportImagePayload: Omit<ImportImagePayload, 'errors' | 'pull'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, pull?: Maybe<ResolversParentTypes['Pull']> };
  InspectPayload: Omit<InspectPayload, 'errors'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']> };
  InspectedLayer: InspectedLayer;
  Inspection: Inspection;
  Int: Scalars['Int']['output'];
  InvalidInputError: InvalidInputError;
  Label: Label;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  NotAllowedError: NotAllowedError;
  NotFoundError: NotFoundError;
  PageInfo: PageInfo;
  Pull: PullSnapshotModel;
  PullConnection: Omit<PullConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['PullEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Pull']> };
  PullEdge: Omit<PullEdge, 'node'> & { node: ResolversParentTypes['Pull'] };
  PullError: PullError;
  PullFilter: PullFilter;
  PullImageInput: PullImageInput;
  PullImagePayload: Omit<PullImagePayload, 'errors' | 'pulls'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, pulls: ReadonlyArray<ResolversParentTypes['Pull']> };
  PullLayer: LayerSnapshotModel;
  Query: Record<PropertyKey, never>;
  RateLimit: RateLimit;
  Registry: RegistryConfigModel;
  RegistryCredentialsInput: RegistryCredentialsInput;
  RemoveSystemInput: RemoveSystemInput;
  RemoveSystemPayload: Omit<RemoveSystemPayload, 'errors'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']> };
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  System: SystemConfigModel;
  SystemCheck: TaskAnswerModel;
  SystemCheckStep: SystemCheckStep;
  SystemDefinitionInput: SystemDefinitionInput;
  SystemDeliveryInput: SystemDeliveryInput;
  SystemLocalInput: SystemLocalInput;
  SystemPolicyInput: SystemPolicyInput;
  SystemSquashfsInput: SystemSquashfsInput;
  SystemSshInput: SystemSshInput;
  SystemStatus: SystemStatus;
  Tag: TagRecordModel;
  TagMove: TagMove;
  UnavailableError: UnavailableError;
  UpdateSystemInput: UpdateSystemInput;
  UpdateSystemPayload: Omit<UpdateSystemPayload, 'errors' | 'system'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, system?: Maybe<ResolversParentTypes['System']> };
  UserError: ResolversInterfaceTypes<ResolversParentTypes>['UserError'];
  Verification: VerificationRecordModel;
  VerificationError: VerificationError;
  VerificationFinding: VerificationFindingModel;
  VerifySystemInput: VerifySystemInput;
  VerifySystemPayload: Omit<VerifySystemPayload, 'errors' | 'verification'> & { errors: ReadonlyArray<ResolversParentTypes['UserError']>, verification?: Maybe<ResolversParentTypes['Verification']> };
  Viewer: Viewer;
  Worker: Worker;
};

export type AboutResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['About'] = ResolversParentTypes['About']> = {
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type AddSystemPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AddSystemPayload'] = ResolversParentTypes['AddSystemPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  system?: Resolver<Maybe<ResolversTypes['System']>, ParentType, ContextType>;
  warnings?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
};

export interface ByteCountScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['ByteCount'], any> {
  name: 'ByteCount';
}

export type CancelPullPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CancelPullPayload'] = ResolversParentTypes['CancelPullPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  pull?: Resolver<Maybe<ResolversTypes['Pull']>, ParentType, ContextType>;
};

export type CheckSystemPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CheckSystemPayload'] = ResolversParentTypes['CheckSystemPayload']> = {
  check?: Resolver<Maybe<ResolversTypes['SystemCheck']>, ParentType, ContextType>;
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ConflictErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ConflictError'] = ResolversParentTypes['ConflictError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ContentSourceResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ContentSource'] = ResolversParentTypes['ContentSource']> = {
  endpoint?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  identity?: Resolver<ResolversTypes['RegistryIdentity'], ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DigestScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Digest'], any> {
  name: 'Digest';
}

export type ExpireImagePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ExpireImagePayload'] = ResolversParentTypes['ExpireImagePayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  imageRemoved?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  tag?: Resolver<Maybe<ResolversTypes['Tag']>, ParentType, ContextType>;
};

export type FlatteningPolicyResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['FlatteningPolicy'] = ResolversParentTypes['FlatteningPolicy']> = {
  capabilities?: Resolver<ResolversTypes['KeepOrStrip'], ParentType, ContextType>;
  devices?: Resolver<ResolversTypes['KeepOrDrop'], ParentType, ContextType>;
  fifos?: Resolver<ResolversTypes['KeepOrDrop'], ParentType, ContextType>;
  ownership?: Resolver<ResolversTypes['FileOwnership'], ParentType, ContextType>;
  setuid?: Resolver<ResolversTypes['KeepOrStrip'], ParentType, ContextType>;
  userXattrs?: Resolver<ResolversTypes['KeepOrDrop'], ParentType, ContextType>;
  widenPermissions?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type FlatteningRulesResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['FlatteningRules'] = ResolversParentTypes['FlatteningRules']> = {
  policy?: Resolver<ResolversTypes['FlatteningPolicy'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ImageResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Image'] = ResolversParentTypes['Image']> = {
  attestations?: Resolver<ReadonlyArray<ResolversTypes['Digest']>, ParentType, ContextType>;
  changes?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  command?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  configDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  entryCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  entrypoint?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  environment?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  format?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isPublic?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  labels?: Resolver<ReadonlyArray<ResolversTypes['Label']>, ParentType, ContextType>;
  layers?: Resolver<ReadonlyArray<ResolversTypes['ImageLayer']>, ParentType, ContextType>;
  manifestDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  packer?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  platform?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rules?: Resolver<Maybe<ResolversTypes['FlatteningRules']>, ParentType, ContextType>;
  sha256?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  system?: Resolver<ResolversTypes['System'], ParentType, ContextType>;
  tags?: Resolver<ReadonlyArray<ResolversTypes['Tag']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  workingDirectory?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ImageChangeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ImageChange'] = ResolversParentTypes['ImageChange']> = {
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType>;
  imageId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ImageChangeKind'], ParentType, ContextType>;
  reference?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  system?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ImageConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ImageConnection'] = ResolversParentTypes['ImageConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ImageEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Image']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ImageEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ImageEdge'] = ResolversParentTypes['ImageEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Image'], ParentType, ContextType>;
};

export type ImageLayerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ImageLayer'] = ResolversParentTypes['ImageLayer']> = {
  diffId?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  digest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  servedBy?: Resolver<Maybe<ResolversTypes['ContentSource']>, ParentType, ContextType>;
  size?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
};

export type ImportImagePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ImportImagePayload'] = ResolversParentTypes['ImportImagePayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  pull?: Resolver<Maybe<ResolversTypes['Pull']>, ParentType, ContextType>;
};

export type InspectPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['InspectPayload'] = ResolversParentTypes['InspectPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  inspection?: Resolver<Maybe<ResolversTypes['Inspection']>, ParentType, ContextType>;
};

export type InspectedLayerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['InspectedLayer'] = ResolversParentTypes['InspectedLayer']> = {
  digest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
};

export type InspectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Inspection'] = ResolversParentTypes['Inspection']> = {
  bytesTotal?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  configDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  isPublic?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  layers?: Resolver<ReadonlyArray<ResolversTypes['InspectedLayer']>, ParentType, ContextType>;
  manifestDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  platform?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reference?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  topDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
};

export type InvalidInputErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['InvalidInputError'] = ResolversParentTypes['InvalidInputError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LabelResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Label'] = ResolversParentTypes['Label']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  addSystem?: Resolver<ResolversTypes['AddSystemPayload'], ParentType, ContextType, RequireFields<MutationAddSystemArgs, 'input'>>;
  cancelPull?: Resolver<ResolversTypes['CancelPullPayload'], ParentType, ContextType, RequireFields<MutationCancelPullArgs, 'input'>>;
  checkSystem?: Resolver<ResolversTypes['CheckSystemPayload'], ParentType, ContextType, RequireFields<MutationCheckSystemArgs, 'input'>>;
  expireImage?: Resolver<ResolversTypes['ExpireImagePayload'], ParentType, ContextType, RequireFields<MutationExpireImageArgs, 'input'>>;
  importImage?: Resolver<ResolversTypes['ImportImagePayload'], ParentType, ContextType, RequireFields<MutationImportImageArgs, 'input'>>;
  pullImage?: Resolver<ResolversTypes['PullImagePayload'], ParentType, ContextType, RequireFields<MutationPullImageArgs, 'input'>>;
  removeSystem?: Resolver<ResolversTypes['RemoveSystemPayload'], ParentType, ContextType, RequireFields<MutationRemoveSystemArgs, 'input'>>;
  updateSystem?: Resolver<ResolversTypes['UpdateSystemPayload'], ParentType, ContextType, RequireFields<MutationUpdateSystemArgs, 'input'>>;
  verifySystem?: Resolver<ResolversTypes['VerifySystemPayload'], ParentType, ContextType, RequireFields<MutationVerifySystemArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Image' | 'Pull' | 'Registry' | 'System' | 'Tag', ParentType, ContextType>;
};

export type NotAllowedErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['NotAllowedError'] = ResolversParentTypes['NotAllowedError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type NotFoundErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['NotFoundError'] = ResolversParentTypes['NotFoundError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PullResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Pull'] = ResolversParentTypes['Pull']> = {
  attempt?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytesDelivered?: Resolver<Maybe<ResolversTypes['ByteCount']>, ParentType, ContextType>;
  bytesDone?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  bytesTotal?: Resolver<Maybe<ResolversTypes['ByteCount']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['PullError']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  identity?: Resolver<Maybe<ResolversTypes['RegistryIdentity']>, ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType>;
  isStale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  layers?: Resolver<ReadonlyArray<ResolversTypes['PullLayer']>, ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  platform?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  queuePosition?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  reference?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  requesters?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  sequence?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  stage?: Resolver<Maybe<ResolversTypes['PullStage']>, ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['PullState'], ParentType, ContextType>;
  system?: Resolver<ResolversTypes['System'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PullConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PullConnection'] = ResolversParentTypes['PullConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['PullEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Pull']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type PullEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PullEdge'] = ResolversParentTypes['PullEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Pull'], ParentType, ContextType>;
};

export type PullErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PullError'] = ResolversParentTypes['PullError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  stage?: Resolver<ResolversTypes['PullStage'], ParentType, ContextType>;
};

export type PullImagePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PullImagePayload'] = ResolversParentTypes['PullImagePayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  pulls?: Resolver<ReadonlyArray<ResolversTypes['Pull']>, ParentType, ContextType>;
};

export type PullLayerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PullLayer'] = ResolversParentTypes['PullLayer']> = {
  attempt?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytesDone?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  digest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  fromCache?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  servedBy?: Resolver<Maybe<ResolversTypes['ContentSource']>, ParentType, ContextType>;
  size?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['LayerState'], ParentType, ContextType>;
  waitingFor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  about?: Resolver<ResolversTypes['About'], ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType, RequireFields<QueryImageArgs, 'reference' | 'system'>>;
  images?: Resolver<ResolversTypes['ImageConnection'], ParentType, ContextType, Partial<QueryImagesArgs>>;
  inspect?: Resolver<ResolversTypes['InspectPayload'], ParentType, ContextType, RequireFields<QueryInspectArgs, 'reference'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  pull?: Resolver<Maybe<ResolversTypes['Pull']>, ParentType, ContextType, RequireFields<QueryPullArgs, 'id'>>;
  pulls?: Resolver<ResolversTypes['PullConnection'], ParentType, ContextType, Partial<QueryPullsArgs>>;
  registries?: Resolver<ReadonlyArray<ResolversTypes['Registry']>, ParentType, ContextType>;
  registry?: Resolver<Maybe<ResolversTypes['Registry']>, ParentType, ContextType, RequireFields<QueryRegistryArgs, 'name'>>;
  system?: Resolver<Maybe<ResolversTypes['System']>, ParentType, ContextType, RequireFields<QuerySystemArgs, 'name'>>;
  systems?: Resolver<ReadonlyArray<ResolversTypes['System']>, ParentType, ContextType>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type RateLimitResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['RateLimit'] = ResolversParentTypes['RateLimit']> = {
  identity?: Resolver<ResolversTypes['RegistryIdentity'], ParentType, ContextType>;
  limit?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  remaining?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  windowSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type RegistryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Registry'] = ResolversParentTypes['Registry']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isDefault?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isInsecure?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rateLimits?: Resolver<ReadonlyArray<ResolversTypes['RateLimit']>, ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RemoveSystemPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['RemoveSystemPayload'] = ResolversParentTypes['RemoveSystemPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  isRemoved?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  imageChanged?: SubscriptionResolver<ResolversTypes['ImageChange'], "imageChanged", ParentType, ContextType, Partial<SubscriptionImageChangedArgs>>;
  pullProgress?: SubscriptionResolver<ResolversTypes['Pull'], "pullProgress", ParentType, ContextType, RequireFields<SubscriptionPullProgressArgs, 'id'>>;
};

export type SystemResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['System'] = ResolversParentTypes['System']> = {
  access?: Resolver<ResolversTypes['SystemAccess'], ParentType, ContextType>;
  admins?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageDirectory?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  lastPublishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  platform?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  queuedPullCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  realm?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  runningPullCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['SystemSource'], ParentType, ContextType>;
  status?: Resolver<Maybe<ResolversTypes['SystemStatus']>, ParentType, ContextType>;
  verification?: Resolver<Maybe<ResolversTypes['Verification']>, ParentType, ContextType>;
  workers?: Resolver<ReadonlyArray<ResolversTypes['Worker']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SystemCheckResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['SystemCheck'] = ResolversParentTypes['SystemCheck']> = {
  checkedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  freeBytes?: Resolver<Maybe<ResolversTypes['ByteCount']>, ParentType, ContextType>;
  isUsable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  readBytesPerSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  steps?: Resolver<ReadonlyArray<ResolversTypes['SystemCheckStep']>, ParentType, ContextType>;
  worker?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  writeBytesPerSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type SystemCheckStepResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['SystemCheckStep'] = ResolversParentTypes['SystemCheckStep']> = {
  durationMs?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  problem?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  step?: Resolver<ResolversTypes['SystemCheckStepKind'], ParentType, ContextType>;
};

export type SystemStatusResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['SystemStatus'] = ResolversParentTypes['SystemStatus']> = {
  checkedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  freeBytes?: Resolver<Maybe<ResolversTypes['ByteCount']>, ParentType, ContextType>;
  isReachable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  problem?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  worker?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type TagResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Tag'] = ResolversParentTypes['Tag']> = {
  checkedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  history?: Resolver<ReadonlyArray<ResolversTypes['TagMove']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  movedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  platform?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  reference?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  topDigest?: Resolver<ResolversTypes['Digest'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TagMoveResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['TagMove'] = ResolversParentTypes['TagMove']> = {
  imageId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  until?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type UnavailableErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['UnavailableError'] = ResolversParentTypes['UnavailableError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UpdateSystemPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['UpdateSystemPayload'] = ResolversParentTypes['UpdateSystemPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  system?: Resolver<Maybe<ResolversTypes['System']>, ParentType, ContextType>;
  warnings?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'ConflictError' | 'InvalidInputError' | 'NotAllowedError' | 'NotFoundError' | 'UnavailableError', ParentType, ContextType>;
};

export type VerificationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Verification'] = ResolversParentTypes['Verification']> = {
  bytesDone?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  bytesTotal?: Resolver<ResolversTypes['ByteCount'], ParentType, ContextType>;
  checkedImageCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['VerificationError']>, ParentType, ContextType>;
  findingCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  findings?: Resolver<ReadonlyArray<ResolversTypes['VerificationFinding']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  imageCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  isRepairing?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  requestedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['VerificationState'], ParentType, ContextType>;
  system?: Resolver<ResolversTypes['System'], ParentType, ContextType>;
  worker?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type VerificationErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VerificationError'] = ResolversParentTypes['VerificationError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type VerificationFindingResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VerificationFinding'] = ResolversParentTypes['VerificationFinding']> = {
  imageId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['VerificationFindingKind'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pull?: Resolver<Maybe<ResolversTypes['Pull']>, ParentType, ContextType>;
};

export type VerifySystemPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VerifySystemPayload'] = ResolversParentTypes['VerifySystemPayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
  verification?: Resolver<Maybe<ResolversTypes['Verification']>, ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  isAdmin?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  realm?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type WorkerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Worker'] = ResolversParentTypes['Worker']> = {
  host?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  runningPullCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  seenAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  slotCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type Resolvers<ContextType = GatewayContext> = {
  About?: AboutResolvers<ContextType>;
  AddSystemPayload?: AddSystemPayloadResolvers<ContextType>;
  ByteCount?: GraphQLScalarType;
  CancelPullPayload?: CancelPullPayloadResolvers<ContextType>;
  CheckSystemPayload?: CheckSystemPayloadResolvers<ContextType>;
  ConflictError?: ConflictErrorResolvers<ContextType>;
  ContentSource?: ContentSourceResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  Digest?: GraphQLScalarType;
  ExpireImagePayload?: ExpireImagePayloadResolvers<ContextType>;
  FlatteningPolicy?: FlatteningPolicyResolvers<ContextType>;
  FlatteningRules?: FlatteningRulesResolvers<ContextType>;
  Image?: ImageResolvers<ContextType>;
  ImageChange?: ImageChangeResolvers<ContextType>;
  ImageConnection?: ImageConnectionResolvers<ContextType>;
  ImageEdge?: ImageEdgeResolvers<ContextType>;
  ImageLayer?: ImageLayerResolvers<ContextType>;
  ImportImagePayload?: ImportImagePayloadResolvers<ContextType>;
  InspectPayload?: InspectPayloadResolvers<ContextType>;
  InspectedLayer?: InspectedLayerResolvers<ContextType>;
  Inspection?: InspectionResolvers<ContextType>;
  InvalidInputError?: InvalidInputErrorResolvers<ContextType>;
  Label?: LabelResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  NotAllowedError?: NotAllowedErrorResolvers<ContextType>;
  NotFoundError?: NotFoundErrorResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Pull?: PullResolvers<ContextType>;
  PullConnection?: PullConnectionResolvers<ContextType>;
  PullEdge?: PullEdgeResolvers<ContextType>;
  PullError?: PullErrorResolvers<ContextType>;
  PullImagePayload?: PullImagePayloadResolvers<ContextType>;
  PullLayer?: PullLayerResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RateLimit?: RateLimitResolvers<ContextType>;
  Registry?: RegistryResolvers<ContextType>;
  RemoveSystemPayload?: RemoveSystemPayloadResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  System?: SystemResolvers<ContextType>;
  SystemCheck?: SystemCheckResolvers<ContextType>;
  SystemCheckStep?: SystemCheckStepResolvers<ContextType>;
  SystemStatus?: SystemStatusResolvers<ContextType>;
  Tag?: TagResolvers<ContextType>;
  TagMove?: TagMoveResolvers<ContextType>;
  UnavailableError?: UnavailableErrorResolvers<ContextType>;
  UpdateSystemPayload?: UpdateSystemPayloadResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Verification?: VerificationResolvers<ContextType>;
  VerificationError?: VerificationErrorResolvers<ContextType>;
  VerificationFinding?: VerificationFindingResolvers<ContextType>;
  VerifySystemPayload?: VerifySystemPayloadResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
  Worker?: WorkerResolvers<ContextType>;
};

