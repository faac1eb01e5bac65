/**
 * Progress for logs: a line for each change of state or stage and for each change of a layer's state.
 */
import { hasEnded, type PullState } from '../../client/index.js';
import type { Output } from '../io.js';
import { formatBytes, printable, shortDigest } from '../text.js';
import { describeLayer, describeQueue, describeSize, describeState, type Progress } from './progress.js';

export function createPlainProgress(output: Output): Progress {
  let lastState = '';
  let hadMessage = false;
  let sizeTold = false;
  const lastOfLayer: string[] = [];
  const line = (text: string): unknown => output.write(`${text}\n`);

  function showPull(pull: PullState): void {
    const state = describeState(pull);
    const isNew = state !== lastState;
    lastState = state;
    // The words of a message may change every second (`waiting 29 s`): told when they appear, not as they change.
    const message = pull.message !== null && (isNew || !hadMessage) ? printable(pull.message) : undefined;
    hadMessage = pull.message !== null;
    const size = !sizeTold && pull.layers.length > 0 ? describeSize(pull) : undefined;
    sizeTold ||= size !== undefined;
    if (isNew || message !== undefined || size !== undefined) {
      const queue = isNew ? describeQueue(pull) : undefined;
      line([state, queue, size, message].filter((part) => part !== undefined).join(', '));
    }
  }

  return {
    show(pull) {
      // The end is told by the command itself.
      if (!hasEnded(pull)) showPull(pull);
      pull.layers.forEach((layer, index) => {
        const text = describeLayer(layer);
        // Waits differ in their words from one moment to the next; the change of state is what counts.
        const key = `${layer.state} ${layer.attempt}`;
        const last = lastOfLayer[index];
        lastOfLayer[index] = key;
        if (last === key || (last === undefined && layer.state === 'WAITING')) return;
        line(`layer ${printable(shortDigest(layer.digest))}: ${text}, ${formatBytes(layer.size)}`);
      });
    },
    note: (text) => line(printable(text)),
    stop: () => {},
  };
}
