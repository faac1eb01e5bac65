/**
 * Loaded into a worker with `--import`: the process kills itself with SIGKILL before or after one file operation.
 * DIE_AT is `before|after OPERATION PATTERN`; the pattern is matched against the operation's paths.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [when, operation, pattern] = (process.env.DIE_AT ?? '').split(' ');
const real = fs[operation];
fs[operation] = async (...args) => {
  const isIt = new RegExp(pattern).test(args.filter((arg) => typeof arg === 'string').join(' '));
  if (isIt && when === 'before') await die();
  const result = await real(...args);
  if (isIt) await die();
  return result;
};
syncBuiltinESMExports();

function die() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}
