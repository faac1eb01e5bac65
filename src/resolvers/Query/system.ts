import type { QueryResolvers } from '../generated/types.js';

export const system: NonNullable<QueryResolvers['system']> = (_root, { name }, { services }) => services.systems.find(name) ?? null;
