import { expect, test } from '@jest/globals';
import { createFindings } from '../../src/config/findings.js';
import { rootfsLimitsSection } from '../../src/config/limit-keys.js';
import { readTopLevel } from '../../src/config/read-config.js';
import { DEFAULT_ROOTFS_LIMITS, type RootfsLimits } from '../../src/rootfs/index.js';

function limitsOf(limits: Readonly<Record<string, unknown>>): RootfsLimits {
  const findings = createFindings();
  const file = { Platforms: {}, Locations: {}, RootfsLimits: limits };
  const config = readTopLevel(file, { file: '/x.json', workingDirectory: '/', stateDirectory: '/', findings });
  expect(findings.problems.filter(({ path }) => path.startsWith('RootfsLimits'))).toEqual([]);
  return config.rootfsLimits;
}

test('each key changes one limit of what layers may be, and every limit has a key', () => {
  const changed = Object.keys(rootfsLimitsSection.keys).map((name) => {
    // Within the bounds of each, and nobody's default.
    const written = name === 'depth' ? 100 : 2000;
    const limits = limitsOf({ [name]: written });
    const differing = (Object.keys(DEFAULT_ROOTFS_LIMITS) as (keyof RootfsLimits)[]).filter((limit) => limits[limit] !== DEFAULT_ROOTFS_LIMITS[limit]);
    expect(differing.map((limit) => limits[limit])).toEqual([written]);
    return differing[0];
  });
  expect(changed.sort()).toEqual(Object.keys(DEFAULT_ROOTFS_LIMITS).sort());
});
