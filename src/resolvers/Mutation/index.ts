import type { MutationResolvers } from '../generated/types.js';
import { cancelPull } from './cancelPull.js';
import { expireImage } from './expireImage.js';
import { pullImage } from './pullImage.js';

export const Mutation: MutationResolvers = { pullImage, cancelPull, expireImage };
