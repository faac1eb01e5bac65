/**
 * Progress for programs: each state as one line of JSON.
 */
import type { Output } from '../io.js';
import type { Progress } from './progress.js';

export function createJsonProgress(output: Output): Progress {
  return {
    show: (pull) => output.write(`${JSON.stringify(pull)}\n`),
    note: () => {},
    stop: () => {},
  };
}
