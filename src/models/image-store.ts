/**
 * Images and tags in the index. A tag points at one image by construction; moving it is one conditional update.
 * An image's `tags` and `principals` are copies for lists, rebuilt from the tags by one idempotent function after each
 * change of a tag (and by the task that was planned before it, should a process die in between).
 */
import { GatewayError } from '../lib/errors.js';
import { indexed, isDuplicateKey, type Database } from './database.js';
import { createPublications } from './publications.js';
import { imageKey, tagKey, type ImageRecord, type ProvenanceRecord, type TagRecord } from './image-records.js';

/** Former targets that a tag remembers. */
const HISTORY_LENGTH = 10;
/** Rounds of "somebody else changed it just now" before giving up. */
const CONFLICT_ROUNDS = 50;
/** Names that are forgotten at a time. */
const FORGET_PAGE = 500;

export interface ImageFilterOptions {
  readonly system?: string;
  readonly nameContains?: string;
  /** The caller's principals; undefined for an administrator, who sees everything. */
  readonly principals?: readonly string[];
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
  /** Only images behind this position in the order (newest or oldest first). */
  readonly after?: { readonly createdAt: Date; readonly id: string };
}

/** What a name is to say. Its platform is null for the system's own. */
export type TagTarget = Required<Pick<TagRecord, 'system' | 'reference' | 'platform' | 'imageId' | 'topDigest' | 'owner' | 'principals' | 'ids'>>;

export interface TagChange {
  /** ACCESS_CHANGED: others may use the image by it than before. CHECKED: it says what it said. */
  readonly kind: 'ADDED' | 'MOVED' | 'ACCESS_CHANGED' | 'CHECKED';
  readonly tag: TagRecord;
}

export type ImageStore = ReturnType<typeof createImageStore>;

