/**
 * Pulls in the index: joining, taking over, leaving and ending, each a single-document conditional update, so
 * that any number of API and worker processes can do them at once.
 */
import { GatewayError } from '../lib/errors.js';
import { indexed, isDuplicateKey, type Database } from './database.js';
import { newPullId } from './ids.js';
import { isTerminal, LIVE_STATES, type ActiveRecord, type PullRecord, type PullRequest, type PullSnapshot, type PullState } from './pull-records.js';

/** Rounds of "the pull that I wanted to join has just ended" before giving up; each needs another pull to end. */
const JOIN_ROUNDS = 20;

export interface PullFilterOptions {
  readonly system?: string;
  readonly states?: readonly PullState[];
  readonly requester?: string;
  /** Only pulls older (`before`) or newer (`after`) than this id. */
  readonly olderThan?: string;
  readonly newerThan?: string;
  readonly limit: number;
  /** `newest` first, or `oldest` first. */
  readonly order: 'newest' | 'oldest';
}

export type PullStore = ReturnType<typeof createPullStore>;

export function createPullStore(database: Database) {
  const { pulls, actives } = database;

  /**
   * Joins the running pull with this key, or begins one. Everybody who calls does the same idempotent steps, so that
   * a caller who dies between them leaves nothing that the next one, or the reconciler, does not mend.
   *
   * @throws GatewayError INDEX_UNAVAILABLE
   */
  async function join(key: string, request: PullRequest, requester: string): Promise<PullRecord> {
    return indexed(async () => {
      for (let round = 0; round < JOIN_ROUNDS; round++) {
        const active = await claim(key, request);
        const record = await enter(active, requester);
        if (record !== undefined) return record;
        // It has ended, or is being cancelled: a new pull takes its place. Conditional: somebody else may have begun.
        await release(key, active.pullId);
      }
      throw new GatewayError('CONFLICT', `The pull of ${request.reference} to ${request.system} ends as soon as it begins; try again.`, {
        retryable: true,
      });
    });
  }

  /** The active record of this key: ours if there was none. */
  async function claim(key: string, request: PullRequest): Promise<ActiveRecord> {
    const fresh: ActiveRecord = { _id: key, pullId: newPullId(), request, createdAt: new Date() };
    for (;;) {
      const existing = await actives.findById(key).lean<ActiveRecord>().exec();
      if (existing !== null) return existing;
      try {
        await actives.create(fresh);
        return fresh;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  /**
   * Makes sure of the record behind `active`, with `requester` among those who wait (nobody is added when it is
   * undefined). Undefined when that pull can't be joined any more.
   */
  async function enter(active: ActiveRecord, requester: string | undefined): Promise<PullRecord | undefined> {
    const joined = await addRequester(active, requester);
    if (joined !== undefined) return joined;
    try {
      const record = firstRecord(active, requester);
      await pulls.create(record);
      return record;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    // Somebody has made it since, or it can't be joined.
    return addRequester(active, requester);
  }

  async function addRequester(active: ActiveRecord, requester: string | undefined): Promise<PullRecord | undefined> {
    const record = await pulls
      .findOneAndUpdate(
        { _id: active.pullId, state: { $in: LIVE_STATES }, cancelRequested: false },
        requester === undefined ? { $set: { key: active._id } } : { $addToSet: { requesters: requester } },
        { returnDocument: 'after' },
      )
      .lean<PullRecord>()
      .exec();
    return record ?? undefined;
  }

  /** Releases the key, if it still stands for this pull. */
  async function release(key: string, pullId: string): Promise<void> {
    await indexed(() => actives.deleteOne({ _id: key, pullId }).exec());
  }

  async function get(id: string): Promise<PullRecord | undefined> {
    return (await indexed(() => pulls.findById(id).lean<PullRecord>().exec())) ?? undefined;
  }

  /**
   * A worker begins, or takes over: counts the attempt. Every later write of this worker is conditional on that
   * count, so that a worker which has lost its job can't overwrite its successor.
   * Undefined when there is nothing to do: the pull has ended, is to be cancelled, or is not known.
   */
  async function begin(id: string): Promise<PullRecord | undefined> {
    const record = await indexed(() =>
      pulls
        .findOneAndUpdate({ _id: id, state: { $in: LIVE_STATES }, cancelRequested: false }, { $inc: { attempt: 1 } }, { returnDocument: 'after' })
        .lean<PullRecord>()
        .exec(),
    );
    return record ?? undefined;
  }

  /** Writes the state of a pull that goes on. False when another worker has taken over or it has ended. */
  async function save(snapshot: PullSnapshot): Promise<boolean> {
    const result = await indexed(() =>
      pulls
        .updateOne({ _id: snapshot.id, attempt: snapshot.attempt, state: { $in: LIVE_STATES } }, { $set: fieldsOf(snapshot) })
        .exec(),
    );
    return result.matchedCount === 1;
  }

  /** A stopping worker gives its attempt up in order, so that it does not count as one that died. */
  async function handBack(id: string, attempt: number): Promise<void> {
    await indexed(() => pulls.updateOne({ _id: id, attempt, state: { $in: LIVE_STATES } }, { $inc: { handedBack: 1 } }).exec());
  }

  /** Writes the terminal state, once. False when it had ended before, or another worker has taken over. */
  async function finish(snapshot: PullSnapshot): Promise<boolean> {
    if (!isTerminal(snapshot.state)) throw new TypeError(`${snapshot.state} is no terminal state`);
    return save(snapshot);
  }

  /**
   * Takes a requester off. When nobody is left, asks for the pull to be cancelled: in one step where they are alone, so that no
   * pull runs for nobody should this process die. Several who leave at once do it in a second step, which is conditional on
   * the emptiness of the list, so that somebody who joins in between keeps the pull alive.
   */
  async function leave(id: string, requester: string): Promise<PullRecord | undefined> {
    return indexed(async () => {
      const alone = await pulls
        .findOneAndUpdate({ _id: id, state: { $in: LIVE_STATES }, requesters: [requester] }, { $set: { requesters: [], cancelRequested: true } }, { returnDocument: 'after' })
        .lean<PullRecord>()
        .exec();
      if (alone !== null) return alone;
      await pulls.updateOne({ _id: id, state: { $in: LIVE_STATES } }, { $pull: { requesters: requester } }).exec();
      await pulls.updateOne({ _id: id, state: { $in: LIVE_STATES }, requesters: [] }, { $set: { cancelRequested: true } }).exec();
      return get(id);
    });
  }

  /** Asks for the pull to be cancelled for everybody. */
  async function cancelForAll(id: string): Promise<PullRecord | undefined> {
    return indexed(async () => {
      await pulls.updateOne({ _id: id, state: { $in: LIVE_STATES } }, { $set: { cancelRequested: true } }).exec();
      return get(id);
    });
  }

  /** Pulls by the filter. Ids grow with time, so that the order of ids is the order of creation. */
  async function list(options: PullFilterOptions): Promise<PullRecord[]> {
    const id = {
      ...(options.olderThan === undefined ? {} : { $lt: options.olderThan }),
      ...(options.newerThan === undefined ? {} : { $gt: options.newerThan }),
    };
    const query = {
      ...(Object.keys(id).length === 0 ? {} : { _id: id }),
      ...(options.system === undefined ? {} : { system: options.system }),
      ...(options.states === undefined ? {} : { state: { $in: options.states } }),
      ...(options.requester === undefined ? {} : { requesters: options.requester }),
    };
    return indexed(() =>
      pulls
        .find(query)
        .sort({ _id: options.order === 'newest' ? -1 : 1 })
        .limit(options.limit)
        .lean<PullRecord[]>()
        .exec(),
    );
  }

  /** Active records made before `date`, for the reconciler. */
  async function activesBefore(date: Date): Promise<ActiveRecord[]> {
    return indexed(() => actives.find({ createdAt: { $lt: date } }).lean<ActiveRecord[]>().exec());
  }

  /** Removes ended pulls older than `date`; gives how many. */
  async function prune(date: Date): Promise<number> {
    const result = await indexed(() => pulls.deleteMany({ finishedAt: { $lt: date } }).exec());
    return result.deletedCount;
  }

  /** Forgets the ended pulls to a system. */
  async function forgetSystem(system: string): Promise<void> {
    await indexed(() => pulls.deleteMany({ system, finishedAt: { $ne: null } }).exec());
  }

  return { join, enter, release, get, begin, handBack, save, finish, leave, cancelForAll, list, activesBefore, prune, forgetSystem };
}

function firstRecord(active: ActiveRecord, requester: string | undefined): PullRecord {
  const { request } = active;
  return {
    _id: active.pullId,
    key: active._id,
    request,
    cancelRequested: false,
    handedBack: 0,
    reference: request.reference,
    system: request.system,
    platform: request.platform,
    state: 'QUEUED',
    stage: 'QUEUE',
    message: null,
    sequence: 1,
    attempt: 0,
    bytesTotal: null,
    bytesDone: 0,
    bytesDelivered: null,
    layers: [],
    imageId: null,
    error: null,
    requesters: requester === undefined ? [] : [requester],
    isStale: false,
    createdAt: active.createdAt,
    startedAt: null,
    finishedAt: null,
  };
}

/** What a worker may write: all but what identifies the pull, and the attempt that its write is conditional on. */
function fieldsOf(snapshot: PullSnapshot): Partial<PullRecord> {
  const { id: _id, attempt: _attempt, createdAt: _createdAt, reference: _reference, system: _system, ...fields } = snapshot;
  return fields;
}
