import { visiblePrincipals } from '../../access/viewer.js';
import type { ImageResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';
import { systemOf } from '../system-of.js';

export const Image: ImageResolvers = {
  id: (image) => globalId('Image', image._id),
  system: (image, _args, context) => systemOf(image.system, context),
  async tags(image, _args, { services, viewer }) {
    const visible = visiblePrincipals(viewer);
    const tags = await services.images.tagsOf(image.system, image.imageId);
    return tags.filter((tag) => visible === undefined || tag.principals.some((principal) => visible.includes(principal)));
  },
  path: ({ product }) => product.path,
  size: ({ product }) => product.size,
  sha256: ({ product }) => product.sha256,
  format: ({ product }) => product.format,
  packer: ({ product }) => product.packer,
  entryCount: ({ product }) => product.entryCount,
  changes: ({ product }) => product.changes,
  environment: ({ config }) => config.environment,
  entrypoint: ({ config }) => config.entrypoint,
  command: ({ config }) => config.command,
  workingDirectory: ({ config }) => config.workingDirectory,
  user: ({ config }) => config.user,
  labels: ({ config }) => config.labels,
};
