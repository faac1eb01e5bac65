import { availableParallelism } from 'node:os';

/** Jest runs the TypeScript sources as ES modules; see package.json for the node flag that this needs. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // To end what hangs, and no judgement of how fast a machine is.
  testTimeout: 180_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  // Most tests wait for other processes: more at a time than jest would take on a small machine.
  maxWorkers: availableParallelism() + 1,
};
