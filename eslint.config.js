import tseslint from 'typescript-eslint';

/** What each room may not import: the folders of ARCHITECTURE.md, held by lint. */
function room(folder, forbidden) {
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: forbidden }] },
  };
}
const services = ['graphql*', 'bullmq', 'mongoose', 'ioredis', '@apollo/*'];
const rooms = ['config', 'models', 'access', 'resolvers', 'jobs', 'server', 'cli', 'embedded', 'client'];
const outside = (own) => [
  ...services,
  ...[...rooms, 'registry', 'rootfs', 'delivery'].filter((name) => name !== own).map((name) => `**/${name}/*`),
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/generated/**', '.cache/**', 'eslint.config.js', 'jest.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Mongoose schemas are object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  room('registry', outside('registry')),
  room('rootfs', outside('rootfs')),
  room('delivery', outside('delivery')),
  room('client', ['bullmq', 'mongoose', 'ioredis', '@apollo/*', ...rooms.filter((name) => name !== 'client').map((name) => `**/${name}/*`)]),
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-empty-function': 'off' } },
);
