import type { SystemConfig } from '../config/index.js';
import { GatewayError } from '../lib/errors.js';
import type { GatewayContext } from './context.js';

/** The system of that name in the configuration. @throws GatewayError UNKNOWN_SYSTEM when it was taken out. */
export function systemOf(name: string, { services }: GatewayContext): SystemConfig {
  const system = services.systems.find(name) ?? services.systems.former(name);
  if (system !== undefined) return system;
  throw new GatewayError('UNKNOWN_SYSTEM', `The system "${name}" is not in the configuration any more.`);
}
