import { hostPlatform, formatPlatform, parseReference, referenceNames } from '../../registry/index.js';
import { visiblePrincipals, principalOf } from '../../access/viewer.js';
import { registrySettingsOf } from '../../jobs/registry-settings.js';
import type { ImageRecord } from '../../models/records.js';
import type { GatewayContext } from '../context.js';
import type { QueryResolvers } from '../generated/types.js';
import { parseGlobalId } from '../global-id.js';
import { badInput, pageOf, pageRequest } from '../pages.js';
import { userError } from '../user-error.js';

/** The most ids that `nodes` takes. */
const MAX_NODES = 100;

export const Query: QueryResolvers = {
  async image(_root, { system: name, reference, platform }, { services, viewer }) {
    const { pullService, images, config } = services;
    const system = config.systems.find((candidate) => candidate.name === name);
    if (system === undefined) return null;
    const { text, own } = pullService.platformOf(system, platform);
    const tag = await images.getTag(name, pullService.canonical(reference), own ? null : text);
    const visible = visiblePrincipals(viewer);
    if (tag === undefined || (visible !== undefined && !tag.principals.some((principal) => visible.includes(principal)))) return null;
    return (await images.getImage(name, tag.imageId)) ?? null;
  },

  async images(_root, args, { services, viewer }) {
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
  },

  async pull(_root, { id }, { services }) {
    return (await services.pullService.read(id)) ?? null;
  },

  async pulls(_root, { where, ...args }, { services, viewer }) {
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
  },

  systems: (_root, _args, { services }) => [...services.config.systems].sort((a, b) => (a.name < b.name ? -1 : 1)),
  system: (_root, { name }, { services }) => services.config.systems.find((system) => system.name === name) ?? null,
  registries: (_root, _args, { services }) => [...services.config.registries].sort((a, b) => (a.name < b.name ? -1 : 1)),
  registry: (_root, { name }, { services }) => registryNamed(name, services),

  viewer: (_root, _args, { viewer }) => ({ name: viewer.name, realm: viewer.realm, isAdmin: viewer.isAdmin }),

  node: (_root, { id }, context) => nodeById(id, context),
  nodes(_root, { ids }, context) {
    if (ids.length > MAX_NODES) throw badInput(`At most ${String(MAX_NODES)} ids, not ${String(ids.length)}.`);
    return Promise.all(ids.map((id) => nodeById(id, context)));
  },

  async inspect(_root, { reference, system: name }, { services, signal }) {
    try {
      const { config, registry, pullService } = services;
      const platform = name == null ? hostPlatform() : pullService.systemNamed(name).platform;
      const parsed = parseReference(reference, referenceNames(config.defaultRegistry, registrySettingsOf(config)));
      const image = await registry.resolve(parsed, { platform, signal });
      return {
        inspection: {
          reference: pullService.canonical(reference),
          topDigest: image.topDigest,
          manifestDigest: image.manifestDigest,
          configDigest: image.configDigest,
          platform: formatPlatform(image.platform),
          bytesTotal: image.bytesTotal,
          layers: image.layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
          isPublic: image.access === 'public',
        },
        errors: [],
      };
    } catch (error) {
      return { inspection: null, errors: [userError(error, [])] };
    }
  },

  about: (_root, _args, { services }) => ({ version: services.version }),
};

async function nodeById(id: string, { services, viewer }: GatewayContext) {
  const parsed = parseGlobalId(id);
  if (parsed === undefined) return null;
  const visible = visiblePrincipals(viewer);
  const isVisible = (principals: readonly string[]): boolean => visible === undefined || principals.some((principal) => visible.includes(principal));
  switch (parsed.type) {
    case 'Pull': {
      const pull = await services.pullService.read(parsed.key);
      return pull === undefined ? null : { __typename: 'Pull' as const, ...pull };
    }
    case 'Image': {
      const slash = parsed.key.lastIndexOf('/');
      const image = await services.images.getImage(parsed.key.slice(0, slash), parsed.key.slice(slash + 1));
      return image !== undefined && isVisible(image.principals) ? { __typename: 'Image' as const, ...image } : null;
    }
    case 'Tag': {
      const tag = await services.images.getTagById(parsed.key);
      return tag !== undefined && isVisible(tag.principals) ? { __typename: 'Tag' as const, ...tag } : null;
    }
    case 'System': {
      const system = services.config.systems.find(({ name }) => name === parsed.key);
      return system === undefined ? null : { __typename: 'System' as const, ...system };
    }
    case 'Registry': {
      const registry = services.config.registries.find(({ name }) => name === parsed.key);
      return registry === undefined ? null : { __typename: 'Registry' as const, ...registry };
    }
  }
}

/** By its key in `Locations`, or by an alias of Docker Hub. */
function registryNamed(name: string, { config }: GatewayContext['services']) {
  const exact = config.registries.find((registry) => registry.name === name);
  if (exact !== undefined) return exact;
  const { dockerHub = [] } = referenceNames(config.defaultRegistry, registrySettingsOf(config));
  const isHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(name);
  return (isHub ? config.registries.find((registry) => dockerHub.includes(registry.name)) : undefined) ?? null;
}

function imagePosition(cursor: string): { createdAt: Date; id: string } {
  const space = cursor.indexOf(' ');
  const createdAt = new Date(cursor.slice(0, space));
  if (Number.isNaN(createdAt.getTime())) throw badInput('That is no cursor of this list.');
  return { createdAt, id: cursor.slice(space + 1) };
}
