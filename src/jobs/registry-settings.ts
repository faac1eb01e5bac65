/** What the configuration says of registries, as the registry room takes it. */
import type { GatewayConfig } from '../config/index.js';
import type { RegistryLimits, RegistrySettings } from '../registry/index.js';

/** The registries of the configuration. */
export function registrySettingsOf(config: GatewayConfig): readonly RegistrySettings[] {
  return config.registries;
}

/** The limits of the configuration: all of them, so that none keeps its default unseen. */
export function registryLimitsOf(config: GatewayConfig): RegistryLimits {
  return config.registryLimits;
}
