import { join } from 'node:path';
import { GatewayError } from '../lib/errors.js';
import { createFindings, findingLine } from './findings.js';
import { readTopLevel } from './read-config.js';
import type { GatewayConfig } from './types.js';

/**
 * The configuration of one machine without a file: a system `local` with its images below the state directory, Docker
 * Hub, no identity asked for, and so the loopback only.
 */
export function defaultConfig(stateDirectory: string): GatewayConfig {
  const findings = createFindings();
  const keys = {
    Platforms: { local: { accesstype: 'local', local: { imageDir: join(stateDirectory, 'images') } } },
    Locations: { 'index.docker.io': {} },
    DefaultImageLocation: 'index.docker.io',
    CacheDirectory: join(stateDirectory, 'cache'),
    ExpandDirectory: join(stateDirectory, 'expand'),
    StateDirectory: stateDirectory,
    Authentication: 'none',
    WorkerThreads: 2,
  };
  const workingDirectory = process.cwd();
  const config = readTopLevel(keys, { file: '.', workingDirectory, stateDirectory, findings });
  const [problem] = findings.problems;
  if (problem !== undefined) throw new GatewayError('BAD_CONFIG', findingLine(problem));
  return config;
}
