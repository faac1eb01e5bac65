/**
 * Loaded into a worker with `--import`: the process kills itself with SIGKILL before it sends, or after it has the answer
 * to, one SFTP request. DIE_AT is `before|after REQUEST PATTERN`; the pattern is matched against the request's paths.
 */
import { createRequire } from 'node:module';

const { SFTP } = createRequire(import.meta.url)('ssh2/lib/protocol/SFTP.js');
const [when, request, pattern] = (process.env.DIE_AT ?? '').split(' ');
const real = SFTP.prototype[request];
SFTP.prototype[request] = function (...args) {
  const isIt = new RegExp(pattern).test(args.filter((arg) => typeof arg === 'string').join(' '));
  if (isIt && when === 'before') return die();
  const done = args.pop();
  return real.call(this, ...args, (...answer) => (isIt ? die() : done(...answer)));
};

function die() {
  process.kill(process.pid, 'SIGKILL');
}
