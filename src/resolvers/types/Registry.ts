import type { RegistryResolvers } from '../generated/types.js';
import { globalId } from '../global-id.js';

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
