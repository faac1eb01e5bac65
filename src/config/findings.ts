/**
 * Problems and warnings are collected, not thrown, so that one run shows all of them.
 */
import { quoted } from '../lib/json.js';
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

/** One finding on one line. */
export function findingLine(finding: ConfigProblem): string {
  const where = finding.path === '' ? '' : `${finding.path}: `;
  const suggestion = finding.suggestion === undefined ? '' : ` (did you mean ${quoted(finding.suggestion)}?)`;
  return `${where}${finding.message}${suggestion}`;
}

function finding(path: string, message: string, suggestion: string | undefined): ConfigProblem {
  return { path, message, ...(suggestion === undefined ? {} : { suggestion }) };
}
