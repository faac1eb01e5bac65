/**
 * Definitions of systems between the schema and `Platforms`: the names are the same, but the words of the file are in
 * lower case.
 */
import { BadSystem, type SystemEntry } from '../jobs/systems/system-service.js';
import type { ResolversTypes, SystemDefinitionInput } from './generated/types.js';
import { userError } from './user-error.js';

const WORDS: ReadonlySet<string> = new Set(['accesstype', 'olderServers', 'compression', 'ownership', 'setuid', 'capabilities', 'userXattrs', 'devices', 'fifos', 'verify']);

/** The entry of `Platforms` that an input means; `null` stays what it is. */
export function platformEntry(input: SystemDefinitionInput): SystemEntry {
  return entryOf(input);
}

function entryOf(input: object): SystemEntry {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'string' && WORDS.has(name)) return [name, value.toLowerCase()];
      return [name, typeof value === 'object' && value !== null && !Array.isArray(value) ? entryOf(value) : value];
    }),
  );
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
