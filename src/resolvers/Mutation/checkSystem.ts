import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const checkSystem: NonNullable<MutationResolvers['checkSystem']> = async (_root, { input }, { services, viewer }) => {
  try {
    return { check: await services.taskService.check(input.system, viewer), errors: [] };
  } catch (error) {
    return { check: null, errors: [userError(error, ['input', 'system'])] };
  }
};
