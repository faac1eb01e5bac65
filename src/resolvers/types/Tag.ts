import type { TagResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';

export const Tag: TagResolvers = {
  id: (tag) => globalId('Tag', tag._id),
};
