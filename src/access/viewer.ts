/**
 * Who the caller is. This version knows one caller: with `Authentication: none` the gateway listens on the loopback
 * only, and whoever reaches it is the gateway's own user, administrator of everything.
 */
import { userInfo } from 'node:os';

export interface Viewer {
  /** The namespace that the name belongs to. */
  readonly realm: string;
  readonly name: string;
  readonly uid: number;
  /** Names of the groups that they are in, in the same namespace. */
  readonly groups: readonly string[];
  /** Administrator of the gateway, and so of every system. */
  readonly isAdmin: boolean;
}

export const SITE_REALM = 'site';
/** The principal that everybody is. */
export const PUBLIC = 'public';
/** Who has no rights (user id `nobody`). */
const NOBODY = 65_534;

/** The caller of a gateway that asks for no identity. */
export function gatewayViewer(): Viewer {
  const { username, uid } = userInfo();
  return { realm: SITE_REALM, name: username, uid, groups: [], isAdmin: true };
}

/** The principal of a user, as lists of who may see what hold it. */
export function principalOf({ realm, name }: Pick<Viewer, 'realm' | 'name'>): string {
  return `u:${realm}/${name}`;
}

/** The principal of a group. */
export function groupPrincipal(realm: string, group: string): string {
  return `g:${realm}/${group}`;
}

/** What lists are filtered by: undefined for an administrator, who sees everything. */
export function visiblePrincipals(viewer: Viewer): readonly string[] | undefined {
  return viewer.isAdmin ? undefined : [PUBLIC, principalOf(viewer), ...viewer.groups.map((group) => groupPrincipal(viewer.realm, group))];
}

/** Whether the viewer may use what is open to `principals`. */
export function holdsAccess(viewer: Viewer, principals: readonly string[]): boolean {
  const visible = visiblePrincipals(viewer);
  return visible === undefined || principals.some((principal) => visible.includes(principal));
}

/** Whether an image with these names is open to everybody: when one of them is. */
export function isOpenBy(names: readonly { readonly principals: readonly string[] }[]): boolean {
  return names.some(({ principals }) => principals.includes(PUBLIC));
}

/** Whether the viewer is an administrator of that system. */
export function isAdminOf(viewer: Viewer, system: { readonly admins: readonly string[]; readonly realm: string }): boolean {
  return viewer.isAdmin || (viewer.realm === system.realm && system.admins.includes(viewer.name));
}

/**
 * The viewer that a principal names, for work that goes on without the caller: an administrator only as the gateway's own user,
 * and in no group.
 */
export function viewerNamed(principal: string): Viewer {
  const own = gatewayViewer();
  if (principalOf(own) === principal) return own;
  const [, realm = '', name = ''] = /^u:(.*)\/([^/]*)$/.exec(principal) ?? [];
  return { realm, name, uid: NOBODY, groups: [], isAdmin: false };
}

/** The user name in a principal. */
export function nameOfPrincipal(principal: string): string {
  return principal.slice(principal.lastIndexOf('/') + 1);
}
