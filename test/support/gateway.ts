/**
 * Whole gateways for tests: in this process, or as processes of their own that can be killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { createGatewayClient, type GatewayClient, type PullState } from '../../src/client/index.js';
import { loadConfig, type GatewayConfig } from '../../src/config/index.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/lib/log.js';
import type { TestStack } from './stack.js';

const MAIN = new URL('../../dist/imagegw/main.js', import.meta.url).pathname;

export interface Site {
  readonly directory: string;
  readonly images: string;
  readonly configFile: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly config: GatewayConfig;
  /** The same site with other keys in its configuration, for what starts from now on. */
  withKeys(keys: Readonly<Record<string, unknown>>): Site;
  /** Names of files below the site that are not whole: temporary names, work directories, partial blobs. */
  leftovers(): string[];
  remove(): void;
}

let sites = 0;

/** A configuration with the systems `one` and `two`, and the registry at `registryUrl` as the default. */
export function makeSite(stack: TestStack, registryUrl: string, keys: Readonly<Record<string, unknown>> = {}): Site {
  const directory = mkdtempSync(join(tmpdir(), 'imagegw-site-'));
  const images = join(directory, 'images');
  for (const name of ['images', 'two']) mkdirSync(join(directory, name));
  const configFile = join(directory, 'imagemanager.json');
  writeFileSync(
    configFile,
    JSON.stringify({
      Platforms: {
        one: { accesstype: 'local', local: { imageDir: images }, platform: 'linux/amd64' },
        two: { accesstype: 'local', local: { imageDir: join(directory, 'two') }, platform: 'linux/amd64' },
      },
      Locations: { test: { remotetype: 'dockerv2', url: registryUrl } },
      DefaultImageLocation: 'test',
      CacheDirectory: join(directory, 'cache'),
      ExpandDirectory: join(directory, 'expand'),
      StateDirectory: directory,
      Authentication: 'none',
      Port: 0,
      LogLevel: 'critical',
      JobLockDuration: 1,
      JobStalledInterval: 0.3,
      ReconcileInterval: 1,
      ShutdownGrace: 0,
      VerifyInterval: 'off',
      ...keys,
    }),
  );
  // Databases of its own, so that tests do not see each other's pulls.
  const environment = {
    ...process.env,
    NODE_OPTIONS: '',
    REDIS_URL: `${stack.redis}?db=${String(sites++ % 16)}`,
    MONGODB_URI: stack.mongoUriOf(`t${String(process.pid)}_${String(sites)}`),
  };
  const site: Site = {
    directory,
    images,
    configFile,
    environment,
    config: loadConfig({ file: configFile, environment }).config,
    withKeys: (more) => {
      const file = JSON.parse(readFileSync(configFile, 'utf8')) as object;
      writeFileSync(configFile, JSON.stringify({ ...file, ...more }));
      return { ...site, config: loadConfig({ file: configFile, environment }).config };
    },
    leftovers: () =>
      (readdirSync(directory, { recursive: true }) as string[]).filter((name) => /\.part\b|expand\/[^/]+\/|cache\/(partial|held)\//.test(name)),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  return site;
}

export function startInProcess(site: Site, roles: { readonly api: boolean; readonly worker: boolean }): Promise<RunningGateway> {
  return startGateway({
    config: site.config,
    redisUrl: site.environment['REDIS_URL'] ?? '',
    mongoUri: site.environment['MONGODB_URI'] ?? '',
    roles,
    version: 'test',
    log: createLogger('fatal'),
  });
}

export function clientOf(gateway: { readonly url: string | undefined }): GatewayClient {
  return createGatewayClient({ url: gateway.url ?? '', webSocketImpl: WebSocket });
}

export interface SpawnOptions {
  /** A command that starts the rest in its own place. */
  readonly wrap?: readonly string[];
  /** Added to that of the site. */
  readonly environment?: NodeJS.ProcessEnv;
  /** For node itself. */
  readonly nodeArguments?: readonly string[];
  /** For the gateway, behind its own. */
  readonly commandArguments?: readonly string[];
}

/** A worker in a process of its own; resolves when it works. */
export async function spawnWorker(site: Site, options: SpawnOptions = {}): Promise<ChildProcess> {
  return (await spawnGateway(site, 'worker', options)).child;
}

/** A gateway in a process of its own; resolves when it works or listens. `url` is that of its API. */
export async function spawnGateway(
  site: Site,
  role: 'up' | 'api' | 'worker',
  { wrap = [], environment, nodeArguments = [], commandArguments = [] }: SpawnOptions = {},
): Promise<{ readonly child: ChildProcess; readonly url: string | undefined }> {
  // As users start it, by its first line; only a test that tells Node.js something calls that itself.
  const program = nodeArguments.length === 0 ? [MAIN] : [process.execPath, ...nodeArguments, MAIN];
  const [command = MAIN, ...args] = [...wrap, ...program, role, '--config', site.configFile, ...commandArguments];
  const child = spawn(command, args, {
    env: { ...site.environment, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
  const [, url] = /^(?:working|listening (\S+))$/.exec(String(line)) ?? [];
  if (line !== 'working' && url === undefined) throw new Error(`the ${role} did not start: ${String(line)}`);
  return { child, url };
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** All states up to the last one. */
export async function statesOf(client: GatewayClient, id: string): Promise<PullState[]> {
  const states: PullState[] = [];
  for await (const state of client.watchPull(id)) states.push(state);
  return states;
}

/** Follows the pull until `test` is true. */
export async function until(client: GatewayClient, id: string, test: (state: PullState) => boolean): Promise<PullState> {
  for await (const state of client.watchPull(id)) if (test(state)) return state;
  throw new Error('the pull ended before');
}

/** The data of a query that the client has no document for; errors of the request are thrown. */
export async function ask<T>(url: string | undefined, query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
  const response = await fetch(url ?? '', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
