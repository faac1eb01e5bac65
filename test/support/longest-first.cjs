/**
 * The suites that take longest begin first: one that begins last would run alone in the end. Jest itself knows how long a
 * suite takes only where it has run before, and goes by the size of its file elsewhere.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** The longest first. */
const LONG = [
  'rootfs/package-managers',
  'rootfs/large',
  'delivery/kill',
  'gateway/kill',
  'gateway/remote',
  'gateway/import',
  'gateway/declared-systems',
  'gateway/import-kill',
  'delivery/sftp-publish',
  'rootfs/property',
  'gateway/system-tasks',
  'gateway/memory',
  'gateway/restart',
  'delivery/reader',
  'registry/memory',
  'contract/lint',
].map((name) => `/test/${name}.test.ts`);

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONG.findIndex((name) => path.endsWith(name));
      return at < 0 ? LONG.length : at;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
