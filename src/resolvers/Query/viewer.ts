import type { QueryResolvers } from '../generated/types.js';

export const viewer: NonNullable<QueryResolvers['viewer']> = (_root, _args, { viewer }) => ({ name: viewer.name, realm: viewer.realm, isAdmin: viewer.isAdmin });
