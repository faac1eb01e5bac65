/**
 * Limits by name. Each has a default that suits images of 100 GiB; a site changes single ones.
 */
import { withDefault } from './keys.js';
import { count, duration, flag, size } from './kinds.js';

const MANY = 1_000_000_000;

export const apiLimitsSection = {
  keys: {
    maxTokens: withDefault(count(1, MANY), 4000, 'tokens of one GraphQL document'),
    maxDepth: withDefault(count(1, 1000), 15, 'nesting of one GraphQL document'),
    maxAliases: withDefault(count(0, MANY), 50, 'aliases in one GraphQL document'),
    maxPageSize: withDefault(count(1, 100), 100, 'largest `first` or `last`'),
    maxSystemsPerPull: withDefault(count(1, MANY), 100, 'systems named in one `pullImage`'),
    requestSize: withDefault(size(1024), '1 MiB', 'body of one HTTP request'),
    websocketPayload: withDefault(size(1024), '256 KiB', 'one message on a WebSocket'),
    subscriptionsPerSocket: withDefault(count(1, MANY), 100, 'subscriptions on one WebSocket'),
    socketsPerAddress: withDefault(count(1, MANY), 200, 'WebSockets from one address'),
    introspection: withDefault(flag, true, 'clients may ask for the schema'),
  },
  legacy: {},
};

export const registryLimitsSection = {
  keys: {
    manifestSize: withDefault(size(1024), '4 MiB', 'one manifest or index'),
    configSize: withDefault(size(1024), '4 MiB', 'one image configuration'),
    tokenSize: withDefault(size(1024), '1 MiB', 'one answer of a token service'),
    layers: withDefault(count(1, MANY), 500, 'layers of one image'),
    indexEntries: withDefault(count(1, MANY), 1000, 'entries of one index'),
    redirects: withDefault(count(0, 100), 5, 'redirects of one request'),
    parallelLayers: withDefault(count(1, 100), 4, 'layers of one pull that are fetched at a time'),
    connectTimeout: withDefault(duration(0.1), 10, 'longest time to connect'),
    retries: withDefault(count(0, 1000), 5, 'tries after the first one, without progress between them'),
    retryDelayMax: withDefault(duration(0), 60, 'longest wait between two tries'),
    retryAfterMax: withDefault(duration(0), 3600, 'longest wait that a registry may ask for'),
    minimumBytesPerSecond: withDefault(count(0, MANY), 50_000, 'a slower transfer is broken off and resumed'),
    minimumRateWindow: withDefault(duration(1), 60, 'over so long the rate is measured'),
  },
  legacy: {},
};

export const rootfsLimitsSection = {
  keys: {
    layerSize: withDefault(size(1024), '256 GiB', 'one layer, uncompressed'),
    imageSize: withDefault(size(1024), '512 GiB', 'all layers, uncompressed'),
    ratio: withDefault(
      count(1, MANY),
      1000,
      'uncompressed to compressed size of a layer, after the first 64 MiB',
    ),
    entries: withDefault(count(1, MANY), 5_000_000, 'entries of all layers'),
    depth: withDefault(count(1, 1000), 256, 'components of a path'),
    paxSize: withDefault(size(512), '1 MiB', 'one extended tar header'),
    longNameSize: withDefault(size(512), '64 KiB', 'one long name'),
    xattrSize: withDefault(size(0), '64 KiB', 'extended attributes of one entry'),
  },
  legacy: {},
};
