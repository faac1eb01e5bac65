import type { RegistryResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';
import { shownIdentity } from './ContentSource.js';

export const Registry: RegistryResolvers = {
  id: ({ name }) => globalId('Registry', name),
  isDefault: ({ name }, _args, { services }) => name === services.config.defaultRegistry,
  isInsecure: ({ insecure }) => insecure,
  async rateLimits({ name }, _args, { services }) {
    const known = await services.accounts.read(name);
    return known.map(({ limit, remaining, windowSeconds, identity, seenAt }) => ({
      limit: limit ?? null,
      remaining: remaining ?? null,
      windowSeconds: windowSeconds ?? null,
      identity: shownIdentity(identity),
      observedAt: seenAt,
    }));
  },
};
