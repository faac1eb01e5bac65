/**
 * RESOLVE of an import: what lies at the path, opened on the machine of the worker and read to what a registry would give.
 */
import { openSource, type ImageSource } from '../../archives/index.js';
import { GatewayError } from '../../lib/errors.js';
import { idsOf } from '../../lib/name-service.js';
import type { ImportRequest } from '../../models/pull-records.js';
import { parsePlatform } from '../../registry/index.js';
import { registryLimitsOf } from '../registry-settings.js';
import type { PullContext } from './context.js';

/**
 * The caller closes it.
 * @throws GatewayError as `openSource`; POLICY_REFUSED for a squashfs of somebody who may not import one.
 */
export async function openImport(context: PullContext, { path, image, isPublic, user }: ImportRequest): Promise<ImageSource> {
  const { services, record, system, signal, progress } = context;
  const { config } = services;
  progress.say('reading what is to be imported');
  const source = await openSource({
    path,
    roots: config.importPaths,
    user: { uid: user.uid, administrators: await administrators([...config.admins, ...system.admins], config.nameLookupMs, signal) },
    name: record.request.reference,
    image: image ?? undefined,
    platform: parsePlatform(record.request.platform),
    access: isPublic ? 'public' : 'private',
    limits: registryLimitsOf(config),
    archive: { ...config.rootfsLimits, members: config.importMembers },
    signal,
    checkSquashfs() {
      if (config.importSquashfs === 'all' || (config.importSquashfs === 'admins' && user.isAdmin)) return;
      const who = config.importSquashfs === 'admins' ? 'administrators' : 'nobody';
      throw new GatewayError('POLICY_REFUSED', `${path} is a squashfs, which is for ${who} to import here ("ImportSquashfs"): import a docker-archive or an OCI layout.`);
    },
  });
  if (source.image.layers.length === 0) {
    await source.close();
    throw new GatewayError('BAD_MANIFEST', `The image in ${path} has no layers, so there is nothing to mount.`);
  }
  progress.say(null);
  return source;
}

/** User ids of root, of the gateway, and of those of these users that the machine knows. */
async function administrators(names: readonly string[], timeLimitMs: number, signal: AbortSignal): Promise<readonly number[]> {
  const own = process.geteuid?.();
  const known = await idsOf('passwd', names, { timeLimitMs, signal });
  return [0, ...(own === undefined ? [] : [own]), ...known.values()];
}
