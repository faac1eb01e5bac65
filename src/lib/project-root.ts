import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest directory above this file, source or compiled, that holds a file of that path; the topmost when none does. */
export function projectRoot(file: string): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, file)) && dirname(directory) !== directory) directory = dirname(directory);
  return directory;
}
