/**
 * The executable schema: the committed contract with the resolvers on it.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolvers } from '../resolvers/index.js';

export function loadSchema(): GraphQLSchema {
  return makeExecutableSchema({ typeDefs: readFileSync(schemaFile(), 'utf8'), resolvers, inheritResolversFromInterfaces: true });
}

/** The contract lies at the root of the package, above the sources and above the compiled files. */
function schemaFile(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const file = join(directory, 'schema.graphql');
    if (existsSync(file)) return file;
    if (directory === dirname(directory)) throw new Error('schema.graphql is missing from the installation');
  }
}
