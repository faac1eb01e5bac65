import type { RegistryIdentity } from '../../models/pull-records.js';
import type { ContentSourceResolvers, RegistryIdentity as ShownIdentity } from '../generated/types.js';

/** As the values of the enum are written. */
export function shownIdentity(identity: RegistryIdentity): ShownIdentity {
  return identity.toUpperCase() as Uppercase<RegistryIdentity>;
}

export const ContentSource: ContentSourceResolvers = {
  identity: ({ identity }) => shownIdentity(identity),
};
