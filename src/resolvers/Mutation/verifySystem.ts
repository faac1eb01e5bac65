import { isAdminOf } from '../../access/viewer.js';
import { GatewayError } from '../../lib/errors.js';
import type { MutationResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const verifySystem: NonNullable<MutationResolvers['verifySystem']> = async (_root, { input }, { services, viewer }) => {
  try {
    const system = services.pullService.systemNamed(input.system);
    if (!isAdminOf(viewer, system)) throw new GatewayError('FORBIDDEN', `Only an administrator of ${system.name} can have it verified.`);
    return { verification: await services.requestVerification(system.name, input.repair ?? true), errors: [] };
  } catch (error) {
    return { verification: null, errors: [userError(error, ['input', 'system'])] };
  }
};
