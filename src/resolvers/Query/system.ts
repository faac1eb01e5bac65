import type { QueryResolvers } from '../generated/types.js';

export const system: NonNullable<QueryResolvers['system']> = (_root, { name }, { services }) => services.config.systems.find((system) => system.name === name) ?? null;
