import { findProgram } from '../../src/lib/child.js';

/** crane, from PATH or from where `scripts/install-crane.sh` puts it; undefined when it is in neither place. */
export function findCrane(): string | undefined {
  const cache = process.env['IMAGEGW_CACHE'] ?? '.cache';
  return findProgram('crane') ?? findProgram('crane', `${cache}/bin`);
}
