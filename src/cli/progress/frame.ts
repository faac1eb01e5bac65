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

/** A layer and its place in the manifest. */
interface Placed {
  readonly layer: PullLayer;
  readonly index: number;
}

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
  const lines = layerLines(shown, rates, now, width);
  if (hidden.length > 0) lines.push(`  + ${hidden.length} more (${countStates(hidden)})`);
  lines.push(pullText(pull, rates, now));
  return lines.map((line) => fit(line, width));
}

/** Which layers have a line: all, or where there is no room those that move first, then those that will. */
function choose(layers: readonly PullLayer[], room: number): { shown: Placed[]; hidden: Placed[] } {
  const all = layers.map((layer, index) => ({ layer, index }));
  if (all.length <= room) return { shown: all, hidden: [] };
  // Sorting is stable, so that within a rank the order of the manifest stays.
  const byRank = all.toSorted((a, b) => rank(a.layer) - rank(b.layer));
  const kept = new Set(byRank.slice(0, Math.max(0, room - 1)));
  return {
    shown: all.filter((placed) => kept.has(placed)),
    hidden: all.filter((placed) => !kept.has(placed)),
  };
}

function rank({ state }: PullLayer): number {
  if (state === 'DONE') return 2;
  return state === 'WAITING' ? 1 : 0;
}

function countStates(layers: readonly Placed[]): string {
  return ['active', 'waiting', 'done']
    .map((name, place) => ({ name, count: layers.filter(({ layer }) => rank(layer) === place).length }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${name}`)
    .join(', ');
}

function layerLines(layers: readonly Placed[], rates: Rates, now: number, width: number): string[] {
  const texts = layers.map(({ layer, index }) =>
    layer.waitingFor === null ? layerText(layer, rates.ofLayer(index, now)) : '',
  );
  const bar = barWidth(width, texts);
  return layers.map(({ layer }, row) => {
    const digest = `  ${printable(shortDigest(layer.digest))}`;
    // Why a layer waits tells more than a bar that stands still.
    if (layer.waitingFor !== null) {
      return `${digest} ${formatBytes(layer.bytesDone)} of ${formatBytes(layer.size)}, ${describeLayer(layer)}`;
    }
    return `${digest} ${bar === 0 ? '' : `${drawBar(layer, bar)} `}${texts[row] ?? ''}`;
  });
}

function layerText(layer: PullLayer, rate: number | undefined): string {
  const state = describeLayer(layer);
  const isMoving = layer.state === 'FETCHING' || layer.state === 'RETRYING';
  if (!isMoving) return `${formatBytes(layer.size).padStart(10)}  ${state}`;
  const amount = `${formatBytes(layer.bytesDone).padStart(10)} of ${formatBytes(layer.size)}`;
  const speed = rate === undefined ? undefined : `${formatBytes(rate)}/s`;
  return [amount, speed, state === 'fetching' ? undefined : state]
    .filter((part) => part !== undefined)
    .join('  ');
}

/** The bars are as long as the longest text leaves room for; none when that would be too short to tell anything. */
function barWidth(width: number, texts: readonly string[]): number {
  const room = width - BEFORE_BAR - Math.max(0, ...texts.map((text) => text.length)) - 3;
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
