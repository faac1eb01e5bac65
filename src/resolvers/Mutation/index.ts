import type { MutationResolvers } from '../generated/types.js';
import { addSystem } from './addSystem.js';
import { cancelPull } from './cancelPull.js';
import { checkSystem } from './checkSystem.js';
import { expireImage } from './expireImage.js';
import { importImage } from './importImage.js';
import { pullImage } from './pullImage.js';
import { removeSystem } from './removeSystem.js';
import { updateSystem } from './updateSystem.js';
import { verifySystem } from './verifySystem.js';

export const Mutation: MutationResolvers = { pullImage, cancelPull, expireImage, importImage, verifySystem, addSystem, updateSystem, checkSystem, removeSystem };
