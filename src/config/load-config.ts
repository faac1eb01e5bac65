/**
 * Where the configuration comes from: options of the command line, over the environment, over the file.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GatewayError, messageOf } from '../lib/errors.js';
import { defaultConfig } from './built-in-config.js';
import { createFindings, findingLine, type Findings } from './findings.js';
import { mongoUriWithDatabase } from './mongo-uri.js';
import { checkRedisAddress, readConfig } from './read-config.js';
import type { ConfigProblem, GatewayConfig } from './types.js';

const DEFAULT_STATE_DIRECTORY = 'imagegw-state';

export interface LoadOptions {
  /** imagemanager.json; else the environment names it (IMAGEGW_CONFIG, GWCONFIG); else the built-in configuration is used. */
  readonly file?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly overrides?: { readonly port?: number; readonly state?: string };
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly warnings: readonly ConfigProblem[];
}

export interface CheckedConfig {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/**
 * @throws GatewayError BAD_CONFIG whose message holds all problems, one a line.
 */
export function loadConfig({ file: given, environment, overrides }: LoadOptions): LoadedConfig {
  const findings = createFindings();
  const file = given ?? variable(environment, 'IMAGEGW_CONFIG') ?? variable(environment, 'GWCONFIG');
  const state = overrides?.state ?? variable(environment, 'IMAGEGW_STATE');
  const stateDirectory = resolve(state ?? DEFAULT_STATE_DIRECTORY);
  const config =
    file === undefined
      ? defaultConfig(stateDirectory)
      : readConfig(readFile(file), { file, workingDirectory: process.cwd(), stateDirectory, findings });
  const fromEnvironment = readEnvironment(environment, findings);
  const [first] = findings.problems;
  if (config === undefined || first !== undefined) {
    const lines = findings.problems.map((problem) => `\n  ${findingLine(problem)}`).join('');
    throw new GatewayError('BAD_CONFIG', `The configuration ${file ?? '(built in)'} can't be used:${lines}`);
  }
  return {
    config: {
      ...config,
      ...fromEnvironment,
      ...(state === undefined ? {} : { stateDirectory }),
      ...(overrides?.port === undefined ? {} : { port: overrides.port }),
    },
    warnings: findings.warnings,
  };
}

/** Everything that is wrong with the text of a configuration file, at once. Never throws. */
export function checkConfig(text: string, file: string): CheckedConfig {
  const findings = createFindings();
  readConfig(text, {
    file,
    workingDirectory: process.cwd(),
    stateDirectory: resolve(DEFAULT_STATE_DIRECTORY),
    findings,
  });
  return { problems: findings.problems, warnings: findings.warnings };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError(
      'BAD_CONFIG',
      `The configuration can't be read: ${messageOf(error)}. Name another with --config.`,
      {
        cause: error,
      },
    );
  }
}

/** An empty variable is one that is not set. */
function variable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

type FromEnvironment = Partial<Pick<GatewayConfig, 'port' | 'redisUrl' | 'mongoUri'>>;

function readEnvironment(environment: NodeJS.ProcessEnv, findings: Findings): FromEnvironment {
  const port = variable(environment, 'IMAGEGW_PORT');
  const redisUrl = variable(environment, 'REDIS_URL');
  const mongo = variable(environment, 'MONGODB_URI');
  const mongoUri = mongo === undefined ? undefined : mongoUriWithDatabase(mongo, undefined);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    findings.problem('IMAGEGW_PORT', 'expected a port: a number from 0 to 65535');
  }
  if (redisUrl !== undefined) checkRedisAddress(redisUrl, 'REDIS_URL', findings);
  if (mongo !== undefined && mongoUri === undefined) {
    findings.problem('MONGODB_URI', 'is no MongoDB address: expected mongodb://host:port/database');
  }
  if (variable(environment, 'DISABLE_ACL_METADATA') !== undefined) {
    findings.warning(
      'DISABLE_ACL_METADATA',
      'is not offered and is ignored: access lists are always written for the runtime',
    );
  }
  return {
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(mongoUri === undefined ? {} : { mongoUri }),
  };
}
