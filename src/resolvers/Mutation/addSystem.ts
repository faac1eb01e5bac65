import type { MutationResolvers } from '../generated/types.js';
import { platformEntry, systemErrors } from '../platform-entry.js';

export const addSystem: NonNullable<MutationResolvers['addSystem']> = async (_root, { input }, { services, viewer }) => {
  try {
    return { ...(await services.systemService.add(input.name, platformEntry(input.definition), viewer)), errors: [] };
  } catch (error) {
    return { system: null, warnings: [], errors: systemErrors(error) };
  }
};
