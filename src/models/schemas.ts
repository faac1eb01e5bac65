/**
 * Mongoose schemas of the index. They hold what is written to the shapes in records.ts.
 *
 * One code base serves MongoDB and the embedded index, so only what both have is used: string `_id`s that carry the
 * natural key, plain indexes, single-document conditional updates. ARCHITECTURE.md lists what is not used, and why.
 */
import { Schema } from 'mongoose';
import type { ImageRecord, TagRecord } from './image-records.js';
import { LAYER_STATES, PULL_STAGES, PULL_STATES, REGISTRY_IDENTITIES, type ActiveRecord, type PullRecord } from './pull-records.js';
import { FINDING_KINDS, type CredentialRecord, type PublicationRecord, type SystemRecord, type TaskRecord, type VerificationRecord, VERIFICATION_STATES, TASK_KINDS } from './system-records.js';

const text = { type: String, required: true } as const;
/** Required, and may be empty (Mongoose refuses empty text for `required`). */
const anyText = { type: String, default: '' } as const;
const textOrNull = { type: String, default: null } as const;
const count = { type: Number, required: true } as const;
const countOrNull = { type: Number, default: null } as const;
const date = { type: Date, required: true } as const;
const dateOrNull = { type: Date, default: null } as const;
const flag = { type: Boolean, required: true } as const;
const texts = { type: [String], required: true } as const;

const part = { _id: false } as const;
const accessOf = (entry: typeof String | typeof Number) => ({ type: new Schema({ users: [entry], groups: [entry] }, part), default: { users: [], groups: [] } });
const policy = new Schema(
  { ownership: text, widenPermissions: flag, setuid: text, capabilities: text, userXattrs: text, devices: text, fifos: text },
  part,
);
const rules = new Schema({ version: count, policy: { type: policy, required: true } }, part);
/** `minimize: false`: empty objects are kept, so that what is read is what was written. */
const whole = { versionKey: false, minimize: false } as const;

const identity = { type: String, enum: [...REGISTRY_IDENTITIES, null], default: null };
const contentSource = { type: new Schema({ endpoint: text, identity }, part), default: null };

const layerSnapshot = new Schema(
  {
    digest: text,
    size: count,
    state: { type: String, enum: LAYER_STATES, required: true },
    bytesDone: count,
    fromCache: flag,
    attempt: count,
    waitingFor: textOrNull,
    servedBy: contentSource,
  },
  part,
);

const failure = new Schema(
  { code: text, message: anyText, stage: { type: String, enum: PULL_STAGES, required: true }, retryable: flag },
  part,
);

const source = new Schema(
  { path: text, image: textOrNull, isPublic: flag, access: accessOf(String), user: { type: new Schema({ principal: text, uid: count, isAdmin: flag }, part), required: true } },
  part,
);

const request = new Schema({ reference: text, system: text, platform: text, namesPlatform: flag, force: flag, repair: textOrNull, source: { type: source, default: null } }, part);

export const pullSchema = new Schema<PullRecord>(
  {
    _id: text,
    key: text,
    request: { type: request, required: true },
    cancelRequested: flag,
    handedBack: { type: Number, default: 0 },
    reference: text,
    system: text,
    platform: text,
    state: { type: String, enum: PULL_STATES, required: true },
    stage: { type: String, enum: [...PULL_STAGES, null], default: null },
    message: textOrNull,
    sequence: count,
    attempt: count,
    bytesTotal: countOrNull,
    bytesDone: count,
    bytesDelivered: countOrNull,
    layers: { type: [layerSnapshot], required: true },
    imageId: textOrNull,
    error: { type: failure, default: null },
    requesters: texts,
    isStale: flag,
    identity,
    createdAt: date,
    startedAt: dateOrNull,
    finishedAt: dateOrNull,
  },
  { ...whole, collection: 'gw_pulls' },
);
pullSchema.index({ system: 1, _id: -1 });
pullSchema.index({ state: 1, _id: -1 });

export const activeSchema = new Schema<ActiveRecord>(
  { _id: text, pullId: text, request: { type: request, required: true }, createdAt: date },
  { ...whole, collection: 'gw_active' },
);

