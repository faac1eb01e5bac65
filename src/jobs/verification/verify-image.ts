/**
 * One published image, read back and compared with the index: its own file, and what lies beside it. Of these two the
 * metadata file says who may use the image, so what is wrong with it is as bad as a wrong byte in the image.
 */
import { faultOfFile, publishedNames, type ExpectedFile, type FileFault, type Target } from '../../delivery/index.js';
import { sha256 } from '../../lib/digest.js';
import { GatewayError } from '../../lib/errors.js';
import type { Pace } from '../../lib/pace.js';
import type { ImageStore } from '../../models/image-store.js';
import type { ImageRecord } from '../../models/image-records.js';
import type { FindingKind, VerificationFinding } from '../../models/system-records.js';
import { descriptionOf } from '../describe-image.js';
import type { Repairs } from './repairs.js';

export interface VerifyImageOptions {
  readonly target: Target;
  readonly images: ImageStore;
  /** Undefined: what is damaged is only told. */
  readonly repairs: Repairs | undefined;
  /** Whether a task is about to write what lies beside the image. */
  readonly isBeingDescribed: (image: ImageRecord) => Promise<boolean>;
  readonly find: (finding: VerificationFinding) => void;
  /** Told of what is read. */
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** What is wrong with a file, in a sentence; `unreadable`: nobody can tell. */
interface Fault extends Omit<FileFault, 'state'> {
  readonly state: FileFault['state'] | 'unreadable';
}

const KINDS: Readonly<Record<Fault['state'], FindingKind>> = { missing: 'MISSING', damaged: 'DAMAGED', unreadable: 'UNREADABLE' };
/** Rounds of "it was published anew while it was read". */
const ROUNDS = 3;

/** @throws GatewayError DELIVERY_FAILED when the system can't be looked at, INDEX_UNAVAILABLE, the reason of the signal. */
export async function verifyImage(system: string, imageId: string, options: VerifyImageOptions): Promise<void> {
  const { target, images, repairs, signal, find } = options;
  const content = await lastingFaults(system, imageId, contentOf, options);
  const metaPath = target.pathOf(publishedNames(imageId).meta);
  const texts = await lastingFaults(system, imageId, textsOf, options).catch((error: unknown): Fault[] => {
    // Its names ask for more than the metadata file can say.
    if (error instanceof GatewayError && error.code === 'TOO_LARGE') return [{ state: 'damaged', path: metaPath, problem: error.message }];
    throw error;
  });
  const image = await readyImage(images, system, imageId);
  if (image === undefined) return;
  const tell = (faults: readonly Fault[], { message, pullId }: Outcome): void => {
    for (const { state, path, problem } of faults) find({ kind: KINDS[state], imageId, path, message: message === '' ? problem : `${problem} ${message}`, pullId });
  };

  const again = canBeRepaired(content) && repairs !== undefined ? await outcomeOf(async () => ({ message: 'The image is being published again.', pullId: await repairs.republish(image) })) : NO_OUTCOME;
  tell(content, again);

  // What its names say since a moment ago is being written by somebody else.
  const isBehind = image.holders.length > 0 || (await options.isBeingDescribed(image));
  const told = isBehind ? [] : texts;
  // Without its metadata nobody uses the damaged image: it comes back with a whole one.
  const hidesDamage = content.length > 0 && texts.some(({ state, path }) => state === 'missing' && path === metaPath);
  if (repairs === undefined || !canBeRepaired(texts)) tell(told, NO_OUTCOME);
  else if (hidesDamage) tell(told, again);
  else tell(told, await outcomeOf(() => repairs.describe(image, signal).then(() => ({ message: 'It was written again.', pullId: null }))));
}

/** What was done about a fault. */
interface Outcome {
  readonly message: string;
  readonly pullId: string | null;
}

const NO_OUTCOME: Outcome = { message: '', pullId: null };

function canBeRepaired(faults: readonly Fault[]): boolean {
  return faults.some(({ state }) => state !== 'unreadable');
}

/** Of a repair: what keeps it from being done is told, too. */
async function outcomeOf(repair: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await repair();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { message: error.message, pullId: null };
  }
}

/** Removed images, and those that are just being removed, are nobody's concern. */
async function readyImage(images: ImageStore, system: string, imageId: string): Promise<ImageRecord | undefined> {
  const image = await images.getImage(system, imageId);
  return image?.state === 'READY' ? image : undefined;
}

type FilesOf = (image: ImageRecord, images: ImageStore) => Promise<readonly ExpectedFile[]> | readonly ExpectedFile[];

/** What is wrong with files of an image, of which the index says the same before and after they were read. */
async function lastingFaults(system: string, imageId: string, filesOf: FilesOf, options: VerifyImageOptions): Promise<readonly Fault[]> {
  const expected = async (): Promise<readonly ExpectedFile[]> => {
    const image = await readyImage(options.images, system, imageId);
    return image === undefined ? [] : await filesOf(image, options.images);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const files = await expected();
    const faults: Fault[] = [];
    for (const file of files) {
      const fault = await faultOf(file, options);
      if (fault !== undefined) faults.push(fault);
    }
    if (faults.length === 0 || JSON.stringify(await expected()) === JSON.stringify(files)) return faults;
  }
  return [];
}

/** The image; of what was recorded before it was known what lies beside it, also that there is metadata, which only comes back with it. */
function contentOf({ imageId, product, provenance }: ImageRecord): readonly ExpectedFile[] {
  const names = publishedNames(imageId);
  return [{ name: names.image, size: product.size, sha256: product.sha256 }, ...(provenance === undefined ? [{ name: names.meta }] : [])];
}

async function textsOf({ provenance, ...image }: ImageRecord, images: ImageStore): Promise<readonly ExpectedFile[]> {
  if (provenance === undefined) return [];
  const { meta, sidecar } = descriptionOf({ ...image, provenance }, await images.tagsOf(image.system, image.imageId));
  const names = publishedNames(image.imageId);
  const file = (name: ExpectedFile['name'], text: string): ExpectedFile => ({ name, size: Buffer.byteLength(text), sha256: sha256(text) });
  return [file(names.meta, meta), file(names.sidecar, sidecar)];
}

async function faultOf(file: ExpectedFile, { target, signal, pace }: VerifyImageOptions): Promise<Fault | undefined> {
  try {
    const fault = await faultOfFile(target, file, { signal, pace });
    return fault === undefined ? undefined : { ...fault, problem: `It ${fault.problem}.` };
  } catch (error) {
    if (signal.aborted || !(error instanceof GatewayError) || error.code !== 'DELIVERY_FAILED') throw error;
    // Is it this file, or the whole system?
    await target.room();
    return { state: 'unreadable', path: target.pathOf(file.name), problem: error.message };
  }
}
