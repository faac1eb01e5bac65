/**
 * Whose temporary files on a system are still in use. They are named by a pull, or by the claim of a worker that checks the
 * system or writes beside an image.
 */
import { isTerminal } from '../models/pull-records.js';
import type { PullStore } from '../models/pull-store.js';
import type { TaskStore } from '../models/task-store.js';

/** Whether somebody may still be at work under an id. @throws GatewayError INDEX_UNAVAILABLE */
export type Liveness = (id: string) => Promise<boolean>;

export function createLiveness(pulls: Pick<PullStore, 'get'>, tasks: Pick<TaskStore, 'isClaimed'>): Liveness {
  return async (id) => {
    const pull = await pulls.get(id);
    return pull === undefined ? tasks.isClaimed(id) : !isTerminal(pull.state);
  };
}
