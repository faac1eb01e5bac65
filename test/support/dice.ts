import { createHash, randomInt } from 'node:crypto';

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

/**
 * Where random tests begin: at a seed that is always the same, and at one that is new in each run.
 * `IMAGEGW_TEST_SEED=<seed>` is that one alone.
 */
export function seedsOf(usual: number): number[] {
  const wanted = process.env['IMAGEGW_TEST_SEED'];
  return wanted === undefined || wanted === 'random' ? [usual, randomInt(1e9)] : [Number(wanted)];
}
