/**
 * The command line as few files: Node.js needs a third of the time to load them, which every command of a user waits for.
 * ssh2 stays outside, because its native part is found beside its sources.
 */
import { build } from 'esbuild';

/** Packages that others use when they are there. */
const OPTIONAL = [
  '@aws-sdk/credential-providers',
  '@mongodb-js/zstd',
  'aws4',
  'bufferutil',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
  'utf-8-validate',
];

await build({
  entryPoints: ['src/main.ts'],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outdir: 'dist/imagegw',
  chunkNames: 'chunk-[hash]',
  external: ['ssh2', ...OPTIONAL],
  // What is CommonJS in the bundle asks for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
