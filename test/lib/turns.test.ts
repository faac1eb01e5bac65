import { expect, it } from '@jest/globals';
import { takingTurns } from '../../src/lib/turns.js';

/** Work that ends when it is told to. */
function steps(): { readonly promise: Promise<void>; readonly end: () => void; readonly fail: () => void } {
  let end = (): void => {};
  let fail = (): void => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = () => reject(new Error('it failed'));
  });
  return { promise, end, fail };
}

it('runs so many at a time, in order, and goes on after a failure', async () => {
  const takeTurn = takingTurns(2);
  const works = [steps(), steps(), steps(), steps()];
  const begun: number[] = [];
  const turns = works.map((work, index) =>
    takeTurn(() => {
      begun.push(index);
      return work.promise;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  works[1]!.fail();
  await expect(turns[1]).rejects.toThrow('it failed');
  expect(begun).toEqual([0, 1, 2]);
  works[0]!.end();
  await turns[0];
  expect(begun).toEqual([0, 1, 2, 3]);
  works[2]!.end();
  works[3]!.end();
  await Promise.all([turns[2], turns[3]]);
});
