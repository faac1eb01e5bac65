import { expect, test } from '@jest/globals';
import { createFindings } from '../../src/config/findings.js';
import { registryLimitsSection } from '../../src/config/limit-keys.js';
import { readTopLevel } from '../../src/config/read-config.js';
import { registryLimitsOf } from '../../src/jobs/registry-settings.js';
import { createRegistryClient, DEFAULT_REGISTRY_LIMITS } from '../../src/registry/index.js';

function limitsOf(RegistryLimits: Readonly<Record<string, unknown>>) {
  const findings = createFindings();
  const file = { Platforms: {}, Locations: {}, RegistryLimits };
  const config = readTopLevel(file, { file: '/x.json', workingDirectory: '/', stateDirectory: '/', findings });
  expect(findings.problems.filter(({ path }) => path.startsWith('RegistryLimits'))).toEqual([]);
  return registryLimitsOf(config);
}

test('without keys, the limits are those that the registry room has by itself', () => {
  expect(limitsOf({})).toEqual(DEFAULT_REGISTRY_LIMITS);
});

test('each key changes one limit of the client, and every limit has a key', async () => {
  const changed = new Set<string>();
  for (const [name, { fallback }] of Object.entries(registryLimitsSection.keys)) {
    // Durations are written in seconds and read to ms.
    const isDuration = /Timeout|Window|Delay|After/.test(name) && !/PerHost/.test(name);
    const written = isDuration ? fallback / 1000 + 1 : fallback === 1 ? 2 : fallback - 1;
    const client = createRegistryClient({ registries: [], limits: limitsOf({ [name]: written }) });
    const differs = (Object.keys(DEFAULT_REGISTRY_LIMITS) as (keyof typeof DEFAULT_REGISTRY_LIMITS)[]).filter(
      (limit) => client.limits[limit] !== DEFAULT_REGISTRY_LIMITS[limit],
    );
    await client.close();
    expect([name, differs.length]).toEqual([name, 1]);
    expect(client.limits[differs[0]!]).toBe(isDuration ? fallback + 1000 : written);
    changed.add(differs[0]!);
  }
  expect([...changed].sort()).toEqual(Object.keys(DEFAULT_REGISTRY_LIMITS).sort());
});
