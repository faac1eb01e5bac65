/**
 * Progress on a terminal: bars that are redrawn in place.
 */
import type { PullState } from '../../client/index.js';
import type { CliIo } from '../io.js';
import { printable } from '../text.js';
import { renderFrame } from './frame.js';
import { LiveRegion } from './live-region.js';
import type { Progress } from './progress.js';
import { Rates } from './rates.js';

/** Time as the progress sees it. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls back after a while; gives the function that takes that back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The real time. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** At most ten frames a second. */
const FRAME_MS = 100;
/** Without news a frame a second, so that a stall shows in the rates. */
const IDLE_MS = 1000;

type Terminal = Pick<CliIo, 'stderr' | 'columns' | 'rows'>;

export function createTerminalProgress(terminal: Terminal, clock: Clock = SYSTEM_CLOCK): Progress {
  const region = new LiveRegion(terminal.stderr, () => terminal.columns());
  const rates = new Rates();
  let newest: PullState | undefined;
  let isStopped = false;
  let lastFrameAt = -Infinity;
  let takeBack: () => void = () => {};

  function drawAfter(milliseconds: number): void {
    takeBack();
    takeBack = clock.after(milliseconds, draw);
  }

  function draw(): void {
    if (newest === undefined) return;
    lastFrameAt = clock.now();
    region.draw(
      renderFrame(newest, rates, lastFrameAt, { columns: terminal.columns(), rows: terminal.rows() }),
    );
    if (!isStopped) drawAfter(IDLE_MS);
  }

  return {
    show(pull) {
      newest = pull;
      rates.observe(pull, clock.now());
      const wait = lastFrameAt + FRAME_MS - clock.now();
      if (wait <= 0) draw();
      else drawAfter(wait);
    },
    note: (text) => region.print(printable(text)),
    stop() {
      if (isStopped) return;
      isStopped = true;
      takeBack();
      draw();
    },
  };
}
