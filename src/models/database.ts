/**
 * The connection to the index, and what its failures mean to a caller.
 */
import mongoose, { type Connection, type Model } from 'mongoose';
import { GatewayError, messageOf } from '../lib/errors.js';
import type { ImageRecord, TagRecord } from './image-records.js';
import type { ActiveRecord, PullRecord } from './pull-records.js';
import type { CredentialRecord, PublicationRecord, SystemRecord, TaskRecord, VerificationRecord } from './system-records.js';
import { activeSchema, credentialSchema, imageSchema, publicationSchema, pullSchema, systemSchema, tagSchema, taskSchema, verificationSchema } from './schemas.js';

export interface Database {
  readonly pulls: Model<PullRecord>;
  readonly actives: Model<ActiveRecord>;
  readonly images: Model<ImageRecord>;
  readonly tags: Model<TagRecord>;
  readonly publications: Model<PublicationRecord>;
  readonly verifications: Model<VerificationRecord>;
  readonly systems: Model<SystemRecord>;
  readonly tasks: Model<TaskRecord>;
  readonly credentials: Model<CredentialRecord>;
  /** Resolves when the index answers. @throws GatewayError INDEX_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly uri: string;
  /** How long one operation may look for a server that answers, in ms. */
  readonly serverSelectionMs: number;
}

/**
 * Connects and makes sure of the indexes.
 *
 * @throws GatewayError INDEX_UNAVAILABLE when nothing answers at the address.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const connection: Connection = mongoose.createConnection(options.uri, {
    serverSelectionTimeoutMS: options.serverSelectionMs,
    // A statement that waits for a connection that is gone must fail, not queue up: callers retry and report.
    bufferCommands: false,
    autoIndex: false,
    autoCreate: false,
  });
  connection.on('error', () => {
    // Each operation reports its own failure; the driver reconnects by itself.
  });
  try {
    await connection.asPromise();
  } catch (error) {
    await connection.close().catch(() => {});
    throw indexUnavailable(error);
  }
  const pulls = connection.model<PullRecord>('Pull', pullSchema);
  const actives = connection.model<ActiveRecord>('Active', activeSchema);
  const images = connection.model<ImageRecord>('Image', imageSchema);
  const tags = connection.model<TagRecord>('Tag', tagSchema);
  const publications = connection.model<PublicationRecord>('Publication', publicationSchema);
  const systems = connection.model<SystemRecord>('System', systemSchema);
  const credentials = connection.model<CredentialRecord>('Credential', credentialSchema);
  const tasks = connection.model<TaskRecord>('Task', taskSchema);
  const verifications = connection.model<VerificationRecord>('Verification', verificationSchema);
  try {
    for (const model of [pulls, actives, images, tags]) await model.createIndexes();
  } catch (error) {
    await connection.close().catch(() => {});
    throw indexUnavailable(error);
  }
  return {
    pulls,
    actives,
    images,
    tags,
    publications,
    verifications,
    systems,
    tasks,
    credentials,
    ping: () =>
      indexed(async () => {
        await connection.db?.command({ ping: 1 });
      }),
    close: () => connection.close(),
  };
}

/**
 * Runs one operation of the index.
 *
 * @throws GatewayError INDEX_UNAVAILABLE when the server can't be reached; other errors pass as they are.
 */
export async function indexed<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw isConnectionFailure(error) ? indexUnavailable(error) : error;
  }
}

/**
 * Runs an idempotent operation of the index again while the server can't be reached, for at most `budgetMs`:
 * a worker in the middle of a pull outlives a restart of the index.
 *
 * @throws GatewayError INDEX_UNAVAILABLE when the time is up, or the reason of `signal`.
 */
export async function persistently<T>(operation: () => Promise<T>, budgetMs: number, signal?: AbortSignal): Promise<T> {
  const end = Date.now() + budgetMs;
  for (let delay = 50; ; delay = Math.min(delay * 2, 1000)) {
    try {
      return await indexed(operation);
    } catch (error) {
      const again = error instanceof GatewayError && error.code === 'INDEX_UNAVAILABLE' && Date.now() + delay < end;
      if (!again || signal?.aborted === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}

/** True when the error says that a document of that key exists already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === 11000;
}

function isConnectionFailure(error: unknown): boolean {
  const { MongoNetworkError, MongoServerSelectionError, MongoNotConnectedError, MongoExpiredSessionError, MongoTopologyClosedError } =
    mongoose.mongo;
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoExpiredSessionError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof mongoose.Error.MongooseServerSelectionError ||
    // `bufferCommands: false` while the driver is reconnecting.
    (error instanceof mongoose.Error && /initial connection is complete/.test(error.message))
  );
}

function indexUnavailable(cause: unknown): GatewayError {
  // The driver's message names hosts, not passwords; the address itself is never part of it.
  return new GatewayError('INDEX_UNAVAILABLE', `The index (MongoDB) does not answer: ${messageOf(cause)}. Try again; if it lasts, tell the administrator.`, {
    cause,
  });
}
