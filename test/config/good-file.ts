export type JsonObject = Record<string, unknown>;

/** A site's file as it was for Shifter, with its registries as they are there; only Authentication is ours. */
export const goodFile = {
  Authentication: 'none',
  DefaultImageLocation: 'index.docker.io',
  DefaultImageFormat: 'squashfs',
  CacheDirectory: '/images/cache',
  ExpandDirectory: '/images/expand',
  ImageExpirationTimeout: '90:00:00:00',
  PullUpdateTimeout: 300,
  WorkerThreads: '8',
  MongoDBURI: 'mongodb://localhost/',
  MongoDB: 'Shifter',
  Platforms: {
    cori: {
      accesstype: 'local',
      mungeSocketPath: '/var/run/munge/munge.socket.2',
      admins: 'root',
      local: { imageDir: '/images' },
    },
  },
  Locations: {
    'index.docker.io': { remotetype: 'dockerv2', authentication: 'http' },
    local: {
      remotetype: 'dockerv2',
      url: 'https://localhost:5000',
      authentication: 'http',
      sslcacert: 'local.crt',
    },
  },
};
