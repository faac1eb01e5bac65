import type { QueryResolvers } from '../generated/types.js';

export const pull: NonNullable<QueryResolvers['pull']> = async (_root, { id }, { services }) => {
  return (await services.pullService.read(id)) ?? null;
};
