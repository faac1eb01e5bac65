import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Findings } from './findings.js';

/** Where the paths of a configuration start. */
export interface PathContext {
  /** Directory of the configuration file; absent for what comes from no file: its paths must be whole. */
  readonly directory?: string;
  readonly workingDirectory: string;
  readonly findings: Findings;
}

/**
 * Absolute form of a path in the file: relative to the file; where that is not there, but something is relative to the
 * working directory, as Shifter has it, then that, with a warning.
 */
export function absolutePath(path: string, at: string, context: PathContext): string {
  if (isAbsolute(path)) return path;
  if (context.directory === undefined) {
    context.findings.problem(at, 'must begin with "/": it is read by every node of the gateway, which have no directory in common');
    return path;
  }
  const beside = resolve(context.directory, path);
  const here = resolve(context.workingDirectory, path);
  if (here === beside || existsSync(beside) || !existsSync(here)) return beside;
  context.findings.warning(
    at,
    `is found relative to the working directory (${here}) and not to the configuration file: write the whole path`,
  );
  return here;
}

/** The same for a file that has to be there; that it is not is a problem which names the places. */
export function existingFile(path: string, at: string, context: PathContext): string {
  const found = absolutePath(path, at, context);
  if (!existsSync(found)) {
    const here = resolve(context.workingDirectory, path);
    const places = here === found ? found : `${found} and ${here}`;
    context.findings.problem(at, `there is no such file; looked at ${places}`);
  }
  return found;
}
