import { isAdminOf } from '../../access/viewer.js';
import { queued } from '../../jobs/pull-queues.js';
import { formatPlatform } from '../../registry/index.js';
import type { SystemResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';

export const System: SystemResolvers = {
  id: ({ name }) => globalId('System', name),
  source: ({ name }, _args, { services }) => services.systems.sourceOf(name),
  access: ({ access }) => (access === 'local' ? 'LOCAL' : 'REMOTE'),
  platform: ({ platform }) => formatPlatform(platform),
  queuedPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).queued,
  runningPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).running,
  async workers({ name }, _args, { services }) {
    const workers = await queued(() => services.workers.workersOf(name));
    return workers.map(({ slots, running, ...worker }) => ({ ...worker, slotCount: slots, runningPullCount: running }));
  },
  status: async ({ name }, _args, { services }) => (await queued(() => services.workers.statusOf(name))) ?? null,
  async verification(system, _args, { services, viewer }) {
    return isAdminOf(viewer, system) ? ((await services.verifications.get(system.name)) ?? null) : null;
  },
  lastPublishedAt: ({ name }, _args, { services }) => services.images.lastPublishedAt(name),
};
