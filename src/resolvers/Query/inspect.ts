import { registrySettingsOf } from '../../jobs/registry-settings.js';
import { formatPlatform, hostPlatform, parseReference, referenceNames } from '../../registry/index.js';
import type { QueryResolvers } from '../generated/types.js';
import { userError } from '../user-error.js';

export const inspect: NonNullable<QueryResolvers['inspect']> = async (_root, { reference, system: name }, { services, signal }) => {
  try {
    const { config, registry, pullService } = services;
    const platform = name == null ? hostPlatform() : pullService.systemNamed(name).platform;
    const parsed = parseReference(reference, referenceNames(config.defaultRegistry, registrySettingsOf(config)));
    const image = await registry.resolve(parsed, { platform, signal });
    return {
      inspection: {
        reference: pullService.canonical(reference),
        topDigest: image.topDigest,
        manifestDigest: image.manifestDigest,
        configDigest: image.configDigest,
        platform: formatPlatform(image.platform),
        bytesTotal: image.bytesTotal,
        layers: image.layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
        isPublic: image.access === 'public',
      },
      errors: [],
    };
  } catch (error) {
    return { inspection: null, errors: [userError(error, [])] };
  }
};
