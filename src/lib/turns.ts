/**
 * Gives a function that runs work, at most `count` at a time, in the order in which it was asked to.
 */
export function takingTurns(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place goes to the next one without being free in between.
      if (next === undefined) free++;
      else next();
    }
  };
}
