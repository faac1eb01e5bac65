/**
 * What shows a pull while it goes on, and the words for its stages.
 */
import type { PullLayer, PullStage, PullState } from '../../client/index.js';
import { formatBytes, printable } from '../text.js';

export interface Progress {
  /** A newer state. */
  show(pull: PullState): void;
  /** Something that happened beside the pull itself. */
  note(text: string): void;
  /** Nothing more comes. Must be called, and may be called twice. */
  stop(): void;
}

const STAGES: Readonly<Record<PullStage, string>> = {
  QUEUE: 'waiting for a worker',
  RESOLVE: 'asking the registry',
  ADMIT: 'checking for room',
  FETCH: 'fetching layers',
  CONVERT: 'packing',
  VERIFY: 'reading back',
  EXAMINE: 'waiting for the examiner',
  TRANSFER: 'publishing',
  RECORD: 'recording',
};

/** `PULLING: fetching layers`. A gateway that is newer than we are may name stages that we do not know. */
export function describeState(pull: PullState): string {
  const stage =
    pull.stage === null
      ? undefined
      : ((STAGES[pull.stage] as string | undefined) ?? pull.stage.toLowerCase());
  const attempt = pull.attempt > 1 ? ` (attempt ${pull.attempt})` : '';
  return printable(`${pull.state}${attempt}${stage === undefined ? '' : `: ${stage}`}`);
}

/** `2 pulls in front`; undefined when it does not wait. */
export function describeQueue({ queuePosition }: PullState): string | undefined {
  if (queuePosition === null) return undefined;
  if (queuePosition === 0) return 'next in line';
  return queuePosition === 1 ? '1 pull in front' : `${queuePosition} pulls in front`;
}

/** `3 layers, 45.6 MiB`. */
export function describeSize({ layers, bytesTotal }: PullState): string {
  const count = layers.length === 1 ? '1 layer' : `${layers.length} layers`;
  return bytesTotal === null ? count : `${count}, ${formatBytes(bytesTotal)}`;
}

/** `fetching`, `retry 2, waiting for ...`, `cached`. */
export function describeLayer(layer: PullLayer): string {
  const waiting = layer.waitingFor === null ? undefined : waitingText(printable(layer.waitingFor));
  switch (layer.state) {
    case 'WAITING':
      return waiting ?? 'waiting';
    case 'FETCHING':
      return waiting ?? 'fetching';
    case 'RETRYING':
      return [`retry ${Math.max(1, layer.attempt - 1)}`, waiting]
        .filter((part) => part !== undefined)
        .join(', ');
    case 'READING':
      return 'checking';
    case 'DONE':
      return layer.fromCache ? 'cached' : 'done';
    default:
      return printable(String(layer.state).toLowerCase());
  }
}

/** Some gateways say what is waited for (`a free slot`), some the whole of it (`waiting 30 s: rate limited`). */
function waitingText(what: string): string {
  return what.startsWith('waiting') ? what : `waiting for ${what}`;
}
