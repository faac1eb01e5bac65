import { formatPlatform } from '../../registry/index.js';
import type { SystemResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';

export const System: SystemResolvers = {
  id: ({ name }) => globalId('System', name),
  access: ({ access }) => (access === 'local' ? 'LOCAL' : 'REMOTE'),
  platform: ({ platform }) => formatPlatform(platform),
  queuedPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).queued,
  runningPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).running,
};
