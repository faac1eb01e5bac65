import { visiblePrincipals } from '../../access/viewer.js';
import type { ImageRecord } from '../../models/image-records.js';
import type { QueryResolvers } from '../generated/types.js';
import { badInput, pageOf, pageRequest } from '../pages.js';

export const images: NonNullable<QueryResolvers['images']> = async (_root, args, { services, viewer }) => {
  const request = pageRequest(args, services.config.apiLimits.maxPageSize);
  const principals = visiblePrincipals(viewer);
  const found = await services.images.listImages({
    ...(args.where?.system == null ? {} : { system: args.where.system }),
    ...(args.where?.nameContains == null ? {} : { nameContains: args.where.nameContains }),
    ...(principals === undefined ? {} : { principals }),
    limit: request.limit + 1,
    order: request.direction === 'forward' ? 'newest' : 'oldest',
    ...(request.cursor === undefined ? {} : { after: imagePosition(request.cursor) }),
  });
  return pageOf(request, found, (image: ImageRecord) => `${image.createdAt.toISOString()} ${image._id}`);
};

function imagePosition(cursor: string): { createdAt: Date; id: string } {
  const space = cursor.indexOf(' ');
  const createdAt = new Date(cursor.slice(0, space));
  if (Number.isNaN(createdAt.getTime())) throw badInput('That is no cursor of this list.');
  return { createdAt, id: cursor.slice(space + 1) };
}
