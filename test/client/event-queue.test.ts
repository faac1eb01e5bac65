import { describe, expect, it } from '@jest/globals';
import { EventQueue } from '../../src/client/event-queue.js';

async function read<T>(queue: EventQueue<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

describe('the queue of events', () => {
  it('keeps only the newest of those that replace each other', async () => {
    const queue = new EventQueue<string>((older, newer) => older.startsWith(newer.charAt(0)));
    for (const event of ['a1', 'a2', 'a3', 'b1', 'b2', 'a4']) queue.push(event);
    queue.end();
    expect(await read(queue)).toEqual(['a3', 'b2', 'a4']);
  });

  it('gives what is pending before it fails', async () => {
    const queue = new EventQueue<number>(() => false);
    queue.push(1);
    queue.fail(new Error('lost'));
    queue.push(2);
    queue.end();
    const iterator = queue[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow('lost');
  });

  it('wakes a reader that waits', async () => {
    const queue = new EventQueue<number>(() => false);
    const all = read(queue);
    queue.push(1);
    await Promise.resolve();
    queue.push(2);
    queue.end();
    expect(await all).toEqual([1, 2]);
  });
});
