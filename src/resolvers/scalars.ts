/**
 * The three scalars of the schema.
 */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { isDigest } from '../lib/digest.js';

function invalid(name: string, value: unknown): GraphQLError {
  return new GraphQLError(`${JSON.stringify(value)} is no ${name}.`, { extensions: { code: 'BAD_USER_INPUT' } });
}

function byteCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid('ByteCount', value);
}

function dateTime(value: unknown): Date {
  const date = value instanceof Date ? value : typeof value === 'string' ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) throw invalid('DateTime', value);
  return date;
}

function digest(value: unknown): string {
  if (typeof value === 'string' && isDigest(value)) return value;
  throw invalid('Digest', value);
}

export const ByteCount = new GraphQLScalarType<number, number>({
  name: 'ByteCount',
  serialize: byteCount,
  parseValue: byteCount,
  parseLiteral: (node) => byteCount(node.kind === Kind.INT ? Number(node.value) : undefined),
});

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => dateTime(value).toISOString(),
  parseValue: dateTime,
  parseLiteral: (node) => dateTime(node.kind === Kind.STRING ? node.value : undefined),
});

export const Digest = new GraphQLScalarType<string, string>({
  name: 'Digest',
  serialize: digest,
  parseValue: digest,
  parseLiteral: (node) => digest(node.kind === Kind.STRING ? node.value : undefined),
});
