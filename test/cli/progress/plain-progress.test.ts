import { describe, expect, it } from '@jest/globals';
import { createPlainProgress } from '../../../src/cli/progress/plain-progress.js';
import type { PullLayer, PullState } from '../../../src/client/index.js';
import { layerState, MIB, pullState, readyState } from '../../support/pull-states.js';

function linesOf(states: readonly PullState[]): string[] {
  let text = '';
  const progress = createPlainProgress({ write: (more) => (text += more) });
  for (const state of states) progress.show(state);
  progress.stop();
  return text.split('\n').slice(0, -1);
}

const fetching = (layers: PullLayer[], changes: Partial<PullState> = {}): PullState =>
  pullState(1, { state: 'PULLING', stage: 'FETCH', layers, bytesTotal: 20 * MIB, ...changes });

describe('plain progress', () => {
  it('has a line for each change of state, stage and layer, and none for bytes', () => {
    expect(
      linesOf([
        pullState(1, { queuePosition: 1 }),
        pullState(2, { queuePosition: 0 }),
        pullState(3, { state: 'RESOLVING', stage: 'RESOLVE' }),
        fetching([layerState('a'), layerState('b')], { stage: 'ADMIT' }),
        fetching([layerState('a', { state: 'FETCHING', attempt: 1 }), layerState('b')]),
        fetching([layerState('a', { state: 'FETCHING', attempt: 1, bytesDone: MIB }), layerState('b')]),
        fetching([layerState('a', { state: 'RETRYING', attempt: 2, waitingFor: '2 s' }), layerState('b')]),
        fetching([layerState('a', { state: 'RETRYING', attempt: 2, waitingFor: '1 s' }), layerState('b')]),
        fetching([layerState('a', { state: 'RETRYING', attempt: 3 }), layerState('b')]),
        fetching([
          layerState('a', { state: 'DONE', attempt: 3 }),
          layerState('b', { state: 'DONE', fromCache: true }),
        ]),
        pullState(9, { state: 'CONVERTING', stage: 'CONVERT' }),
        pullState(10, { state: 'CONVERTING', stage: 'VERIFY' }),
        readyState(11),
      ]),
    ).toEqual([
      'QUEUED: waiting for a worker, 1 pull in front',
      'RESOLVING: asking the registry',
      'PULLING: checking for room, 2 layers, 20.0 MiB',
      'PULLING: fetching layers',
      'layer aaaaaaaaaaaa: fetching, 10.0 MiB',
      'layer aaaaaaaaaaaa: retry 1, waiting for 2 s, 10.0 MiB',
      'layer aaaaaaaaaaaa: retry 2, 10.0 MiB',
      'layer aaaaaaaaaaaa: done, 10.0 MiB',
      'layer bbbbbbbbbbbb: cached, 10.0 MiB',
      'CONVERTING: packing',
      'CONVERTING: reading back',
    ]);
  });

  it('tells a message when it appears, not as it counts down', () => {
    const waiting = (message: string | null): PullState =>
      pullState(1, { state: 'RESOLVING', stage: 'RESOLVE', message });
    expect(
      linesOf([
        waiting(null),
        waiting('waiting 3 s'),
        waiting('waiting 2 s'),
        waiting(null),
        waiting('waiting 9 s'),
      ]),
    ).toEqual([
      'RESOLVING: asking the registry',
      'RESOLVING: asking the registry, waiting 3 s',
      'RESOLVING: asking the registry, waiting 9 s',
    ]);
  });
});
