import { describe, expect, it } from '@jest/globals';
import { renderFrame } from '../../../src/cli/progress/frame.js';
import { Rates } from '../../../src/cli/progress/rates.js';
import { failedState, layerState, MIB, pullState, readyState } from '../../support/pull-states.js';
import type { PullLayer, PullState } from '../../../src/client/index.js';

const WIDE = { columns: 100, rows: 24 };
const layers: readonly PullLayer[] = [
  layerState('a', { state: 'DONE', bytesDone: 10 * MIB, fromCache: true }),
  layerState('b', { state: 'FETCHING', bytesDone: 5 * MIB, attempt: 1 }),
  layerState('c', {
    state: 'RETRYING',
    bytesDone: 2 * MIB,
    attempt: 3,
    waitingFor: 'waiting 30 s: too many requests',
  }),
  layerState('d', { state: 'READING', bytesDone: 10 * MIB, attempt: 1 }),
  layerState('e'),
  layerState('f', { waitingFor: 'room on the disk' }),
  layerState('0', { state: 'RETRYING', bytesDone: 3 * MIB, attempt: 2 }),
];
const fetching = (changes: Partial<PullState> = {}): PullState =>
  pullState(3, {
    state: 'PULLING',
    stage: 'FETCH',
    layers,
    bytesTotal: 50 * MIB,
    bytesDone: 27 * MIB,
    ...changes,
  });

describe('a frame', () => {
  it('has a line for each layer and one for the pull', () => {
    expect(renderFrame(fetching({ message: 'two layers at a time' }), new Rates(), 0, WIDE)).toEqual([
      '  aaaaaaaaaaaa [==============================]   10.0 MiB  cached',
      '  bbbbbbbbbbbb [===============>              ]    5.0 MiB of 10.0 MiB',
      '  cccccccccccc 2.0 MiB of 10.0 MiB, retry 2, waiting 30 s: too many requests',
      '  dddddddddddd [==============================]   10.0 MiB  checking',
      '  eeeeeeeeeeee [>                             ]   10.0 MiB  waiting',
      '  ffffffffffff 0 B of 10.0 MiB, waiting for room on the disk',
      '  000000000000 [=========>                    ]    3.0 MiB of 10.0 MiB  retry 1',
      'PULLING: fetching layers, 27.0 MiB of 50.0 MiB, two layers at a time',
    ]);
  });

  it('tells rates and the time left once there is something to tell', () => {
    const rates = new Rates();
    rates.observe(fetching(), 0);
    const later = fetching({
      layers: layers.map((layer) => (layer.state === 'FETCHING' ? { ...layer, bytesDone: 9 * MIB } : layer)),
    });
    rates.observe(later, 4000);
    const lines = renderFrame(later, rates, 4000, { columns: 120, rows: 24 });
    expect(lines[1]).toMatch(/9\.0 MiB of 10\.0 MiB {2}1\.0 MiB\/s$/);
    // 1 of b, 8 of c, 10 of e, 10 of f and 7 of 0 are to come.
    expect(lines.at(-1)).toBe(
      'PULLING: fetching layers, 27.0 MiB of 50.0 MiB, 1.0 MiB/s, about 36 s to fetch',
    );
    expect(renderFrame(later, rates, 20_000, { columns: 120, rows: 24 }).at(-1)).toBe(
      'PULLING: fetching layers, 27.0 MiB of 50.0 MiB, 0 B/s',
    );
  });

  it.each([
    [pullState(1, { queuePosition: 0 }), 'QUEUED: waiting for a worker, next in line'],
    [pullState(1, { queuePosition: 2 }), 'QUEUED: waiting for a worker, 2 pulls in front'],
    [
      pullState(1, { state: 'RESOLVING', stage: 'RESOLVE', attempt: 2 }),
      'RESOLVING (attempt 2): asking the registry',
    ],
    [
      pullState(1, { state: 'TRANSFERRING', stage: 'TRANSFER', bytesDelivered: 3 * MIB }),
      'TRANSFERRING: publishing, 3.0 MiB delivered',
    ],
    [readyState(1, { layers: [layers[1]!], bytesTotal: 10 * MIB }), 'READY, 1 layer, 10.0 MiB, in 12 s'],
    [failedState(1), 'FAILED'],
    [pullState(1, { message: 'evil\x1b[2J\nname' }), 'QUEUED: waiting for a worker, evil[2J name'],
    [pullState(1, { state: 'PONDERING' as 'QUEUED', stage: 'MUSE' as 'QUEUE' }), 'PONDERING: muse'],
  ])('says %#', (pull, line) => {
    expect(renderFrame(pull, new Rates(), 0, WIDE).at(-1)).toBe(line);
  });

  it.each([1, 10, 20, 30, 40, 60, 80])('fits %d columns', (columns) => {
    const lines = renderFrame(fetching({ message: 'a long message '.repeat(20) }), new Rates(), 0, {
      columns,
      rows: 24,
    });
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(1, columns - 1));
  });

  it('gives up the bars before the numbers on a narrow terminal', () => {
    const frameOf = (columns: number): string =>
      renderFrame(fetching({ layers: [layers[1]!] }), new Rates(), 0, { columns, rows: 24 })[0]!;
    expect(frameOf(52)).toBe('  bbbbbbbbbbbb [=====>     ]    5.0 MiB of 10.0 MiB');
    expect(frameOf(44)).toBe('  bbbbbbbbbbbb    5.0 MiB of 10.0 MiB');
  });

  it('shows what moves where there is no room for all', () => {
    const many = [
      ...Array.from({ length: 9 }, (_, index) =>
        layerState(String(index), { state: 'DONE', bytesDone: 10 * MIB }),
      ),
      layerState('a', { state: 'FETCHING' }),
      ...Array.from({ length: 3 }, () => layerState('b')),
      layerState('c', { state: 'READING' }),
    ];
    const shown = (rows: number): string[] =>
      renderFrame(fetching({ layers: many }), new Rates(), 0, { columns: 100, rows }).map((line) =>
        line.slice(0, 40).trimEnd(),
      );
    expect(shown(16)).toHaveLength(15);
    const eight = shown(8);
    expect(eight).toHaveLength(7);
    expect(eight.slice(0, -2).map((line) => line.trim().charAt(0))).toEqual(['a', 'b', 'b', 'b', 'c']);
    expect(eight.at(-2)).toBe('  + 9 more (9 done)');
    const four = shown(4);
    expect(four.map((line) => line.trim().slice(0, 6))).toEqual(['aaaaaa', '+ 13 m', 'PULLIN']);
    expect(four[1]).toBe('  + 13 more (1 active, 3 waiting, 9 done');
    for (const rows of [1, 2, 3]) expect(shown(rows).length).toBeLessThanOrEqual(2);
  });
});
