import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const expireImage: NonNullable<MutationResolvers['expireImage']> = async (_root, { input }, { services, viewer }) => {
  try {
    const { tag, imageRemoved, problem } = await services.taskService.expire({ ...input, platform: input.platform }, viewer);
    return { tag: tag ?? null, imageRemoved, errors: problem === undefined ? [] : [userError(problem, ['input', 'system'])] };
  } catch (error) {
    return { tag: null, imageRemoved: false, errors: [userError(error, ['input', 'reference'])] };
  }
};
