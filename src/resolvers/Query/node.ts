import type { QueryResolvers } from '../generated/types.js';
import { nodeById } from '../node-by-id.js';

export const node: NonNullable<QueryResolvers['node']> = (_root, { id }, context) => nodeById(id, context);
