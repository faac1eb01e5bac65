/**
 * The words that settings of a system may have: the configuration file writes them in lower case, GraphQL's enums in upper case.
 */
const KEYS: ReadonlySet<string> = new Set(['accesstype', 'olderServers', 'compression', 'ownership', 'setuid', 'capabilities', 'userXattrs', 'devices', 'fifos', 'verify']);

/** A definition of a system with its words changed, and everything else as it is. */
export function changeWords(definition: object, change: (word: string) => string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(definition).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'string' && KEYS.has(name)) return [name, change(value)];
      return [name, typeof value === 'object' && value !== null && !Array.isArray(value) ? changeWords(value, change) : value];
    }),
  );
}
