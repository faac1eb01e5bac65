import type { QueryResolvers } from '../generated/types.js';
import { about } from './about.js';
import { image } from './image.js';
import { images } from './images.js';
import { inspect } from './inspect.js';
import { node } from './node.js';
import { nodes } from './nodes.js';
import { pull } from './pull.js';
import { pulls } from './pulls.js';
import { registries } from './registries.js';
import { registry } from './registry.js';
import { system } from './system.js';
import { systems } from './systems.js';
import { viewer } from './viewer.js';

export const Query: QueryResolvers = { image, images, pull, pulls, systems, system, registries, registry, viewer, node, nodes, inspect, about };
