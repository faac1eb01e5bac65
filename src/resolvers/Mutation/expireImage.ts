import { removeImage } from '../../delivery/index.js';
import { GatewayError } from '../../lib/errors.js';
import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const expireImage: NonNullable<MutationResolvers['expireImage']> = async (_root, { input }, { services, viewer }) => {
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
};
