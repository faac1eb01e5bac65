import { holdsAccess, PUBLIC } from '../../access/viewer.js';
import type { RootfsPolicyConfig } from '../../config/index.js';
import type { FlatteningPolicy, ImageResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';
import { systemOf } from '../system-of.js';

export const Image: ImageResolvers = {
  id: (image) => globalId('Image', image._id),
  system: (image, _args, context) => systemOf(image.system, context),
  async tags(image, _args, { loaders, viewer }) {
    return (await loaders.tags.load(image._id)).filter((tag) => holdsAccess(viewer, tag.principals));
  },
  isPublic: ({ principals }) => principals.includes(PUBLIC),
  path: ({ product }) => product.path,
  size: ({ product }) => product.size,
  sha256: ({ product }) => product.sha256,
  format: ({ product }) => product.format,
  packer: ({ product }) => product.packer,
  entryCount: ({ product }) => product.entryCount,
  changes: ({ product }) => product.changes,
  rules: ({ product }) => (product.rules === undefined ? null : { version: product.rules.version, policy: shownPolicy(product.rules.policy) }),
  environment: ({ config }) => config.environment,
  entrypoint: ({ config }) => config.entrypoint,
  command: ({ config }) => config.command,
  workingDirectory: ({ config }) => config.workingDirectory,
  user: ({ config }) => config.user,
  labels: ({ config }) => config.labels,
  attestations: ({ provenance }) => provenance?.attestations ?? [],
};

/** As the values of an enum are written. */
function upper<T extends string>(value: T): Uppercase<T> {
  return value.toUpperCase() as Uppercase<T>;
}

function shownPolicy({ widenPermissions, ownership, setuid, capabilities, userXattrs, devices, fifos }: RootfsPolicyConfig): FlatteningPolicy {
  return {
    widenPermissions,
    ownership: upper(ownership),
    setuid: upper(setuid),
    capabilities: upper(capabilities),
    userXattrs: upper(userXattrs),
    devices: upper(devices),
    fifos: upper(fifos),
  };
}
