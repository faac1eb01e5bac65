import type { MutationResolvers } from '../generated/types.js';
import { cancelPull } from './cancelPull.js';
import { expireImage } from './expireImage.js';
import { importImage } from './importImage.js';
import { pullImage } from './pullImage.js';
import { verifySystem } from './verifySystem.js';

export const Mutation: MutationResolvers = { pullImage, cancelPull, expireImage, importImage, verifySystem };
