import type { Resolvers } from './generated/types.js';
import { Mutation } from './Mutation/index.js';
import { Query } from './Query/index.js';
import { ByteCount, DateTime, Digest } from './scalars.js';
import { Subscription } from './Subscription/index.js';
import { ContentSource, Image, Pull, Registry, System, SystemCheck, Tag, Verification, VerificationFinding } from './types/index.js';

export const resolvers: Resolvers = {
  Query,
  Mutation,
  Subscription,
  ByteCount,
  DateTime,
  Digest,
  ContentSource,
  Image,
  Pull,
  Registry,
  System,
  SystemCheck,
  Tag,
  Verification,
  VerificationFinding,
};
