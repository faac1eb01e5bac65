import { parseAccessNames } from '../../access/access-names.js';
import { GatewayError } from '../../lib/errors.js';
import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const importImage: NonNullable<MutationResolvers['importImage']> = async (_root, { input }, { services, viewer }) => {
  const { system, path, name } = input;
  const isPublic = input.isPublic ?? false;
  const refused = (error: unknown, field: string) => ({ pull: null, errors: [userError(error, ['input', field])] });
  if (isPublic && input.access != null) {
    return refused(new GatewayError('BAD_USER_INPUT', 'With `isPublic` everybody may use the image: leave out `access`, or `isPublic`.'), 'access');
  }
  let access;
  try {
    access = parseAccessNames(input.access ?? {}, services.config.apiLimits.maxAccessNames);
  } catch (error) {
    return refused(error, 'access');
  }
  try {
    const wanted = { system, path, name, image: input.image ?? undefined, isPublic, access, force: input.force ?? false };
    return { pull: await services.importService.importImage(wanted, viewer), errors: [] };
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : undefined;
    return refused(error, code === 'UNKNOWN_SYSTEM' ? 'system' : code === 'BAD_REFERENCE' ? 'name' : 'path');
  }
};
