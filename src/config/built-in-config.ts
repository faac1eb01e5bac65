/**
 * Defaults of everything that a file may leave out, and the configuration of one machine without a file.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfig, PlatformConfig, RegistryConfig, SystemConfig } from './types.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** The platform of the machine that this runs on, as systems have it that name none. */
export function machinePlatform(): PlatformConfig {
  const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
  return { os: 'linux', architecture: architectures[process.arch] ?? process.arch };
}

/** A local system with everything that `Platforms` may leave out. */
export function localSystem(name: string, imageDirectory: string): SystemConfig {
  return {
    name,
    access: 'local',
    imageDirectory,
    admins: [],
    realm: 'site',
    platform: machinePlatform(),
    squashfs: { compression: 'zstd', level: 3, blockSize: 128 * KIB },
    policy: {
      ownership: 'root',
      widenPermissions: true,
      setuid: 'keep',
      capabilities: 'strip',
      userXattrs: 'drop',
      devices: 'drop',
      fifos: 'drop',
    },
    delivery: { fileMode: 0o600, reserveBytes: 0, verify: 'always' },
  };
}

/** A registry with everything that `Locations` may leave out. */
export function plainRegistry(name: string, url = `https://${name}`): RegistryConfig {
  return {
    name,
    url,
    remoteType: 'dockerv2',
    authMethod: 'token',
    realmHosts: [],
    insecure: false,
    mirrors: [],
    allowedAddresses: [],
    maxConnections: 6,
    staleWhenUnavailable: false,
    foreignLayers: true,
  };
}

/**
 * The configuration of one machine without a file: a system `local` with its images below the state directory, Docker
 * Hub, no identity asked for, and so the loopback only.
 */
export function defaultConfig(stateDirectory: string): GatewayConfig {
  return {
    systems: [localSystem('local', join(stateDirectory, 'images'))],
    registries: [plainRegistry('index.docker.io', 'https://registry-1.docker.io')],
    defaultRegistry: 'index.docker.io',
    cacheDirectory: join(stateDirectory, 'cache'),
    expandDirectory: join(stateDirectory, 'expand'),
    stateDirectory,
    pullUpdateMs: 300 * SECOND,
    pullRetentionMs: 90 * DAY,
    authentication: ['none'],
    admins: [],
    importUsers: [],
    importPaths: [],
    host: '127.0.0.1',
    port: 7171,
    workerThreads: 2,
    jobs: {
      lockDurationMs: 30 * SECOND,
      stalledIntervalMs: 15 * SECOND,
      maxStalledCount: 3,
      pullTimeLimitMs: 12 * HOUR,
      reconcileIntervalMs: 30 * SECOND,
      shutdownGraceMs: 10 * SECOND,
    },
    progress: { eventsPerSecond: 4, rereadIntervalMs: 15 * SECOND },
    packer: { memoryBytes: 512 * MIB, processors: availableParallelism(), timeLimitMs: 6 * HOUR },
    logLevel: 'info',
    lookupMetrics: false,
    apiLimits: {
      maxTokens: 4000,
      maxDepth: 15,
      maxAliases: 50,
      maxPageSize: 100,
      maxSystemsPerPull: 100,
      requestBytes: MIB,
      websocketPayloadBytes: 256 * KIB,
      subscriptionsPerSocket: 100,
      socketsPerAddress: 200,
      introspection: true,
    },
    registryLimits: {
      manifestBytes: 4 * MIB,
      configBytes: 4 * MIB,
      tokenBytes: MIB,
      layers: 500,
      indexEntries: 1000,
      redirects: 5,
      parallelLayers: 4,
      connectTimeoutMs: 10 * SECOND,
      retries: 5,
      retryDelayMaxMs: 60 * SECOND,
      retryAfterMaxMs: HOUR,
      minimumBytesPerSecond: 50_000,
      minimumRateWindowMs: 60 * SECOND,
    },
    rootfsLimits: {
      layerBytes: 256 * GIB,
      imageBytes: 512 * GIB,
      ratio: 1000,
      entries: 5_000_000,
      depth: 256,
      paxBytes: MIB,
      longNameBytes: 64 * KIB,
      xattrBytes: 64 * KIB,
    },
  };
}
