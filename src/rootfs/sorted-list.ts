import type { Pacer } from './pacer.js';

/** A list in columns; 0 is its end. */
export interface List {
  next(item: number): number;
  setNext(item: number, next: number): void;
  /** Below 0 when `a` goes before `b`. */
  compare(a: number, b: number): number;
}

/**
 * Sorts a list by merging the runs that it is made of: it takes no memory, and does not hold up the event loop, however
 * long the list. A list in falling order is one run. Gives its first item.
 */
export async function sortedList(first: number, list: List, pacer: Pacer): Promise<number> {
  /** Sorted lists; each place holds one of twice as many runs as the place before it. */
  const sorted: number[] = [];
  for (let rest = first; rest !== 0; ) {
    let run = rest;
    rest = list.next(run);
    list.setNext(run, 0);
    while (rest !== 0 && list.compare(rest, run) < 0) {
      if (pacer.isDue()) await pacer.rest();
      const next = list.next(rest);
      list.setNext(rest, run);
      run = rest;
      rest = next;
    }
    let place = 0;
    for (let other = sorted[0] ?? 0; other !== 0; other = sorted[++place] ?? 0) {
      run = await merged(other, run, list, pacer);
      sorted[place] = 0;
    }
    sorted[place] = run;
  }
  let all = 0;
  for (const one of sorted) all = await merged(one, all, list, pacer);
  return all;
}

/** Two sorted lists as one. */
async function merged(one: number, other: number, list: List, pacer: Pacer): Promise<number> {
  if (one === 0 || other === 0) return one + other;
  let [a, b] = list.compare(one, other) < 0 ? [one, other] : [other, one];
  const first = a;
  // `a` is the end of what is merged; `b` waits to be put behind it.
  for (let behind = list.next(a); b !== 0; behind = list.next(a)) {
    if (pacer.isDue()) await pacer.rest();
    if (behind === 0 || list.compare(b, behind) < 0) {
      list.setNext(a, b);
      [a, b] = [b, behind];
    } else a = behind;
  }
  return first;
}
