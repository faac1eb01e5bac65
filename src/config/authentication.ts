import { quoted } from '../lib/json.js';
import type { Findings } from './findings.js';
import { suggest } from './suggest.js';
import type { AuthenticationMode } from './types.js';

const PLANNED: readonly string[] = ['munge', 'jwt', 'token'];
const WHAT_TO_DO =
  'Write "Authentication": "none": the gateway then listens on the loopback only and takes every caller for its administrator';

/**
 * `none` has to be said: a gateway whose callers were known must not become open because a key is missing or a way of
 * knowing them is not there yet.
 */
export function checkAuthentication(
  given: readonly string[] | undefined,
  findings: Findings,
): readonly AuthenticationMode[] {
  if (given === undefined) {
    findings.problem(
      'Authentication',
      `is missing, which means "munge", and this version does not have that yet. ${WHAT_TO_DO}`,
    );
    return ['munge'];
  }
  if (given.length === 0) findings.problem('Authentication', `is an empty list. ${WHAT_TO_DO}`);
  for (const mode of given) {
    if (mode === 'none') continue;
    if (PLANNED.includes(mode)) {
      findings.problem('Authentication', `this version does not have ${quoted(mode)} yet. ${WHAT_TO_DO}`);
    } else if (mode === 'mock') {
      findings.problem(
        'Authentication',
        `"mock" believes whatever a caller says and is refused. ${WHAT_TO_DO}`,
      );
    } else {
      findings.problem(
        'Authentication',
        `${quoted(mode)} is not known. ${WHAT_TO_DO}`,
        suggest(mode, ['none', ...PLANNED]),
      );
    }
  }
  if (given.length > 1 && given.includes('none')) {
    findings.problem('Authentication', '"none" can\'t be combined with others: it lets everybody in');
  }
  return ['none'];
}
