import { holdsAccess, nameOfPrincipal } from '../../access/viewer.js';
import { imageKey } from '../../models/image-records.js';
import type { PullResolvers } from '../generated/types.js';
import { systemOf } from '../system-of.js';
import { shownIdentity } from './ContentSource.js';

export const Pull: PullResolvers = {
  system: (pull, _args, context) => systemOf(pull.system, context),
  async message(pull, _args, { services }) {
    if (pull.state !== 'QUEUED' || pull.message !== null) return pull.message;
    // Told when asked for: a worker that goes does not say so.
    const workers = await services.workers.workersOf(pull.system).catch(() => undefined);
    return workers?.length === 0 ? `waiting for a worker of ${pull.system}` : null;
  },
  async queuePosition(pull, _args, { services }) {
    if (pull.state !== 'QUEUED') return null;
    return (await services.queues.position(pull.system, pull.id)) ?? null;
  },
  identity: ({ identity }) => (identity == null ? null : shownIdentity(identity)),
  async image(pull, _args, { loaders, viewer }) {
    const image = pull.imageId === null ? undefined : await loaders.images.load(imageKey(pull.system, pull.imageId));
    return image !== undefined && holdsAccess(viewer, image.principals) ? image : null;
  },
  async requesters(pull, _args, { services }) {
    return ((await services.pulls.get(pull.id))?.requesters ?? []).map(nameOfPrincipal);
  },
};
