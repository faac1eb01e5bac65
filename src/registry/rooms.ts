/**
 * Room on the disks of a worker, promised to its pulls before they write anything. What one has been promised and has
 * not written yet is not free for the next one; what the cache can give up is.
 */
import { stat, statfs } from 'node:fs/promises';
import { GatewayError, messageOf } from '../lib/errors.js';
import { takingTurns } from '../lib/turns.js';
import { unlessAborted } from '../lib/unless-aborted.js';

/** What is going to be written below a directory. */
export interface RoomNeed {
  readonly path: string;
  readonly bytes: number;
  /** Of what several pulls need and is written once. Absent: this pull's alone. */
  readonly key?: string;
  /** So much of it has been written by now, and is not in the free room any more. Absent: nothing, ever. */
  readonly written?: () => Promise<number>;
}

/** A directory of which something can go. */
export interface Evictable {
  readonly directory: string;
  /** What could go. */
  spareBytes(): Promise<number>;
  /** Lets that much go, the least needed first. */
  evict(bytes: number): Promise<void>;
}

export interface PromisedRoom {
  /** To be called when what was written lies there no more, or can go. */
  release(): void;
}

export interface Rooms {
  /**
   * Promises room for all needs together; undefined when it is not there now.
   *
   * @throws GatewayError BAD_CONFIG when a path can't be asked.
   */
  take(needs: readonly RoomNeed[]): Promise<PromisedRoom | undefined>;
  /**
   * The same, but waits for other pulls to end as long as there are any that were promised room.
   *
   * @param onWait told before each wait.
   * @throws GatewayError NO_SPACE with paths, need and have; BAD_CONFIG; the reason of the signal.
   */
  reserve(needs: readonly RoomNeed[], signal: AbortSignal, onWait: () => void): Promise<PromisedRoom>;
}

interface Shortage {
  readonly paths: readonly string[];
  readonly needBytes: number;
  readonly freeBytes: number;
  readonly spareBytes: number;
}

/** A need, and the file system that it is on. */
interface Placed {
  readonly need: RoomNeed;
  readonly device: number;
}

type Outcome = { readonly room: PromisedRoom } | { readonly shortage: Shortage; readonly isAlone: boolean };

export function createRooms(cache: Evictable): Rooms {
  const promised = new Set<readonly Placed[]>();
  /** Two that look at the same room at once would both take it. */
  const inTurn = takingTurns(1);
  let tellReleased = (): void => {};
  let released = nextRelease();

  function nextRelease(): Promise<void> {
    return new Promise((resolve) => {
      tellReleased = resolve;
    });
  }

  async function promise(needs: readonly RoomNeed[]): Promise<Outcome> {
    const isAlone = promised.size === 0;
    const paths = [...new Set(needs.map(({ path }) => path))];
    const rooms = new Map(await Promise.all(paths.map(async (path) => [path, await roomAt(path)] as const)));
    const own = needs.map((need): Placed => ({ need, device: rooms.get(need.path)?.device ?? 0 }));
    const outstanding = await bytesByDevice([...promised, own].flat());
    for (const device of new Set(own.map((one) => one.device))) {
      const here = paths.filter((path) => rooms.get(path)?.device === device);
      const freeBytes = Math.min(...here.map((path) => rooms.get(path)?.freeBytes ?? 0));
      const missing = (outstanding.get(device) ?? 0) - freeBytes;
      if (missing <= 0) continue;
      const spareBytes = device === (await roomAt(cache.directory)).device ? await cache.spareBytes() : 0;
      if (spareBytes < missing) {
        const needBytes = own.reduce((sum, one) => sum + (one.device === device ? one.need.bytes : 0), 0);
        return { shortage: { paths: here, needBytes, freeBytes, spareBytes }, isAlone };
      }
      await cache.evict(missing);
    }
    promised.add(own);
    const release = (): void => {
      if (!promised.delete(own)) return;
      tellReleased();
      released = nextRelease();
    };
    return { room: { release } };
  }

  return {
    async take(needs) {
      const outcome = await inTurn(() => promise(needs));
      return 'room' in outcome ? outcome.room : undefined;
    },

    async reserve(needs, signal, onWait) {
      for (;;) {
        // Taken before the look, so that no end in between is missed.
        let next = released;
        const outcome = await inTurn(() => {
          next = released;
          return promise(needs);
        });
        if ('room' in outcome) return outcome.room;
        if (outcome.isAlone) throw tooLittle(outcome.shortage);
        onWait();
        await unlessAborted(next, signal);
      }
    },
  };
}

/** What is still to be written, by file system; what several need counts once. */
async function bytesByDevice(all: readonly Placed[]): Promise<ReadonlyMap<number, number>> {
  const distinct = new Map<unknown, { readonly device: number; readonly bytes: number }>();
  for (const placed of all) {
    const { need, device } = placed;
    const key = need.key ?? placed;
    const left = Math.max(0, need.bytes - ((await need.written?.()) ?? 0));
    distinct.set(key, { device, bytes: Math.min(left, distinct.get(key)?.bytes ?? left) });
  }
  const sums = new Map<number, number>();
  for (const { device, bytes } of distinct.values()) sums.set(device, (sums.get(device) ?? 0) + bytes);
  return sums;
}

function tooLittle({ paths, needBytes, freeBytes, spareBytes }: Shortage): GatewayError {
  const spare = spareBytes === 0 ? '' : `, and the cache can give up ${String(spareBytes)} more`;
  return new GatewayError(
    'NO_SPACE',
    `There is too little room at ${paths.join(' and ')}: ${String(needBytes)} bytes are needed and ${String(freeBytes)} are free${spare}. Free some, then pull again.`,
  );
}

/**
 * The file system of a path, and what may be written there.
 *
 * @throws GatewayError BAD_CONFIG when it can't be asked.
 */
export async function roomAt(path: string): Promise<{ readonly device: number; readonly freeBytes: number }> {
  try {
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(path), statfs(path)]);
    return { device: dev, freeBytes: bavail * bsize };
  } catch (error) {
    throw new GatewayError('BAD_CONFIG', `The free room of ${path} can't be found out: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
