/**
 * A system that is declared outside the configuration file: an entry as `Platforms` has it, read by the same rules.
 */
import { keyPath } from '../lib/json.js';
import { createFindings } from './findings.js';
import { readSystem } from './read-system.js';
import type { ConfigProblem, GatewayConfig, SystemConfig } from './types.js';

/** Something that is wrong with a declaration. */
export interface DeclarationProblem {
  /** `null` when it is about the name; else the keys that lead to the value in the entry, empty for the entry as a whole. */
  readonly path: readonly string[] | null;
  readonly message: string;
}

export interface DeclaredSystem {
  /** Usable only without problems. */
  readonly system: SystemConfig | undefined;
  readonly problems: readonly DeclarationProblem[];
  readonly warnings: readonly string[];
}

/** Reads the whole entry, whatever is wrong in it. Paths must be absolute. Never throws. */
export function readDeclaredSystem(name: string, entry: unknown, { converterOptions }: Pick<GatewayConfig, 'converterOptions'>): DeclaredSystem {
  const findings = createFindings();
  const system = readSystem(name, entry, converterOptions, { workingDirectory: '/', findings });
  const at = keyPath('Platforms', name);
  const within = ({ path }: ConfigProblem): readonly string[] => path.slice(at.length).match(/[^.[\]]+/g) ?? [];
  return {
    system,
    problems: findings.problems.map((problem) => {
      const path = within(problem);
      const message = problem.suggestion === undefined ? problem.message : `${problem.message} (did you mean "${problem.suggestion}"?)`;
      return { path: path.length === 0 ? null : path, message: `${path.length === 0 ? 'The name' : path.join('.')}: ${message}.` };
    }),
    warnings: findings.warnings.map((warning) => `${within(warning).join('.')}: ${warning.message}.`),
  };
}
