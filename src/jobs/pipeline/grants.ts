/** Who may use what a pull publishes, while that is not open to everybody. */
import { NOBODY_ELSE } from '../../access/access-names.js';
import { gatewayViewer, groupPrincipal, principalOf } from '../../access/viewer.js';
import { GatewayError } from '../../lib/errors.js';
import { idsOf } from '../../lib/name-service.js';
import type { ImportRequest } from '../../models/pull-records.js';
import { ownIds } from '../describe-image.js';
import type { PullContext } from './context.js';
import type { Grants } from './results.js';

/** Of what a registry gives: in this version every caller is the gateway's own user. */
export function ownGrants(): Grants {
  return { owner: null, principals: [principalOf(gatewayViewer())], ids: ownIds() };
}

/**
 * Of an import: its owner, and whom they have named. The names are those of the machine of this worker, which is the system's.
 *
 * @throws GatewayError BAD_USER_INPUT for a name that the machine does not know; NAMES_UNAVAILABLE
 */
export async function importGrants({ services, system, signal }: Pick<PullContext, 'services' | 'system' | 'signal'>, { user, access: named }: ImportRequest): Promise<Grants> {
  const access = named ?? NOBODY_ELSE;
  const numbers = async (kind: 'user' | 'group', names: readonly string[]): Promise<number[]> => {
    const known = await idsOf(kind === 'user' ? 'passwd' : 'group', names, { timeLimitMs: services.config.nameLookupMs, signal });
    return names.map((name) => {
      const id = known.get(name);
      if (id === undefined) throw new GatewayError('BAD_USER_INPUT', `${system.name} knows no ${kind} "${name}": correct the name, or leave it out.`);
      return id;
    });
  };
  const [users, groups] = await Promise.all([numbers('user', access.users), numbers('group', access.groups)]);
  return {
    owner: user.principal,
    principals: [
      ...new Set([
        user.principal,
        ...access.users.map((name) => principalOf({ realm: system.realm, name })),
        ...access.groups.map((name) => groupPrincipal(system.realm, name)),
      ]),
    ],
    ids: { users: [...new Set([user.uid, ...users])], groups: [...new Set(groups)] },
  };
}
