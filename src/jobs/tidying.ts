/**
 * What work that has ended has left on the systems of a worker, looked for once, when the worker starts. It serves its
 * systems meanwhile: one that does not answer keeps nobody waiting, and is tidied when it is verified.
 */
import type { SystemConfig } from '../config/index.js';
import { sweepTemporary } from '../delivery/index.js';
import { GatewayError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { TargetOf } from './system-targets.js';

export interface TidyingOptions {
  readonly systems: readonly SystemConfig[];
  /** A target that gives up soon. */
  readonly target: TargetOf;
  /** Whether somebody may still be at work under this id. */
  readonly isAlive: (id: string) => Promise<boolean>;
  readonly log: Logger;
}

/** Tidies all systems side by side. `stop` ends what is not done by then. */
export function startTidying({ systems, target, isAlive, log }: TidyingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const tidy = async (system: SystemConfig): Promise<void> => {
    try {
      const removed = await sweepTemporary(target(system).until(stopping.signal), isAlive);
      if (removed.length > 0) log.info({ system: system.name, removed }, 'what work that has ended had left was removed');
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ err: error, system: system.name }, 'the system could not be tidied');
    }
  };
  const all = Promise.all(systems.map(tidy));
  return {
    async stop() {
      stopping.abort(new GatewayError('CANCELLED', 'This worker stops.'));
      await all;
    },
  };
}
