/**
 * `imagegw doctor`: whether this machine has what a gateway with this configuration needs, all of it at once.
 */
import { access, constants, statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadConfig, type GatewayConfig } from '../config/index.js';
import { findIndexServer } from '../embedded/find-index-server.js';
import { findProgram } from '../lib/child.js';
import { messageOf } from '../lib/errors.js';
import { mksquashfsPacker, notesOn, probeMksquashfs, probeTools } from '../rootfs/index.js';
import { EXIT } from './failures.js';
import type { CliIo } from './io.js';

interface Check {
  readonly what: string;
  /** What was found. @throws an error that says what is missing, and what to do */
  readonly look: () => Promise<string> | string;
}

export function addDoctorCommand(program: Command, io: CliIo): void {
  program
    .command('doctor')
    .description('look whether this machine has what the gateway needs; exits with 0 when it has, else with 1')
    .option('--config <file>', 'imagemanager.json (environment: IMAGEGW_CONFIG, GWCONFIG)')
    .action(async ({ config }: { readonly config?: string }) => {
      io.exitCode = await examine(config, io);
    });
}

async function examine(file: string | undefined, io: CliIo): Promise<number> {
  let config: GatewayConfig;
  try {
    ({ config } = loadConfig({ ...(file === undefined ? {} : { file }), environment: io.environment }));
  } catch (error) {
    io.stderr.write(`imagegw: ${messageOf(error)}\n`);
    return EXIT.usage;
  }
  const checks = [
    { what: 'configuration', look: () => config.file ?? 'built in: one system, below the state directory' },
    ...programs(config, io.environment),
    ...directories(config),
  ];
  const width = Math.max(...checks.map(({ what }) => what.length));
  let missing = 0;
  for (const { what, look } of checks) {
    const [mark, says] = await Promise.resolve()
      .then(look)
      .then(
        (found) => ['ok     ', found] as const,
        (error: unknown) => ['MISSING', messageOf(error)] as const,
      );
    if (mark === 'MISSING') missing += 1;
    io.stdout.write(`${mark}  ${what.padEnd(width)}  ${says}\n`);
  }
  return missing === 0 ? 0 : EXIT.failed;
}

function programs(config: GatewayConfig, environment: NodeJS.ProcessEnv): Check[] {
  const path = environment['PATH'] ?? '';
  const installed = (name: string, otherwise: string): string => {
    const found = findProgram(name, path);
    if (found === undefined) throw new Error(otherwise);
    return found;
  };
  const checks: Check[] = [
    {
      what: 'imagegw-squash',
      look: async () => {
        const { squash } = await probeTools(environment);
        return `${squash.version}; inflates gzip with isa-l, in any case: ${squash.path}`;
      },
    },
  ];
  checks.push({ what: 'mksquashfs', look: () => mksquashfs(config, environment) });
  if (config.examiner?.kind === 'classic') {
    checks.push({ what: 'unsquashfs', look: () => installed('unsquashfs', 'install squashfs-tools: `examiner` gets images unpacked') });
  }
  if (config.importUsers.length > 0 && config.importSquashfs !== 'none' && config.importSquashfsRepack) {
    checks.push({ what: 'sqfs2tar', look: () => installed('sqfs2tar', 'install squashfs-tools-ng: a squashfs that is imported is packed anew') });
  }
  const redis = config.redisUrl === undefined ? (): string => installed('redis-server', 'install redis-server, or set REDIS_URL') : (): string => 'given: REDIS_URL';
  const index = async (): Promise<string> => {
    if (config.mongoUri !== undefined) return 'given: MONGODB_URI';
    return findProgram('mongod', path) ?? (await findIndexServer(environment));
  };
  return [...checks, { what: 'Redis', look: redis }, { what: 'index', look: index }];
}

/** It is needed where options are for it; what is known of its version is told. */
async function mksquashfs({ systems }: GatewayConfig, environment: NodeJS.ProcessEnv): Promise<string> {
  const tool = await probeMksquashfs(environment['PATH'] ?? '');
  const own = systems.filter(({ squashfs }) => (squashfs.extraOptions ?? []).length > 0);
  for (const { squashfs } of own) mksquashfsPacker(tool, squashfs);
  if ('unusable' in tool) return `not needed: no system has options for it (${tool.unusable})`;
  const { path, version } = tool;
  if (own.length === 0) return `${version}, not needed: no system has options for it: ${path}`;
  const names = own.map(({ name }) => name).join(', ');
  return [`${version}, for the ConverterOptions of ${names}: ${path}`, ...notesOn(version)].join('; ');
}

function directories({ file, cacheDirectory, expandDirectory, stateDirectory, systems }: GatewayConfig): Check[] {
  // Those are made at the start.
  const made = file === undefined ? [] : systems.flatMap(({ name, access: way, imageDirectory }) => (way === 'local' ? [[`images of ${name}`, imageDirectory] as const] : []));
  const mayBeMade = [
    ['CacheDirectory', cacheDirectory],
    ['ExpandDirectory', expandDirectory],
    ['state directory', stateDirectory],
  ] as const;
  return [
    ...mayBeMade.map(([what, path]): Check => ({ what, look: () => writable(path, true) })),
    ...made.map(([what, path]): Check => ({ what, look: () => writable(path, false) })),
  ];
}

async function writable(path: string, mayBeMade: boolean): Promise<string> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(path);
    return `${path}, ${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free`;
  } catch (error) {
    if (mayBeMade && error instanceof Object && 'code' in error && error.code === 'ENOENT') return `${path}, to be made`;
    throw new Error(`${path} can't be written in: ${messageOf(error)}`, { cause: error });
  }
}
