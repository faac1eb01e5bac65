/**
 * The lines that show a pull on a terminal at one moment.
 */
import { hasEnded, type PullLayer, type PullState } from '../../client/index.js';
import { fit, formatBytes, formatSpan, printable, shortDigest } from '../text.js';
import { describeLayer, describeQueue, describeSize, describeState } from './progress.js';
import type { Rates } from './rates.js';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

const MAX_BAR = 30;
const MIN_BAR = 6;
/** Two blanks, a short digest, a blank. */
const BEFORE_BAR = 15;

/** A line a layer and one for the pull; no line wraps, and all fit above the cursor. */
export function renderFrame(
  pull: PullState,
  rates: Rates,
  now: number,
  { columns, rows }: FrameSize,
): string[] {
  // The last column stays free: some terminals wrap as soon as it is written.
  const width = Math.max(1, columns - 1);
  const { shown, hidden } = choose(pull.layers, rows - 2);
  const texts = shown.map((index) => layerText(pull, index, rates, now));
  const bar = barWidth(width, texts);
  const lines = shown.map((index, row) => {
    const layer = pull.layers[index];
    const drawn = layer === undefined || bar === 0 ? '' : `${drawBar(layer, bar)} `;
    return `  ${printable(shortDigest(layer?.digest ?? ''))} ${drawn}${texts[row] ?? ''}`;
  });
  if (hidden.length > 0) lines.push(`  + ${hidden.length} more (${countStates(pull, hidden)})`);
  lines.push(pullText(pull, rates, now));
  return lines.map((line) => fit(line, width));
}

/** Which layers have a line: all, or where there is no room those that move first, then those that will. */
function choose(layers: readonly PullLayer[], room: number): { shown: number[]; hidden: number[] } {
  const all = layers.map((_, index) => index);
  if (all.length <= room) return { shown: all, hidden: [] };
  const rank = (index: number): number => ({ WAITING: 1, DONE: 2 })[layers[index]?.state as string] ?? 0;
  // Sorting is stable, so that within a rank the order of the manifest stays.
  const byRank = all.toSorted((a, b) => rank(a) - rank(b));
  const kept = new Set(byRank.slice(0, Math.max(0, room - 1)));
  return { shown: all.filter((index) => kept.has(index)), hidden: all.filter((index) => !kept.has(index)) };
}

function countStates(pull: PullState, indexes: readonly number[]): string {
  const done = indexes.filter((index) => pull.layers[index]?.state === 'DONE').length;
  const waiting = indexes.filter((index) => pull.layers[index]?.state === 'WAITING').length;
  const active = indexes.length - done - waiting;
  return [
    active > 0 ? `${active} active` : undefined,
    waiting > 0 ? `${waiting} waiting` : undefined,
    done > 0 ? `${done} done` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function layerText(pull: PullState, index: number, rates: Rates, now: number): string {
  const layer = pull.layers[index];
  if (layer === undefined) return '';
  const state = describeLayer(layer);
  const isMoving = layer.state === 'FETCHING' || layer.state === 'RETRYING';
  if (!isMoving) return `${formatBytes(layer.size).padStart(10)}  ${state}`;
  const amount = `${formatBytes(layer.bytesDone).padStart(10)} of ${formatBytes(layer.size)}`;
  const rate = rates.ofLayer(index, now);
  const speed = rate === undefined ? undefined : `${formatBytes(rate)}/s`;
  return [amount, speed, state === 'fetching' ? undefined : state]
    .filter((part) => part !== undefined)
    .join('  ');
}

/** The bars are as long as the longest text leaves room for; none when that would be too short to tell anything. */
function barWidth(width: number, texts: readonly string[]): number {
  // A long reason to wait is cut rather than the bars of all layers.
  const longest = Math.min(40, Math.max(0, ...texts.map((text) => text.length)));
  const room = width - BEFORE_BAR - longest - 3;
  return room < MIN_BAR ? 0 : Math.min(MAX_BAR, room);
}

function drawBar({ bytesDone, size }: PullLayer, width: number): string {
  const share = size === 0 ? 1 : Math.min(1, bytesDone / size);
  const full = Math.floor(share * width);
  const head = full < width ? '>' : '';
  return `[${'='.repeat(full)}${head}${' '.repeat(width - full - head.length)}]`;
}

function pullText(pull: PullState, rates: Rates, now: number): string {
  const parts = [describeState(pull), describeQueue(pull)];
  if (hasEnded(pull)) {
    if (pull.layers.length > 0) parts.push(describeSize(pull));
    if (pull.finishedAt !== null)
      parts.push(`in ${formatSpan(Date.parse(pull.finishedAt) - Date.parse(pull.createdAt))}`);
  } else {
    if (pull.bytesTotal !== null)
      parts.push(`${formatBytes(pull.bytesDone)} of ${formatBytes(pull.bytesTotal)}`);
    const rate = pull.stage === 'FETCH' ? rates.ofPull(now) : undefined;
    if (rate !== undefined) parts.push(`${formatBytes(rate)}/s`);
    const left = rates.fetchTimeLeft(pull, now);
    if (left !== undefined) parts.push(`about ${formatSpan(left + 999)} to fetch`);
    if (pull.bytesDelivered !== null) parts.push(`${formatBytes(pull.bytesDelivered)} delivered`);
    if (pull.message !== null) parts.push(printable(pull.message));
  }
  return parts.filter((part) => part !== undefined).join(', ');
}
