import { principalOf } from '../../access/viewer.js';
import type { QueryResolvers } from '../generated/types.js';
import { pageOf, pageRequest } from '../pages.js';

export const pulls: NonNullable<QueryResolvers['pulls']> = async (_root, { where, ...args }, { services, viewer }) => {
  const request = pageRequest(args, services.config.apiLimits.maxPageSize);
  const forward = request.direction === 'forward';
  const found = await services.pulls.list({
    ...(where?.system == null ? {} : { system: where.system }),
    ...(where?.states == null ? {} : { states: where.states }),
    ...(where?.mine === true ? { requester: principalOf(viewer) } : {}),
    ...(request.cursor === undefined ? {} : forward ? { olderThan: request.cursor } : { newerThan: request.cursor }),
    limit: request.limit + 1,
    order: forward ? 'newest' : 'oldest',
  });
  // The live state where there is one: a list must not lag behind a single pull.
  const snapshots = await Promise.all(found.map((record) => services.pullService.present(record)));
  return pageOf(request, snapshots, ({ id }) => id);
};
