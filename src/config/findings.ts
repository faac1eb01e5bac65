/**
 * Problems and warnings are collected, not thrown, so that one run shows all of them.
 */
import type { ConfigProblem } from './types.js';

export interface Findings {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  /** Something that has to be corrected before the gateway starts. */
  problem(path: string, message: string, suggestion?: string): void;
  /** Something that the gateway starts with, but that an administrator should know. */
  warning(path: string, message: string, suggestion?: string): void;
}

export function createFindings(): Findings {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  return {
    problems,
    warnings,
    problem: (path, message, suggestion) => problems.push(finding(path, message, suggestion)),
    warning: (path, message, suggestion) => warnings.push(finding(path, message, suggestion)),
  };
}

/** `Platforms.cori`, `host[0]`; a name that holds a dot or the like is quoted: `Locations["index.docker.io"]`. */
export function keyPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w+@-]+$/.test(key)) return `${parent}[${quoted(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** Text from outside on one line without control characters: it ends up on terminals. */
export function quoted(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  // JSON escapes what is below U+0020; C1 controls, line separators and marks that turn text round are left to us.
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One finding on one line. */
export function findingLine(finding: ConfigProblem): string {
  const where = finding.path === '' ? '' : `${finding.path}: `;
  const suggestion = finding.suggestion === undefined ? '' : ` (did you mean ${quoted(finding.suggestion)}?)`;
  return `${where}${finding.message}${suggestion}`;
}

function finding(path: string, message: string, suggestion: string | undefined): ConfigProblem {
  return { path, message, ...(suggestion === undefined ? {} : { suggestion }) };
}
