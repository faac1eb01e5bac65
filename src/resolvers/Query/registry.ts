import { registrySettingsOf } from '../../jobs/registry-settings.js';
import { DOCKER_HUB_NAMES, referenceNames } from '../../registry/index.js';
import type { GatewayContext } from '../context.js';
import type { QueryResolvers } from '../generated/types.js';

export const registry: NonNullable<QueryResolvers['registry']> = (_root, { name }, { services }) => registryNamed(name, services);

/** By its key in `Locations`, or by an alias of Docker Hub. */
function registryNamed(name: string, { config }: GatewayContext['services']) {
  const exact = config.registries.find((registry) => registry.name === name);
  if (exact !== undefined) return exact;
  const { dockerHub = [] } = referenceNames(config.defaultRegistry, registrySettingsOf(config));
  const isHub = DOCKER_HUB_NAMES.includes(name);
  return (isHub ? config.registries.find((registry) => dockerHub.includes(registry.name)) : undefined) ?? null;
}
