/**
 * The live state of pulls in Redis: one script sets the snapshot, counts its `sequence` and publishes it, so that
 * what a subscriber reads and what it is told can't disagree.
 *
 * The script also refuses what must not be said any more: anything after a terminal state, and anything from a
 * worker that has lost its pull to another (its `attempt` is lower).
 */
import type { Redis } from 'ioredis';
import { isTerminal, type PullSnapshot } from '../../models/pull-records.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.js';

/** A pull that says nothing for this long (in s) has been lost; the index then answers for it. */
const LIVE_SECONDS = 24 * 3600;
/** Ended pulls are kept so long (in s) for late subscribers; after that the index answers. */
const ENDED_SECONDS = 3600;

const SET_AND_PUBLISH = `
local known = redis.call('HMGET', KEYS[1], 'sequence', 'attempt', 'terminal')
if known[3] == '1' then return 0 end
if (tonumber(known[2]) or 0) > tonumber(ARGV[1]) then return 0 end
local sequence = math.max(tonumber(known[1]) or 0, tonumber(ARGV[2])) + 1
redis.call('HSET', KEYS[1], 'sequence', sequence, 'attempt', ARGV[1], 'terminal', ARGV[3], 'state', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', ARGV[6], sequence .. '\\n' .. ARGV[4])
return sequence
`;

export interface ProgressStore {
  /**
   * Makes `snapshot` the live state and tells subscribers. `snapshot.sequence` is the last number known to the writer.
   * Gives the new number; 0 when it was refused.
   */
  publish(snapshot: PullSnapshot): Promise<number>;
  /** The live state, if there is one. */
  read(id: string): Promise<PullSnapshot | undefined>;
}

export function progressChannel(prefix: string, id: string): string {
  return `${prefix}:progress:${id}`;
}

/** A message of a progress channel. */
export function decodeMessage(message: string): PullSnapshot | undefined {
  const end = message.indexOf('\n');
  return decodeSnapshot(message.slice(end + 1), Number(message.slice(0, end)));
}

export function createProgressStore(redis: Redis, prefix: string): ProgressStore {
  const key = (id: string): string => `${prefix}:pull:${id}`;
  return {
    async publish(snapshot) {
      const terminal = isTerminal(snapshot.state);
      const sequence: unknown = await redis.eval(
        SET_AND_PUBLISH,
        1,
        key(snapshot.id),
        snapshot.attempt,
        snapshot.sequence,
        terminal ? '1' : '0',
        encodeSnapshot(snapshot),
        terminal ? ENDED_SECONDS : LIVE_SECONDS,
        progressChannel(prefix, snapshot.id),
      );
      return Number(sequence);
    },
    async read(id) {
      const [sequence, state] = await redis.hmget(key(id), 'sequence', 'state');
      if (typeof state !== 'string') return undefined;
      return decodeSnapshot(state, Number(sequence));
    },
  };
}
