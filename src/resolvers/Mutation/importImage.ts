import { GatewayError } from '../../lib/errors.js';
import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const importImage: NonNullable<MutationResolvers['importImage']> = async (_root, { input }, { services, viewer }) => {
  if (input.access != null) {
    const message = 'This version does not take `access` with an import yet: it is its importer\'s own, or everybody\'s with `isPublic`.';
    return { pull: null, errors: [userError(new GatewayError('UNSUPPORTED', message), ['input', 'access'])] };
  }
  try {
    const { system, path, name } = input;
    const wanted = { system, path, name, image: input.image ?? undefined, isPublic: input.isPublic ?? false, force: input.force ?? false };
    return { pull: await services.importService.importImage(wanted, viewer), errors: [] };
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : undefined;
    const field = code === 'UNKNOWN_SYSTEM' ? 'system' : code === 'BAD_REFERENCE' ? 'name' : 'path';
    return { pull: null, errors: [userError(error, ['input', field])] };
  }
};
