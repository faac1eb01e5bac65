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
    maxAccessNames: withDefault(count(0, 900), 100, 'users and groups named in one access list'),
    requestSize: withDefault(size(1024), '1 MiB', 'body of one HTTP request'),
    websocketPayload: withDefault(size(1024), '256 KiB', 'one message on a WebSocket'),
    subscriptionsPerSocket: withDefault(count(1, MANY), 100, 'subscriptions on one WebSocket'),
    socketsPerAddress: withDefault(count(1, MANY), 200, 'WebSockets at a time from one address; a proxy in front is one address'),
    introspection: withDefault(flag, true, 'clients may ask for the schema'),
  },
  legacy: {},
};

export const registryLimitsSection = {
  keys: {
    manifestSize: withDefault(size(1024), '4 MiB', 'one manifest or index'),
    configSize: withDefault(size(1024), '4 MiB', 'one image configuration'),
    tokenSize: withDefault(size(1024), '1 MiB', 'one answer of a token service'),
    errorSize: withDefault(size(1024), '64 KiB', "read of an error's text; far less of it is shown"),
    layers: withDefault(count(1, MANY), 500, 'layers of one image'),
    imageSize: withDefault(size(1024), '1 TiB', 'all layers of one image, as they are fetched'),
    indexEntries: withDefault(count(1, MANY), 1000, 'entries of one index'),
    indexDepth: withDefault(count(1, 10), 2, 'indexes within indexes; 2 is an index within an index'),
    redirects: withDefault(count(0, 100), 5, 'redirects of one request'),
    parallelLayers: withDefault(count(1, 100), 4, 'layers of one pull that are fetched at a time'),
    rangeThreshold: withDefault(size(1024), '256 MiB', 'layers from this size on are fetched in several ranges at once'),
    rangeSize: withDefault(size(1024), '32 MiB', 'one of these ranges'),
    rangeStreams: withDefault(count(1, 100), 4, 'ranges of one layer at a time; 1: none'),
    connectTimeout: withDefault(duration(0.1), 10, 'longest time to connect'),
    answerTimeout: withDefault(duration(0.1), 60, 'longest time to the head of an answer, and between two pieces of its body'),
    minimumBytesPerSecond: withDefault(count(0, MANY), 50_000, 'a slower transfer is broken off and resumed'),
    minimumRateWindow: withDefault(duration(1), 60, 'over so long the rate is measured'),
    retries: withDefault(count(0, 1000), 4, 'tries after the first one, without progress between them'),
    retryDelay: withDefault(duration(0), 1, 'wait before the second try, doubled with each one after it'),
    rateLimitedDelay: withDefault(duration(0), 2, 'the same after "too many requests" without a time to wait'),
    retryDelayMax: withDefault(
      duration(0),
      60,
      'longest wait between two tries for which a pull keeps its worker; where a registry asks for a longer one, the pull waits in its queue, and its worker takes another',
    ),
    retryAfterMax: withDefault(duration(0), 3600, 'longest wait that a registry may ask for; one that asks for more ends the pull as RATE_LIMITED, and is not asked for so long'),
    retriesPerHost: withDefault(count(0, MANY), 120, 'tries after the first one to one host, of all workers, in `retriesWindow`'),
    retriesWindow: withDefault(duration(1), 60, 'over so long they are counted'),
  },
  legacy: {},
};

export const rootfsLimitsSection = {
  keys: {
    layerSize: withDefault(size(1024), '256 GiB', 'one layer, uncompressed'),
    imageSize: withDefault(size(1024), '512 GiB', 'all layers, uncompressed'),
    ratio: withDefault(count(1, MANY), 1000, 'uncompressed to compressed size of a layer'),
    ratioFrom: withDefault(size(0), '64 MiB', 'the ratio of smaller layers (uncompressed) is not looked at: small ones of zeros are normal'),
    entries: withDefault(count(1, MANY), 1_100_000, 'entries of all layers; while an image is made each takes some 110 bytes of memory of the worker, and twice what its name has beyond ten: with so many of usual names a worker with one pull keeps under 300 MB, with five million it takes 700 MB'),
    smallEntries: withDefault(count(1, MANY), 100_000, 'entries of an image that is made beside others; of larger ones a worker makes one at a time, and the others wait for their turn: so many large images at once take no more memory than one'),
    depth: withDefault(count(1, 1000), 256, 'components of a path'),
    pathSteps: withDefault(count(1, MANY), 200_000_000, 'components that are looked up for one image, those that symbolic links name among them: links could lead each of a million entries through thousands'),
    paxSize: withDefault(size(512), '1 MiB', 'one extended tar header'),
    longNameSize: withDefault(size(512), '64 KiB', 'one long name'),
    xattrSize: withDefault(size(0), '64 KiB', 'extended attributes of one entry'),
    namesSize: withDefault(size(1024), '96 MiB', 'names, attributes and maps of sparse files of one layer, as they are kept in memory'),
  },
  legacy: {},
};