export function createImageStore(database: Database) {
  const { images, tags } = database;
  const publications = createPublications(database);

  async function getImage(system: string, imageId: string): Promise<ImageRecord | undefined> {
    return (await indexed(() => images.findById(imageKey(system, imageId)).lean<ImageRecord>().exec())) ?? undefined;
  }

  async function getTag(system: string, reference: string, platform: string | null): Promise<TagRecord | undefined> {
    return getTagById(tagKey(system, reference, platform));
  }

  async function getTagById(id: string): Promise<TagRecord | undefined> {
    return (await indexed(() => tags.findById(id).lean<TagRecord>().exec())) ?? undefined;
  }

  /** Those of these images (`_id`s) that there are. */
  async function getImages(ids: readonly string[]): Promise<ImageRecord[]> {
    return indexed(() => images.find({ _id: { $in: ids } }).lean<ImageRecord[]>().exec());
  }

  /** The tags of several images, by the `_id` of the image, in the order of their references. */
  async function tagsOfImages(ids: readonly string[]): Promise<Map<string, TagRecord[]>> {
    const imageIds = ids.map((id) => id.slice(id.lastIndexOf('/') + 1));
    const found = await indexed(() => tags.find({ imageId: { $in: imageIds } }).sort({ reference: 1 }).lean<TagRecord[]>().exec());
    const byImage = new Map<string, TagRecord[]>();
    for (const tag of found) {
      const id = imageKey(tag.system, tag.imageId);
      byImage.set(id, [...(byImage.get(id) ?? []), tag]);
    }
    return byImage;
  }

  /** The tags of an image, in the order of their references. */
  async function tagsOf(system: string, imageId: string): Promise<TagRecord[]> {
    return indexed(() => tags.find({ system, imageId }).sort({ reference: 1 }).lean<TagRecord[]>().exec());
  }

  /**
   * Records an image that has just been published, and holds it for a pull that is about to give it a name, so that nobody removes it in
   * between. What was recorded of the same image before is replaced, but for its tags and its age.
   *
   * @throws GatewayError CONFLICT (retryable) when the image is just being removed.
   */
  async function putImage(image: Omit<ImageRecord, '_id' | 'principals' | 'tags' | 'holders' | 'state' | 'revision' | 'createdAt'>, holder: string): Promise<ImageRecord> {
    const _id = imageKey(image.system, image.imageId);
    await publications.note(image.system, new Date());
    return indexed(async () => {
      for (let round = 0; round < CONFLICT_ROUNDS; round++) {
        const kept = await images
          .findOneAndUpdate({ _id, state: 'READY' }, { $set: image, $addToSet: { holders: holder } }, { returnDocument: 'after' })
          .lean<ImageRecord>()
          .exec();
        if (kept !== null) return kept;
        const fresh: ImageRecord = { ...image, _id, principals: [], tags: [], holders: [holder], state: 'READY', revision: 0, createdAt: new Date() };
        try {
          await images.create(fresh);
          return fresh;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        const existing = await images.findById(_id).lean<ImageRecord>().exec();
        if (existing?.state === 'REMOVING') throw beingRemoved(image.system, image.imageId);
      }
      throw beingRemoved(image.system, image.imageId);
    });
  }

  /** Holds an image that is there already. False when it is not, or is being removed. */
  async function hold(system: string, imageId: string, holder: string): Promise<boolean> {
    const result = await indexed(() =>
      images.updateOne({ _id: imageKey(system, imageId), state: 'READY' }, { $addToSet: { holders: holder } }).exec(),
    );
    return result.matchedCount === 1;
  }

  /** Gives up the hold. */
  async function unhold(system: string, imageId: string, holder: string): Promise<void> {
    await indexed(() => images.updateOne({ _id: imageKey(system, imageId) }, { $pull: { holders: holder } }).exec());
  }

  /** Gives up what workers that died have held. Reads all images: for pulls that are taken over only. */
  async function unholdAll(holders: readonly string[]): Promise<void> {
    await indexed(() => images.updateMany({ holders: { $in: holders } }, { $pullAll: { holders } }).exec());
  }

  /**
   * Points a tag at an image, and rebuilds the copies of both images that this touches.
   */
  async function pointTag(target: TagTarget, now = new Date()): Promise<TagChange> {
    const change = await indexed(() => movedTag(target, now));
    await rebuild(target.system, target.imageId);
    const former = change.kind === 'MOVED' ? change.tag.history[0]?.imageId : undefined;
    if (former !== undefined) await rebuild(target.system, former);
    return change;
  }

  async function movedTag(target: TagTarget, now: Date): Promise<TagChange> {
    const _id = tagKey(target.system, target.reference, target.platform);
    for (let round = 0; round < CONFLICT_ROUNDS; round++) {
      const present = await tags.findById(_id).lean<TagRecord>().exec();
      if (present === null) {
        const tag: TagRecord = { ...target, _id, movedAt: now, checkedAt: now, history: [], revision: 1 };
        try {
          await tags.create(tag);
          return { kind: 'ADDED', tag };
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          continue;
        }
      }
      const moves = present.imageId !== target.imageId;
      const fields = {
        imageId: target.imageId,
        topDigest: target.topDigest,
        owner: target.owner,
        principals: target.principals,
        ids: target.ids,
        checkedAt: now,
        revision: present.revision + 1,
        ...(moves ? { movedAt: now, history: [{ imageId: present.imageId, until: now }, ...present.history].slice(0, HISTORY_LENGTH) } : {}),
      };
      const result = await tags.updateOne({ _id, revision: present.revision }, { $set: fields }).exec();
      if (result.matchedCount === 1) return { kind: moves ? 'MOVED' : isSameList(present.principals, target.principals) ? 'CHECKED' : 'ACCESS_CHANGED', tag: { ...present, ...fields } };
    }
    throw new GatewayError('CONFLICT', `The tag ${target.reference} on ${target.system} is being changed by others all the time; try again.`, {
      retryable: true,
    });
  }

  /** Takes a tag off. The tag as it was, or undefined when there was none. */
  async function removeTag(id: string): Promise<TagRecord | undefined> {
    const tag = await indexed(() => tags.findOneAndDelete({ _id: id }).lean<TagRecord>().exec());
    if (tag === null) return undefined;
    await rebuild(tag.system, tag.imageId);
    return tag;
  }

  /**
   * Makes the copies in an image what its tags say. Conditional on the image's revision, which each round reads
   * *before* the tags: a rebuild that has read older tags finds a newer revision and goes round again.
   */
  async function rebuild(system: string, imageId: string): Promise<void> {
    const _id = imageKey(system, imageId);
    await indexed(async () => {
      for (let round = 0; round < CONFLICT_ROUNDS; round++) {
        const image = await images.findById(_id, { revision: 1 }).lean<Pick<ImageRecord, 'revision'>>().exec();
        if (image === null) return;
        const named = await tags.find({ system, imageId }).sort({ reference: 1 }).lean<TagRecord[]>().exec();
        const result = await images
          .updateOne(
            { _id, revision: image.revision },
            {
              $set: {
                tags: named.map((tag) => tag._id),
                principals: [...new Set(named.flatMap((tag) => tag.principals))].sort(),
                revision: image.revision + 1,
              },
            },
          )
          .exec();
        if (result.matchedCount === 1) return;
      }
      throw new GatewayError('CONFLICT', `The names of image ${imageId} on ${system} are being changed by others all the time; try again.`, {
        retryable: true,
      });
    });
  }

  /** What the metadata file of an image says now of who may use it. */
  async function setAccess(system: string, imageId: string, { isOpen, ids }: Required<Pick<ProvenanceRecord, 'isOpen' | 'ids'>>): Promise<void> {
    await indexed(() => images.updateOne({ _id: imageKey(system, imageId) }, { $set: { 'provenance.isOpen': isOpen, 'provenance.ids': ids } }).exec());
  }

  /** The images of a system in the order of their ids, a page behind `after`; also those without a name. */
  async function imagesOn(system: string, after: string, limit: number): Promise<ImageRecord[]> {
    return indexed(() => images.find({ system, imageId: { $gt: after } }).sort({ imageId: 1 }).limit(limit).lean<ImageRecord[]>().exec());
  }

  /** Images by the filter, each with at least one name. */
  async function listImages(options: ImageFilterOptions): Promise<ImageRecord[]> {
    const newest = options.order === 'newest';
    const { after } = options;
    const beyond = newest ? '$lt' : '$gt';
    const conditions = [
      { 'tags.0': { $exists: true } },
      ...(options.system === undefined ? [] : [{ system: options.system }]),
      ...(options.principals === undefined ? [] : [{ principals: { $in: options.principals } }]),
      ...(options.nameContains === undefined ? [] : [{ tags: { $regex: namePattern(options.nameContains) } }]),
      ...(after === undefined
        ? []
        : [{ $or: [{ createdAt: { [beyond]: after.createdAt } }, { createdAt: after.createdAt, _id: { [beyond]: after.id } }] }]),
    ];
    return indexed(() =>
      images
        .find({ $and: conditions })
        .sort({ createdAt: newest ? -1 : 1, _id: newest ? -1 : 1 })
        .limit(options.limit)
        .lean<ImageRecord[]>()
        .exec(),
    );
  }

  /**
   * Marks an image without names and without holders for removal; from then on nobody can name it.
   * False when it has a name or a holder.
   */
  async function beginRemoval(system: string, imageId: string): Promise<boolean> {
    const result = await indexed(() =>
      images.updateOne({ _id: imageKey(system, imageId), tags: [], holders: [] }, { $set: { state: 'REMOVING' } }).exec(),
    );
    return result.matchedCount === 1;
  }

  /** Forgets an image whose files have gone. */
  async function endRemoval(system: string, imageId: string): Promise<void> {
    await indexed(() => images.deleteOne({ _id: imageKey(system, imageId), state: 'REMOVING' }).exec());
  }

  /**
   * Forgets all names and images of a system. Their files are left as they are.
   *
   * @param onName told of each name that has gone; must not fail.
   */
  async function forgetSystem(system: string, onName: (tag: TagRecord) => Promise<void>): Promise<void> {
    for (;;) {
      const page = await indexed(() => tags.find({ system }).limit(FORGET_PAGE).lean<TagRecord[]>().exec());
      if (page.length === 0) break;
      await indexed(() => tags.deleteMany({ _id: { $in: page.map(({ _id }) => _id) } }).exec());
      for (const tag of page) await onName(tag);
    }
    await indexed(() => images.deleteMany({ system }).exec());
    await publications.forget(system);
  }

  return { getImage, getImages, getTag, getTagById, tagsOf, tagsOfImages, putImage, hold, unhold, unholdAll, pointTag, removeTag, rebuild, setAccess, imagesOn, listImages, beginRemoval, endRemoval, forgetSystem, lastPublishedAt: publications.last };
}

/** Whatever their order. */
function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}

/** The text, somewhere behind the system's name in the id of a tag. */
function namePattern(text: string): string {
  return `^[^/]*/.*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
}

function beingRemoved(system: string, imageId: string): GatewayError {
  return new GatewayError('CONFLICT', `Image ${imageId} is being removed from ${system} at this moment; pull it again.`, { retryable: true });
}
