import { holdsAccess } from '../../access/viewer.js';
import type { ImageChangeEvent } from '../../jobs/image-changes.js';
import type { GatewayContext } from '../context.js';
import type { SubscriptionResolvers } from '../generated/types.js';

export const imageChanged: NonNullable<SubscriptionResolvers['imageChanged']> = {
  subscribe(_root, { system }, { services, viewer }) {
    return services.imageChanges.watch(
      (change) => (system == null || change.system === system) && holdsAccess(viewer, change.principals),
    ) as AsyncIterable<never>;
  },
  resolve: async (change: unknown, _args: unknown, { services }: GatewayContext) => {
    const { kind, system, reference, imageId } = change as ImageChangeEvent;
    const image = kind === 'REMOVED' ? null : ((await services.images.getImage(system, imageId)) ?? null);
    return { kind, system, reference, imageId, image };
  },
};
