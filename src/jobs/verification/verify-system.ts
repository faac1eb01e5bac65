/**
 * Reads what lies on a system back and compares it with the index: every published image whole, and whether there is
 * anything that belongs to nobody.
 */
import { surveyTarget, sweepTemporary, type Survey } from '../../delivery/index.js';
import type { Pace } from '../../lib/pace.js';
import type { PullStore } from '../../models/pull-store.js';
import { isTerminal, LIVE_STATES } from '../../models/pull-records.js';
import { NOTHING_VERIFIED, type VerificationFinding, type VerificationProgress } from '../../models/system-records.js';
import type { Liveness } from '../liveness.js';
import { verifyImage, type VerifyImageOptions } from './verify-image.js';

export interface VerifySystemOptions extends Omit<VerifyImageOptions, 'find'> {
  readonly system: string;
  readonly pulls: PullStore;
  /** Whether temporary files are still in use. */
  readonly isAlive: Liveness;
  readonly maxFindings: number;
  readonly onProgress: (progress: VerificationProgress) => void;
}

const PAGE = 500;

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
    await verifyImage(system, imageId, { ...options, pace: report.pace, find: (finding) => report.find(finding) });
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
  /** Bytes of the images that have been dealt with, and what was read for the one that is being looked at. */
  #before = 0;
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
    this.#change({ bytesDone: this.#bytesDone });
    await this.#options.pace(bytes, signal);
  };

  /** An image has been dealt with, whether all of it was read or not. */
  done(size: number): void {
    this.#before += size;
    this.#read = 0;
    this.#change({ imagesDone: this.progress.imagesDone + 1, bytesDone: this.#bytesDone });
  }

  /** What lies beside an image is read, too, and is no part of the whole. */
  get #bytesDone(): number {
    return Math.min(this.progress.bytesTotal, this.#before + this.#read);
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

async function leftovers({ target, isAlive, repairs, signal }: VerifySystemOptions, survey: Survey, report: Report): Promise<void> {
  const finding = (path: string, message: string): VerificationFinding => ({ kind: 'LEFTOVER', imageId: null, path, message, pullId: null });
  if (repairs !== undefined) {
    const removed = await sweepTemporary(target, isAlive);
    for (const path of removed) report.find(finding(path, 'Work that has ended had left it; it was removed.'));
    return;
  }
  for (const [id, paths] of survey.temporary) {
    if (signal.aborted || (await isAlive(id))) continue;
    for (const path of paths) report.find(finding(path, `Work that has ended (${id}) has left it; it can be removed.`));
  }
}
