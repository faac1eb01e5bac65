import type { GatewayConfig } from '../config/index.js';
import type { RegistrySettings } from '../registry/index.js';

/** The registries of the configuration as the registry client takes them. */
export function registrySettingsOf(config: GatewayConfig): readonly RegistrySettings[] {
  return config.registries;
}
