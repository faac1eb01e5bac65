import { holdsAccess } from '../../access/viewer.js';
import type { QueryResolvers } from '../generated/types.js';

export const image: NonNullable<QueryResolvers['image']> = async (_root, { system: name, reference, platform }, { services, viewer }) => {
  const { pullService, images, systems } = services;
  const system = systems.find(name);
  if (system === undefined) return null;
  const { text, own } = pullService.platformOf(system, platform);
  const tag = await images.getTag(name, pullService.canonical(reference), own ? null : text);
  if (tag === undefined || !holdsAccess(viewer, tag.principals)) return null;
  return (await images.getImage(name, tag.imageId)) ?? null;
};