export const imageSchema = new Schema<ImageRecord>(
  {
    _id: text,
    system: text,
    imageId: text,
    manifestDigest: text,
    configDigest: text,
    platform: text,
    layers: { type: [new Schema({ digest: text, diffId: text, size: count, servedBy: contentSource }, part)], required: true },
    config: {
      type: new Schema(
        {
          environment: texts,
          entrypoint: texts,
          command: texts,
          workingDirectory: textOrNull,
          user: textOrNull,
          labels: { type: [new Schema({ name: anyText, value: anyText }, part)], required: true },
        },
        part,
      ),
      required: true,
    },
    product: {
      type: new Schema(
        { path: text, size: count, sha256: text, format: text, packer: text, entryCount: count, changes: texts, rules: { type: rules, required: false } },
        part,
      ),
      required: true,
    },
    provenance: {
      type: new Schema(
        { reference: text, topDigest: text, manifestMediaType: text, layerMediaTypes: texts, configText: text, isOpen: flag, ids: accessOf(Number), attestations: texts },
        part,
      ),
      required: true,
    },
    principals: texts,
    tags: texts,
    holders: texts,
    state: { type: String, enum: ['READY', 'REMOVING'], required: true },
    revision: count,
    createdAt: date,
    expiresAt: dateOrNull,
  },
  { ...whole, collection: 'gw_images' },
);
imageSchema.index({ system: 1, createdAt: -1 });
imageSchema.index({ principals: 1, createdAt: -1 });

export const tagSchema = new Schema<TagRecord>(
  {
    _id: text,
    system: text,
    reference: text,
    platform: textOrNull,
    imageId: text,
    topDigest: text,
    owner: textOrNull,
    principals: texts,
    ids: accessOf(Number),
    movedAt: date,
    checkedAt: date,
    history: { type: [new Schema({ imageId: text, until: date }, part)], required: true },
    revision: count,
  },
  { ...whole, collection: 'gw_tags' },
);
tagSchema.index({ system: 1, imageId: 1 });

const finding = new Schema({ kind: { type: String, enum: FINDING_KINDS, required: true }, imageId: textOrNull, path: text, message: anyText, pullId: textOrNull }, part);

export const verificationSchema = new Schema<VerificationRecord>(
  {
    _id: text,
    state: { type: String, enum: VERIFICATION_STATES, required: true },
    repairs: flag,
    worker: textOrNull,
    lease: textOrNull,
    leaseUntil: dateOrNull,
    imageCount: count,
    imagesDone: count,
    bytesTotal: count,
    bytesDone: count,
    findingCount: count,
    findings: { type: [finding], required: true },
    error: { type: new Schema({ code: text, message: anyText }, part), default: null },
    requestedAt: date,
    startedAt: dateOrNull,
    finishedAt: dateOrNull,
  },
  { ...whole, collection: 'gw_verifications' },
);

export const systemSchema = new Schema<SystemRecord>(
  {
    _id: text,
    entry: { type: Schema.Types.Mixed, required: true },
    state: { type: String, enum: ['READY', 'REMOVING'], required: true },
    revision: count,
    changedBy: text,
    changedAt: date,
  },
  { ...whole, collection: 'gw_systems' },
);

export const publicationSchema = new Schema<PublicationRecord>({ _id: text, publishedAt: date }, { ...whole, collection: 'gw_publications' });

export const taskSchema = new Schema<TaskRecord>(
  {
    _id: text,
    system: text,
    kind: { type: String, enum: TASK_KINDS, required: true },
    imageId: textOrNull,
    dueAt: date,
    expiresAt: dateOrNull,
    claim: textOrNull,
    answer: { type: Schema.Types.Mixed, default: null },
    problem: { type: new Schema({ code: text, message: anyText }, part), default: null },
  },
  { ...whole, collection: 'gw_tasks' },
);

export const credentialSchema = new Schema<CredentialRecord>({ _id: text, workerKey: text, url: text, sealed: text }, { ...whole, collection: 'gw_credentials' });
