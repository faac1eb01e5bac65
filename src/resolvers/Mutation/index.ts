import { GatewayError } from '../../lib/errors.js';
import { removeImage } from '../../delivery/index.js';
import type { MutationResolvers, ResolversTypes } from '../generated/types.js';
import type { PullSnapshot } from '../../models/records.js';
import { userError } from '../user-error.js';

export const Mutation: MutationResolvers = {
  async pullImage(_root, { input }, { services, viewer }) {
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
  },

  async cancelPull(_root, { input }, { services, viewer }) {
    try {
      return { pull: await services.pullService.cancel(input.id, viewer, input.force ?? false), errors: [] };
    } catch (error) {
      return { pull: (await services.pullService.read(input.id)) ?? null, errors: [userError(error, ['input', 'id'])] };
    }
  },

  async expireImage(_root, { input }, { services, viewer }) {
    try {
      const { pullService, images } = services;
      const system = pullService.systemNamed(input.system);
      const reference = pullService.canonical(input.reference);
      const platform = pullService.platformOf(system, input.platform);
      const known = await images.getTag(system.name, reference, platform.own ? null : platform.text);
      if (known === undefined) throw new GatewayError('NOT_FOUND', `${reference} is not on ${system.name}.`);
      if (!viewer.isAdmin) throw new GatewayError('FORBIDDEN', `Only an administrator of ${system.name} can expire ${reference}.`);
      const tag = await images.removeTag(known._id);
      // Marked first: from then on nobody can name it, so that what is removed is what nobody has.
      const imageRemoved = tag !== undefined && (await images.beginRemoval(system.name, tag.imageId));
      if (imageRemoved) {
        await removeImage(services.target(system), tag.imageId);
        await images.endRemoval(system.name, tag.imageId);
      }
      return { tag: tag ?? null, imageRemoved, errors: [] };
    } catch (error) {
      return { tag: null, imageRemoved: false, errors: [userError(error, ['input', 'reference'])] };
    }
  },
};
