/** What the stages of a pull hand to each other, and what comes of it. */
import type { TagChange } from '../../models/image-store.js';
import type { RulesRecord, TagRecord } from '../../models/image-records.js';
import type { Tree, VerifiedProduct } from '../../rootfs/index.js';

/** Who may use what is published, while that is not open to everybody. */
export type Grants = Required<Pick<TagRecord, 'owner' | 'principals' | 'ids'>>;

export interface Conversion {
  readonly product: VerifiedProduct;
  /** Undefined for an imported squashfs that is published as it is. */
  readonly tree: Tree | undefined;
  /** What the policy dropped or changed, one sentence for each rule. */
  readonly changes: readonly string[];
  /** By which rules; undefined for what is published as it is. */
  readonly rules: RulesRecord | undefined;
}

export interface PullResult {
  readonly imageId: string;
  readonly isStale: boolean;
  /** What became of the tag; undefined when nobody was asked. */
  readonly tagChange: TagChange | undefined;
}
