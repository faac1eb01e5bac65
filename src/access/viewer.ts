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
  /** Administrator of the gateway, and so of every system. */
  readonly isAdmin: boolean;
}

export const SITE_REALM = 'site';

/** The caller of a gateway that asks for no identity. */
export function gatewayViewer(): Viewer {
  const { username, uid } = userInfo();
  return { realm: SITE_REALM, name: username, uid, isAdmin: true };
}

/** The principal of a user, as lists of who may see what hold it. */
export function principalOf(viewer: Viewer): string {
  return `u:${viewer.realm}/${viewer.name}`;
}

/** What lists are filtered by: undefined for an administrator, who sees everything. */
export function visiblePrincipals(viewer: Viewer): readonly string[] | undefined {
  return viewer.isAdmin ? undefined : ['public', principalOf(viewer)];
}

/** The user name in a principal. */
export function nameOfPrincipal(principal: string): string {
  return principal.slice(principal.lastIndexOf('/') + 1);
}
