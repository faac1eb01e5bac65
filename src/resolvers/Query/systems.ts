import type { QueryResolvers } from '../generated/types.js';

export const systems: NonNullable<QueryResolvers['systems']> = (_root, _args, { services }) => services.systems.all();
