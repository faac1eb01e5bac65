/**
 * Snapshots as they travel through Redis. What comes back is checked: another version of the gateway may have
 * written it.
 */
import { z } from 'zod';
import { isDigest } from '../../lib/digest.js';
import { isErrorCode, type ErrorCode } from '../../lib/errors.js';
import { LAYER_STATES, PULL_STAGES, PULL_STATES, REGISTRY_IDENTITIES, type PullSnapshot } from '../../models/pull-records.js';

const date = z.iso.datetime().transform((text) => new Date(text));
const digest = z.string().refine(isDigest);
const identity = z.enum(REGISTRY_IDENTITIES);
const count = z.number().int().nonnegative();

const snapshotSchema = z.object({
  id: z.string(),
  reference: z.string(),
  system: z.string(),
  platform: z.string(),
  state: z.enum(PULL_STATES),
  stage: z.enum(PULL_STAGES).nullable(),
  message: z.string().nullable(),
  sequence: count,
  attempt: count,
  bytesTotal: count.nullable(),
  bytesDone: count,
  bytesDelivered: count.nullable(),
  layers: z.array(
    z.object({
      digest,
      size: count,
      state: z.enum(LAYER_STATES),
      bytesDone: count,
      fromCache: z.boolean(),
      attempt: count,
      waitingFor: z.string().nullable(),
      servedBy: z.object({ endpoint: z.string(), identity }).nullable().default(null),
    }),
  ),
  imageId: z.string().nullable(),
  error: z
    .object({
      code: z.string().transform((text): ErrorCode => (isErrorCode(text) ? text : 'INTERNAL')),
      message: z.string(),
      stage: z.enum(PULL_STAGES),
      retryable: z.boolean(),
    })
    .nullable(),
  isStale: z.boolean(),
  identity: identity.nullable().default(null),
  createdAt: date,
  startedAt: date.nullable(),
  finishedAt: date.nullable(),
});

export function encodeSnapshot(snapshot: PullSnapshot): string {
  return JSON.stringify(snapshot);
}

/** Undefined when the text is no snapshot that this version understands. */
export function decodeSnapshot(text: string, sequence: number): PullSnapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = snapshotSchema.safeParse(value);
  return parsed.success ? { ...parsed.data, sequence } : undefined;
}
