import type { QueryResolvers } from '../generated/types.js';

export const systems: NonNullable<QueryResolvers['systems']> = (_root, _args, { services }) => [...services.config.systems].sort((a, b) => (a.name < b.name ? -1 : 1));
