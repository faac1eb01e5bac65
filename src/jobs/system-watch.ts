/**
 * How the systems look from where a worker stands. Each is looked at by itself, one look at a time: of one that hangs it is
 * told that it does, and no other waits for it.
 */
import type { SystemConfig } from '../config/index.js';
import { publishedNames, type Target } from '../delivery/index.js';
import { GatewayError, messageOf } from '../lib/errors.js';
import type { TargetOf } from './system-targets.js';

/** What a look at a system has found. */
export interface SystemLook {
  readonly isReachable: boolean;
  /** Why it can't be reached, and what to do. */
  readonly problem: string | null;
  readonly freeBytes: number | null;
}

export interface SystemWatchOptions {
  readonly systems: () => readonly SystemConfig[];
  /** A target that gives up soon. */
  readonly target: TargetOf;
  /** How often (ms) a system is looked at; one that has not answered by then hangs. */
  readonly checkMs: number;
  /** Must not fail. */
  readonly tell: (system: string, look: SystemLook) => Promise<void>;
}

export interface SystemWatch {
  /** Looks at once at all that are not being looked at, because they have changed. */
  look(): void;
  /** From now on nothing is told. */
  stop(): void;
}

/** Looks until it is stopped. */
export function startSystemWatch({ systems, target, checkMs, tell }: SystemWatchOptions): SystemWatch {
  /** Their descriptions: a system that is described anew is another one. */
  const busy = new Set<string>();
  const stopping = new AbortController();

  async function lookAt(system: SystemConfig): Promise<void> {
    const { name } = system;
    const description = JSON.stringify(system);
    if (busy.has(description)) return;
    busy.add(description);
    const begun = Date.now();
    const found = async (look: SystemLook): Promise<void> => {
      if (!stopping.signal.aborted && systems().some((served) => JSON.stringify(served) === description)) await tell(name, look);
    };
    const whileItHangs = setInterval(() => void found(hanging(name, Date.now() - begun)), checkMs);
    const look = await lookFrom(() => target(system).until(stopping.signal));
    clearInterval(whileItHangs);
    busy.delete(description);
    await found(look);
  }
  const look = (): void => {
    for (const system of systems()) void lookAt(system);
  };

  look();
  const timer = setInterval(look, checkMs);
  return {
    look,
    stop() {
      clearInterval(timer);
      stopping.abort(new GatewayError('CANCELLED', 'This worker stops.'));
    },
  };
}

async function lookFrom(open: () => Target): Promise<SystemLook> {
  try {
    const target = open();
    const { freeBytes } = await target.room();
    // The room can be measured where nothing can be read.
    await target.stat(publishedNames('0'.repeat(64)).image);
    return { isReachable: true, problem: null, freeBytes };
  } catch (error) {
    return { isReachable: false, problem: messageOf(error), freeBytes: null };
  }
}

function hanging(name: string, ms: number): SystemLook {
  const problem = `${name} has not answered for ${String(Math.round(ms / 1000))} s: its host, or the file system of its images, hangs. Look at it from the machine of this worker.`;
  return { isReachable: false, problem, freeBytes: null };
}
