import type { MutationResolvers } from '../generated/types.js';
import { systemErrors } from '../platform-entry.js';

export const removeSystem: NonNullable<MutationResolvers['removeSystem']> = async (_root, { input }, { services, viewer }) => {
  try {
    await services.systemService.remove(input.name, input.force ?? false, viewer);
    return { isRemoved: true, errors: [] };
  } catch (error) {
    return { isRemoved: false, errors: systemErrors(error) };
  }
};
