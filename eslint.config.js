import graphql from '@graphql-eslint/eslint-plugin';
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
  ...[...rooms, 'registry', 'rootfs', 'delivery', 'archives'].filter((name) => name !== own).map((name) => `**/${name}/*`),
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/generated/**', '.cache/**', 'eslint.config.js', 'jest.config.js'] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['schema.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      '@graphql-eslint/require-description': [
        'error',
        { types: true, DirectiveDefinition: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      // One line where one is enough, a block where it is not.
      '@graphql-eslint/description-style': 'off',
      // Payloads, errors and values have no identity.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Mongoose schemas are object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  room('registry', outside('registry')),
  room('rootfs', outside('rootfs')),
  room('delivery', outside('delivery')),
  // Reads archives to what the registry room gives, with the tar reader of the other.
  room('archives', outside('archives').filter((pattern) => pattern !== '**/registry/*' && pattern !== '**/rootfs/*')),
  room('client', ['bullmq', 'mongoose', 'ioredis', '@apollo/*', ...rooms.filter((name) => name !== 'client').map((name) => `**/${name}/*`)]),
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-empty-function': 'off' } },
);
