/**
 * Definitions of systems between the schema and `Platforms`.
 */
import { BadSystem, type SystemEntry } from '../jobs/systems/system-service.js';
import { changeWords } from '../lib/platform-words.js';
import type { ResolversTypes, SystemDefinitionInput } from './generated/types.js';
import { userError } from './user-error.js';

/** The entry of `Platforms` that an input means; `null` stays what it is. */
export function platformEntry(input: SystemDefinitionInput): SystemEntry {
  return changeWords(input, (word) => word.toLowerCase());
}

/** What stood in the way of a declaration: one error for each thing that is wrong. @throws what is no failure of ours */
export function systemErrors(thrown: unknown): ResolversTypes['UserError'][] {
  if (!(thrown instanceof BadSystem)) return [userError(thrown, ['input', 'name'])];
  return thrown.problems.map(({ path, message }) => ({
    __typename: 'InvalidInputError',
    message,
    code: thrown.code,
    path: path === null ? ['input', 'name'] : ['input', 'definition', ...path],
  }));
}
