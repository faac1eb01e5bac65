import { createHash } from 'node:crypto';

/** A stream of numbers below `limit`, the same for the same seed. */
export type Dice = (limit: number) => number;

export function diceOf(seed: number): Dice {
  let state = createHash('sha256').update(String(seed)).digest();
  let at = 0;
  return (limit) => {
    if (at + 4 > state.length) {
      state = createHash('sha256').update(state).digest();
      at = 0;
    }
    at += 4;
    return state.readUInt32LE(at - 4) % limit;
  };
}
