/**
 * Fields of the schema's types that are not fields of the records behind them.
 */
import { holdsAccess, nameOfPrincipal, visiblePrincipals } from '../access/viewer.js';
import { GatewayError } from '../lib/errors.js';
import { formatPlatform } from '../registry/index.js';
import type { SystemConfig } from '../config/index.js';
import type { GatewayContext } from './context.js';
import type { ImageResolvers, PullResolvers, RegistryResolvers, SystemResolvers, TagResolvers } from './generated/types.js';
import { globalId } from './global-id.js';

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

export const Tag: TagResolvers = {
  id: (tag) => globalId('Tag', tag._id),
};

export const System: SystemResolvers = {
  id: ({ name }) => globalId('System', name),
  access: ({ access }) => (access === 'local' ? 'LOCAL' : 'REMOTE'),
  platform: ({ platform }) => formatPlatform(platform),
  queuedPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).queued,
  runningPullCount: async ({ name }, _args, { services }) => (await services.queues.counts(name)).running,
};

export const Registry: RegistryResolvers = {
  id: ({ name }) => globalId('Registry', name),
  isDefault: ({ name }, _args, { services }) => name === services.config.defaultRegistry,
  isInsecure: ({ insecure }) => insecure,
  async rateLimit({ name }, _args, { services }) {
    const known = await services.accounts.read(name);
    if (known === undefined) return null;
    return {
      limit: known.limit ?? null,
      remaining: known.remaining ?? null,
      windowSeconds: known.windowSeconds ?? null,
      isAnonymous: known.identity === 'anonymous',
      observedAt: known.seenAt,
    };
  },
};

export const Pull: PullResolvers = {
  system: (pull, _args, context) => systemOf(pull.system, context),
  async queuePosition(pull, _args, { services }) {
    if (pull.state !== 'QUEUED') return null;
    return (await services.queues.position(pull.system, pull.id)) ?? null;
  },
  async image(pull, _args, { services, viewer }) {
    const image = pull.imageId === null ? undefined : await services.images.getImage(pull.system, pull.imageId);
    return image !== undefined && holdsAccess(viewer, image.principals) ? image : null;
  },
  async requesters(pull, _args, { services }) {
    return ((await services.pulls.get(pull.id))?.requesters ?? []).map(nameOfPrincipal);
  },
};

function systemOf(name: string, { services }: GatewayContext): SystemConfig {
  const system = services.config.systems.find((candidate) => candidate.name === name);
  if (system !== undefined) return system;
  throw new GatewayError('UNKNOWN_SYSTEM', `The system "${name}" is not in the configuration any more.`);
}
