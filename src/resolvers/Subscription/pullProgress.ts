import type { PullSnapshot } from '../../models/pull-records.js';
import type { SubscriptionResolvers } from '../generated/types.js';

export const pullProgress: NonNullable<SubscriptionResolvers['pullProgress']> = {
  subscribe: (_root, { id }, { services }) => services.hub.watch(id) as AsyncIterable<never>,
  resolve: (snapshot: unknown) => snapshot as PullSnapshot,
};
