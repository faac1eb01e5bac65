/**
 * The names under which callers know the generated shapes.
 */
import type {
  ImageDetailFragment,
  ImageSummaryFragment,
  PullStateFragment,
  SystemCheckPartsFragment,
  SystemReportFragment,
  UserErrorPartsFragment,
  VerificationPartsFragment,
} from './generated/documents.js';

/** One pull, whole, at one moment; `sequence` grows with each change. */
export type PullState = PullStateFragment;

/** One layer of a pull. */
export type PullLayer = PullState['layers'][number];

/** An image in a list. */
export type ImageSummary = ImageSummaryFragment;

/** An image with all that is known of it. */
export type ImageDetail = ImageDetailFragment;

/** What is known of a system's last verification. */
export type VerificationReport = VerificationPartsFragment;

/** A system, and how it looks from where its workers stand. */
export type SystemReport = SystemReportFragment;

/** What a worker found when it tried everything that publishing on a system needs. */
export type SystemCheckReport = SystemCheckPartsFragment;

/** A failure that came in a payload's `errors`. */
export type UserError = UserErrorPartsFragment;

/** True when the pull is over: READY, FAILED or CANCELLED. */
export function hasEnded(pull: PullState): boolean {
  return pull.state === 'READY' || pull.state === 'FAILED' || pull.state === 'CANCELLED';
}
