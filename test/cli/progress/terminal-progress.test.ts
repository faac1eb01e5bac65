import { describe, expect, it } from '@jest/globals';
import { createTerminalProgress, type Clock } from '../../../src/cli/progress/terminal-progress.js';
import type { PullState } from '../../../src/client/index.js';
import { layerState, MIB, pullState, readyState } from '../../support/pull-states.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

/** Time that passes when the test says so. */
class ManualClock implements Clock {
  #now = 0;
  #due: { readonly at: number; readonly callback: () => void } | undefined;

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const due = { at: this.#now + milliseconds, callback };
    this.#due = due;
    return () => {
      if (this.#due === due) this.#due = undefined;
    };
  }

  get isIdle(): boolean {
    return this.#due === undefined;
  }

  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.#due !== undefined && this.#due.at <= end) {
      const { at, callback } = this.#due;
      this.#due = undefined;
      this.#now = at;
      callback();
    }
    this.#now = end;
  }
}

function setUp(columns: number, rows: number) {
  const screen = new VirtualTerminal(columns, rows);
  const clock = new ManualClock();
  const size = { columns };
  let writes = 0;
  const stderr = {
    write: (text: string) => {
      writes += 1;
      // A terminal that gets a line feed goes to the start of the next line.
      screen.write(text);
    },
  };
  const progress = createTerminalProgress({ stderr, columns: () => size.columns, rows: () => rows }, clock);
  return { screen, clock, progress, size, writes: () => writes };
}

function fetching(sequence: number, layerCount: number, done: number): PullState {
  const layers = Array.from({ length: layerCount }, (_, index) =>
    layerState(
      index.toString(16),
      index < done
        ? { state: 'DONE', bytesDone: 10 * MIB }
        : { state: 'FETCHING', bytesDone: sequence * 1000 },
    ),
  );
  return pullState(sequence, { state: 'PULLING', stage: 'FETCH', layers, bytesTotal: layerCount * 10 * MIB });
}

describe('progress on a terminal', () => {
  it('redraws its lines in place', () => {
    const { screen, clock, progress } = setUp(80, 24);
    screen.write('$ imagegw pull\n');
    progress.show(pullState(1));
    expect(screen.screen).toEqual(['$ imagegw pull', 'QUEUED: waiting for a worker']);
    clock.pass(200);
    progress.show(fetching(2, 3, 1));
    expect(screen.screen).toHaveLength(5);
    expect(screen.screen[1]).toContain('000000000000');
    clock.pass(200);
    progress.show(pullState(3, { state: 'CONVERTING', stage: 'CONVERT' }));
    expect(screen.screen).toEqual(['$ imagegw pull', 'CONVERTING: packing']);
    progress.show(readyState(4));
    progress.stop();
    screen.write('next\n');
    expect(screen.screen).toEqual(['$ imagegw pull', 'READY, in 12 s', 'next']);
  });

  it('draws at most ten frames a second, and the last state always', () => {
    const { screen, clock, progress, writes } = setUp(80, 24);
    for (let sequence = 1; sequence <= 1000; sequence += 1) {
      progress.show(fetching(sequence, 2, 0));
      clock.pass(1);
    }
    expect(writes()).toBeGreaterThanOrEqual(9);
    expect(writes()).toBeLessThanOrEqual(11);
    progress.show(readyState(1001));
    progress.stop();
    expect(screen.screen).toEqual(['READY, in 12 s']);
  });

  it('goes on drawing in a stall, and leaves no timer behind', () => {
    const { screen, clock, progress } = setUp(100, 24);
    progress.show(fetching(1, 1, 0));
    clock.pass(1000);
    progress.show(fetching(2000, 1, 0));
    clock.pass(2000);
    expect(screen.screen[0]).toMatch(/KiB\/s$/);
    clock.pass(10_000);
    expect(screen.screen[0]).toMatch(/ 0 B\/s$/);
    progress.stop();
    expect(clock.isIdle).toBe(true);
    const before = screen.screen;
    clock.pass(10_000);
    expect(screen.screen).toEqual(before);
  });

  it('puts notes above the bars', () => {
    const { screen, progress } = setUp(80, 24);
    progress.show(fetching(1, 2, 0));
    progress.note('Connection \x1b[31mlost.');
    progress.note('Trying again.');
    expect(screen.screen.slice(0, 2)).toEqual(['Connection [31mlost.', 'Trying again.']);
    expect(screen.screen).toHaveLength(5);
  });

  it.each([
    [80, 6],
    [30, 10],
    [12, 4],
    [20, 2],
  ])('never wraps nor scrolls on %d columns and %d rows', (columns, rows) => {
    const { screen, clock, progress } = setUp(columns, rows);
    for (let done = 0; done <= 16; done += 1) {
      progress.show(fetching(done + 1, 16, done));
      clock.pass(1000);
    }
    expect(screen.hasWrapped).toBe(false);
    expect(screen.screen.length).toBeLessThan(rows);
    expect(screen.screen.at(-1)).toMatch(/^PULLING: fe/);
  });

  it('finds its first line again on a terminal that was made narrower', () => {
    let written = '';
    const size = { columns: 40 };
    const stderr = { write: (text: string) => (written += text) };
    const clock = new ManualClock();
    const progress = createTerminalProgress({ stderr, columns: () => size.columns, rows: () => 24 }, clock);
    progress.show(pullState(1, { message: 'a message of many words' }));
    clock.pass(200);
    size.columns = 20;
    // What a terminal of 20 columns makes of the line that was drawn on one of 40: two rows.
    const narrow = new VirtualTerminal(20, 24);
    narrow.write('$ imagegw\n');
    narrow.write(written);
    expect(narrow.screen).toEqual(
      ['$ imagegw', 'QUEUED: waiting for ', 'a worker, a message'].map((line) => line.trimEnd()),
    );
    written = '';
    progress.show(pullState(2));
    narrow.write(written);
    expect(narrow.screen).toEqual(['$ imagegw', 'QUEUED: waiting for']);
  });
});
