import type { QueryResolvers } from '../generated/types.js';

export const registries: NonNullable<QueryResolvers['registries']> = (_root, _args, { services }) => [...services.config.registries].sort((a, b) => (a.name < b.name ? -1 : 1));
