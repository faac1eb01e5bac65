import type { QueryResolvers } from '../generated/types.js';
import { nodeById } from '../node-by-id.js';
import { badInput } from '../pages.js';

/** The most ids that `nodes` takes. */
const MAX_NODES = 100;

export const nodes: NonNullable<QueryResolvers['nodes']> = (_root, { ids }, context) => {
  if (ids.length > MAX_NODES) throw badInput(`At most ${String(MAX_NODES)} ids, not ${String(ids.length)}.`);
  return Promise.all(ids.map((id) => nodeById(id, context)));
};
