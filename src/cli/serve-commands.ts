/**
 * `imagegw up`, `api` and `worker`: the gateway itself.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { GatewayConfig } from '../config/index.js';
import { loadConfig } from '../config/index.js';
import { GatewayError, messageOf } from '../lib/errors.js';
import { createLogger, type Logger } from '../lib/log.js';
import { EXIT } from './failures.js';
import type { CliIo } from './io.js';

interface ServeOptions {
  readonly config?: string;
  readonly port?: string;
  readonly state?: string;
  readonly systems?: string;
}

/** @param version of the gateway, for `about` */
export function addServeCommands(program: Command, io: CliIo, version: string): void {
  const roles = [
    { name: 'up', api: true, worker: true, about: 'run everything on this machine: API, workers and, unless given, a private Redis and index' },
    { name: 'api', api: true, worker: false, about: 'run the API alone; needs REDIS_URL and MONGODB_URI' },
    { name: 'worker', api: false, worker: true, about: 'run workers alone; needs REDIS_URL and MONGODB_URI' },
  ] as const;
  for (const role of roles) {
    const command = program
      .command(role.name)
      .description(role.about)
      .option('--config <file>', 'imagemanager.json (environment: IMAGEGW_CONFIG, GWCONFIG)')
      .option('--state <directory>', 'state directory (environment: IMAGEGW_STATE; default: ./imagegw-state)');
    if (role.api) command.option('--port <number>', 'port to listen on, 0 for any free one (environment: IMAGEGW_PORT)');
    if (role.worker) command.option('--systems <names>', 'serve only these systems, separated by commas');
    command.action(async (options: ServeOptions) => {
      io.exitCode = await serve(role, options, io, version);
    });
  }
}

async function serve(role: { readonly name: string; readonly api: boolean; readonly worker: boolean }, options: ServeOptions, io: CliIo, version: string): Promise<number> {
  let config: GatewayConfig;
  try {
    const loaded = loadConfig({
      ...(options.config === undefined ? {} : { file: options.config }),
      environment: io.environment,
      overrides: {
        ...(options.port === undefined ? {} : { port: parsePort(options.port) }),
        ...(options.state === undefined ? {} : { state: resolve(options.state) }),
      },
    });
    ({ config } = loaded);
    for (const { path, message, suggestion } of loaded.warnings) {
      io.stderr.write(`imagegw: warning: ${path === '' ? '' : `${path}: `}${message}${suggestion === undefined ? '' : ` Did you mean ${suggestion}?`}\n`);
    }
  } catch (error) {
    io.stderr.write(`imagegw: ${messageOf(error)}\n`);
    return EXIT.usage;
  }
  const log = createLogger(config.logLevel);
  try {
    await run(role, config, options, io, version, log);
    return 0;
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      log.fatal({ err: error }, 'the gateway could not go on');
      return EXIT.failed;
    }
    io.stderr.write(`imagegw: ${error.code}: ${error.message}\n`);
    return error.code === 'BAD_CONFIG' ? EXIT.usage : EXIT.failed;
  }
}

async function run(role: { readonly name: string; readonly api: boolean; readonly worker: boolean }, config: GatewayConfig, options: ServeOptions, io: CliIo, version: string, log: Logger): Promise<void> {
  const stopping = new Promise<void>((done) => {
    if (io.signal.aborted) done();
    else io.signal.addEventListener('abort', () => done(), { once: true });
  });
  // Loaded here: most of what a start costs, and callers' commands need nothing of it.
  const { startGateway } = await import('../gateway.js');
  const stack = role.name === 'up' ? await upStack(config, log) : givenStack(config, role.name);
  try {
    const gateway = await startGateway({
      config,
      redisUrl: stack.redis,
      mongoUri: stack.mongoUri,
      roles: role,
      ...(options.systems === undefined ? {} : { workerSystems: options.systems.split(',').map((name) => name.trim()) }),
      version,
      log,
    });
    try {
      io.stdout.write(gateway.url === undefined ? 'working\n' : `listening ${gateway.url}\n`);
      const failure = await Promise.race([stopping, stack.failure]);
      if (failure !== undefined) throw failure;
    } finally {
      await gateway.close();
    }
  } finally {
    await stack.stop();
  }
}

interface Stack {
  readonly redis: string;
  readonly mongoUri: string;
  readonly failure: Promise<GatewayError>;
  stop(): Promise<void>;
}

async function upStack(config: GatewayConfig, log: Logger): Promise<Stack> {
  await mkdir(config.stateDirectory, { recursive: true, mode: 0o700 });
  // The built-in configuration publishes below the state directory; directories that a site names must exist.
  if (config.file === undefined) for (const { imageDirectory } of config.systems) await mkdir(imageDirectory, { recursive: true });
  const { startEmbedded } = await import('../embedded/stack.js');
  return startEmbedded({
    stateDirectory: config.stateDirectory,
    redisUrl: config.redisUrl,
    mongoUri: config.mongoUri,
    log: { info: (message) => log.info(message), warn: (message) => log.warn(message) },
  });
}

function givenStack(config: GatewayConfig, role: string): Stack {
  const { redisUrl, mongoUri } = config;
  if (redisUrl === undefined || mongoUri === undefined) {
    throw new GatewayError('BAD_CONFIG', `imagegw ${role} needs REDIS_URL and MONGODB_URI (or RedisURL and MongoDBURI in the file): only imagegw up starts private ones.`);
  }
  return { redis: redisUrl, mongoUri, failure: new Promise(() => {}), stop: () => Promise.resolve() };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new GatewayError('BAD_CONFIG', `--port ${text}: expected a number from 0 to 65535.`);
}
