import { GatewayError } from '../../lib/errors.js';
import type { PullSnapshot } from '../../models/pull-records.js';
import type { MutationResolvers, ResolversTypes } from '../generated/types.js';
import { userError } from '../user-error.js';

export const pullImage: NonNullable<MutationResolvers['pullImage']> = async (_root, { input }, { services, viewer }) => {
  const pulls: PullSnapshot[] = [];
  const errors: ResolversTypes['UserError'][] = [];
  const { maxSystemsPerPull } = services.config.apiLimits;
  if (input.systems.length === 0 || input.systems.length > maxSystemsPerPull) {
    const message = `Name 1 to ${String(maxSystemsPerPull)} systems, not ${String(input.systems.length)}.`;
    return { pulls, errors: [userError(new GatewayError('BAD_USER_INPUT', message), ['input', 'systems'])] };
  }
  for (const field of ['credentials', 'access'] as const) {
    if (input[field] == null) continue;
    const message = `This version does not take \`${field}\` with a pull yet; private images are pulled with the credentials that the configuration gives for their registry, and are the gateway's own.`;
    return { pulls, errors: [userError(new GatewayError('UNSUPPORTED', message), ['input', field])] };
  }
  for (const system of new Set(input.systems)) {
    try {
      pulls.push(
        await services.pullService.pull({ reference: input.reference, system, platform: input.platform ?? undefined, force: input.force ?? false }, viewer),
      );
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : undefined;
      const field = code === 'UNKNOWN_SYSTEM' ? 'systems' : code === 'BAD_USER_INPUT' ? 'platform' : 'reference';
      errors.push(userError(error, ['input', field]));
      // The reference is wrong for every system.
      if (code === 'BAD_REFERENCE') break;
    }
  }
  return { pulls, errors };
};
