import type { QueryResolvers } from '../generated/types.js';

export const about: NonNullable<QueryResolvers['about']> = (_root, _args, { services }) => ({ version: services.version });
