/**
 * Ids of pulls: 48 bits of time and 80 random bits (the layout of ULID) in lower-case Crockford base 32, so that
 * the order of ids is the order of creation and lists need no index of their own. They are safe as BullMQ job ids
 * and as parts of file names.
 */
import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const PULL_ID = /^pull_[0-9a-hjkmnp-tv-z]{26}$/;

export function newPullId(now = Date.now()): string {
  return `pull_${ulid(now)}`;
}

/** The id of one check of a system; no id of a pull is equal to it. */
export function newCheckId(now = Date.now()): string {
  return `check_${ulid(now)}`;
}

function ulid(now: number): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = `${DIGITS.charAt(rest % 32)}${time}`;
  let random = '';
  for (const byte of randomBytes(16)) random += DIGITS.charAt(byte % 32);
  return `${time}${random}`;
}

export function isPullId(text: string): boolean {
  return PULL_ID.test(text);
}
