import type { SystemCheckResolvers } from '../generated/types.js';

export const SystemCheck: SystemCheckResolvers = {
  isUsable: ({ steps }) => steps.every(({ problem }) => problem === null),
};
