import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const cancelPull: NonNullable<MutationResolvers['cancelPull']> = async (_root, { input }, { services, viewer }) => {
  try {
    return { pull: await services.pullService.cancel(input.id, viewer, input.force ?? false), errors: [] };
  } catch (error) {
    return { pull: (await services.pullService.read(input.id)) ?? null, errors: [userError(error, ['input', 'id'])] };
  }
};
