import { holdsAccess } from '../access/viewer.js';
import type { GatewayContext } from './context.js';
import { parseGlobalId } from './global-id.js';

/** Any object of the schema that has a global id, if the caller may see it. */
export async function nodeById(id: string, { services, viewer }: GatewayContext) {
  const parsed = parseGlobalId(id);
  if (parsed === undefined) return null;
  switch (parsed.type) {
    case 'Pull': {
      const pull = await services.pullService.read(parsed.key);
      return pull === undefined ? null : { __typename: 'Pull' as const, ...pull };
    }
    case 'Image': {
      const slash = parsed.key.lastIndexOf('/');
      const image = await services.images.getImage(parsed.key.slice(0, slash), parsed.key.slice(slash + 1));
      return image !== undefined && holdsAccess(viewer, image.principals) ? { __typename: 'Image' as const, ...image } : null;
    }
    case 'Tag': {
      const tag = await services.images.getTagById(parsed.key);
      return tag !== undefined && holdsAccess(viewer, tag.principals) ? { __typename: 'Tag' as const, ...tag } : null;
    }
    case 'System': {
      const system = services.systems.find(parsed.key);
      return system === undefined ? null : { __typename: 'System' as const, ...system };
    }
    case 'Registry': {
      const registry = services.config.registries.find(({ name }) => name === parsed.key);
      return registry === undefined ? null : { __typename: 'Registry' as const, ...registry };
    }
  }
}
