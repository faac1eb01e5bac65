/**
 * Reads what lies on a system back and compares it with the index: every published image whole, and whether there is
 * anything that belongs to nobody.
 */
import { faultOfPublished, surveyTarget, sweepTemporary, type PublishedFault, type Survey, type Target } from '../../delivery/index.js';
import { GatewayError } from '../../lib/errors.js';
import type { Pace } from '../../lib/pace.js';
import type { ImageStore } from '../../models/image-store.js';
import type { PullStore } from '../../models/pull-store.js';
import type { ImageRecord } from '../../models/image-records.js';
import { isTerminal, LIVE_STATES } from '../../models/pull-records.js';
import { NOTHING_VERIFIED, type VerificationFinding, type VerificationProgress } from '../../models/system-records.js';

export interface VerifySystemOptions {
  readonly system: string;
  readonly target: Target;
  readonly images: ImageStore;
  readonly pulls: PullStore;
  /** Damaged images are published again, and leftovers removed. */
  readonly repairs: boolean;
  /** Begins to publish an image again; the pull's id. @throws GatewayError when it can't be had again. */
  readonly repair: (image: ImageRecord) => Promise<string>;
  readonly maxFindings: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: VerificationProgress) => void;
}

const PAGE = 500;
/** Rounds of "it was published anew while it was read". */
const ROUNDS = 3;

/**
 * @throws GatewayError DELIVERY_FAILED when the system can't be looked at, INDEX_UNAVAILABLE, the reason of the signal.
 */
export async function verifySystem(options: VerifySystemOptions): Promise<VerificationProgress> {
  const { system, target, images, pulls, signal } = options;
  const report = new Report(options);
  // In this order: what a pull has published and not yet recorded then has a pull that runs.
  const survey = await surveyTarget(target);
  const running = await runningPulls(options);
  await leftovers(options, survey, report);
  const known: { readonly imageId: string; readonly size: number }[] = [];
  for (let after = ''; ;) {
    const page = await images.imagesOn(system, after, PAGE);
    known.push(...page.map(({ imageId, product }) => ({ imageId, size: product.size })));
    after = page.at(-1)?.imageId ?? '';
    if (page.length < PAGE) break;
  }
  report.expect(known);
  for (const { imageId, size } of known) {
    await verifyImage(options, imageId, report);
    report.done(size);
  }
  const mayBeTheirs = (await Promise.all(running.map((id) => pulls.get(id)))).some((pull) => pull !== undefined && !isTerminal(pull.state));
  for (const [imageId, paths] of survey.images) {
    if (signal.aborted || mayBeTheirs) break;
    if ((await images.getImage(system, imageId)) !== undefined) continue;
    for (const path of paths) {
      report.find({ kind: 'UNKNOWN', imageId, path, message: 'The index knows no such image; maybe another gateway writes here, or its index was lost. It is left as it is.', pullId: null });
    }
  }
  return report.progress;
}

/** Counts what was read, and keeps what was found. */
class Report {
  readonly #options: VerifySystemOptions;
  progress: VerificationProgress = NOTHING_VERIFIED;
  #read = 0;

  constructor(options: VerifySystemOptions) {
    this.#options = options;
  }

  expect(images: readonly { readonly size: number }[]): void {
    this.#change({ imageCount: images.length, bytesTotal: images.reduce((sum, { size }) => sum + size, 0) });
  }

  /** Told of bytes of the image that is being read. */
  readonly pace: Pace = async (bytes, signal) => {
    this.#read += bytes;
    this.#change({ bytesDone: Math.min(this.progress.bytesTotal, this.progress.bytesDone + bytes) });
    await this.#options.pace(bytes, signal);
  };

  /** An image has been dealt with, whether all of it was read or not. */
  done(size: number): void {
    const { bytesTotal, bytesDone, imagesDone } = this.progress;
    this.#change({ imagesDone: imagesDone + 1, bytesDone: Math.min(bytesTotal, bytesDone - this.#read + size) });
    this.#read = 0;
  }

  find(finding: VerificationFinding): void {
    const { findings, findingCount } = this.progress;
    const isListed = findings.length < this.#options.maxFindings;
    this.#change({ findingCount: findingCount + 1, findings: isListed ? [...findings, finding] : findings });
  }

  #change(change: Partial<VerificationProgress>): void {
    this.progress = { ...this.progress, ...change };
    this.#options.onProgress(this.progress);
  }
}

async function runningPulls({ system, pulls }: VerifySystemOptions): Promise<readonly string[]> {
  const live = await pulls.list({ system, states: LIVE_STATES, limit: 1000, order: 'newest' });
  return live.filter(({ attempt }) => attempt > 0).map(({ _id }) => _id);
}

async function leftovers({ target, pulls, repairs, signal }: VerifySystemOptions, survey: Survey, report: Report): Promise<void> {
  const isAlive = async (id: string): Promise<boolean> => {
    const pull = await pulls.get(id);
    return pull !== undefined && !isTerminal(pull.state);
  };
  const finding = (path: string, message: string): VerificationFinding => ({ kind: 'LEFTOVER', imageId: null, path, message, pullId: null });
  if (repairs) {
    const removed = await sweepTemporary(target, isAlive);
    for (const path of removed) report.find(finding(path, 'A pull that has ended had left it; it was removed.'));
    return;
  }
  for (const [pullId, paths] of survey.temporary) {
    if (signal.aborted || (await isAlive(pullId))) continue;
    for (const path of paths) report.find(finding(path, `The pull ${pullId}, which has ended, has left it; it can be removed.`));
  }
}

async function verifyImage(options: VerifySystemOptions, imageId: string, report: Report): Promise<void> {
  const { system, target, images, signal } = options;
  for (let round = 0; round < ROUNDS; round++) {
    const image = await images.getImage(system, imageId);
    // Removed meanwhile, or just being removed.
    if (image?.state !== 'READY') return;
    const { size, sha256 } = image.product;
    let fault: PublishedFault | undefined;
    try {
      fault = await faultOfPublished(target, { imageId, size, sha256, signal, pace: report.pace });
    } catch (error) {
      if (signal.aborted || !(error instanceof GatewayError) || error.code !== 'DELIVERY_FAILED') throw error;
      // Is it this file, or the whole system?
      await target.room();
      report.find({ kind: 'UNREADABLE', imageId, path: image.product.path, message: error.message, pullId: null });
      return;
    }
    if (fault === undefined) return;
    const now = await images.getImage(system, imageId);
    if (now?.state !== 'READY') return;
    if (now.product.sha256 !== sha256) continue;
    await told(options, image, fault, report);
    return;
  }
}

async function told({ repairs, repair }: VerifySystemOptions, image: ImageRecord, fault: PublishedFault, report: Report): Promise<void> {
  const { imageId } = image;
  const finding = { kind: fault.state === 'missing' ? 'MISSING' : 'DAMAGED', imageId, path: fault.path } as const;
  if (!repairs) return report.find({ ...finding, message: `It ${fault.problem}.`, pullId: null });
  try {
    const pullId = await repair(image);
    report.find({ ...finding, message: `It ${fault.problem}. The image is being published again.`, pullId });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    report.find({ ...finding, message: `It ${fault.problem}. ${error.message}`, pullId: null });
  }
}
