/** Whom a caller names to use an image beside its owner. */
import { GatewayError } from '../lib/errors.js';
import type { AccessNames } from '../models/image-records.js';

/** Names of nobody else: the longest that Linux has (LOGIN_NAME_MAX, with its end). */
const LONGEST_NAME = 255;
/**
 * Characters of a name. Name services differ in what they take, so this holds what none needs and what would mean something
 * else where names are written: blanks, `:`, `,` and `/`, a leading `-`. A number is not a name: it would be looked up as one.
 */
const NAME = /^(?!\d+$)[\p{L}\p{N}_.][\p{L}\p{N}_.@+\\-]*\$?$/u;

export const NOBODY_ELSE: AccessNames = { users: [], groups: [] };

export interface AccessRequest {
  readonly users?: readonly string[] | null | undefined;
  readonly groups?: readonly string[] | null | undefined;
}

/**
 * The names, each once.
 *
 * @param maxNames of users and groups together.
 * @throws GatewayError BAD_USER_INPUT when there are too many, or one can't be a name.
 */
export function parseAccessNames({ users, groups }: AccessRequest, maxNames: number): AccessNames {
  const names = { users: [...new Set(users)], groups: [...new Set(groups)] };
  const count = names.users.length + names.groups.length;
  if (count > maxNames) {
    throw new GatewayError('BAD_USER_INPUT', `Name at most ${String(maxNames)} users and groups ("ApiLimits.maxAccessNames"), not ${String(count)}: a group can stand for its users.`);
  }
  for (const [kind, list] of [['user', names.users], ['group', names.groups]] as const) {
    const bad = list.find((name) => name.length > LONGEST_NAME || !NAME.test(name));
    if (bad !== undefined) throw new GatewayError('BAD_USER_INPUT', `${JSON.stringify(bad.slice(0, LONGEST_NAME))} can't be the name of a ${kind}: give the name that "id" shows, not a number.`);
  }
  return names;
}
