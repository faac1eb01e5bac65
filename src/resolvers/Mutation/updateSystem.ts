import type { MutationResolvers } from '../generated/types.js';
import { platformEntry, systemErrors } from '../platform-entry.js';

export const updateSystem: NonNullable<MutationResolvers['updateSystem']> = async (_root, { input }, { services, viewer }) => {
  try {
    return { ...(await services.systemService.update(input.name, platformEntry(input.definition), viewer)), errors: [] };
  } catch (error) {
    return { system: null, warnings: [], errors: systemErrors(error) };
  }
};
