/**
 * What callers can do with images that lie on a disk: have them imported. An import is a pull from another source, and
 * is followed, joined and cancelled like one.
 */
import { isAdminOf, principalOf, type Viewer } from '../access/viewer.js';
import { splitImportPath } from '../archives/index.js';
import type { GatewayConfig } from '../config/index.js';
import { GatewayError } from '../lib/errors.js';
import type { ImageStore } from '../models/image-store.js';
import type { AccessNames } from '../models/image-records.js';
import type { ImportRequest, PullSnapshot } from '../models/pull-records.js';
import { importedReference } from '../registry/index.js';
import { joinKey } from './keys.js';
import type { PullService } from './pull-service.js';

export interface ImportInput {
  readonly system: string;
  /** Absolute, on the machine of the system's worker. */
  readonly path: string;
  /** With or without `custom:` in front. */
  readonly name: string;
  /** Which image, when the archive holds several. */
  readonly image: string | undefined;
  readonly isPublic: boolean;
  /** Who may use it beside the caller. */
  readonly access: AccessNames;
  readonly force: boolean;
}

export interface ImportServiceOptions {
  readonly config: Pick<GatewayConfig, 'importUsers' | 'importPaths'>;
  readonly images: ImageStore;
  readonly pullService: PullService;
}

export type ImportService = ReturnType<typeof createImportService>;

export function createImportService({ config, images, pullService }: ImportServiceOptions) {
  /**
   * Begins an import, or joins the same one of the same caller.
   *
   * @throws GatewayError FORBIDDEN, UNKNOWN_SYSTEM, BAD_REFERENCE, BAD_USER_INPUT, INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE
   */
  async function importImage(input: ImportInput, viewer: Viewer): Promise<PullSnapshot> {
    const { importUsers, importPaths } = config;
    if (importUsers !== 'all' && !importUsers.includes(viewer.name)) {
      throw new GatewayError('FORBIDDEN', `${viewer.name} may not import images here: an administrator can name more users in "ImportUsers".`);
    }
    const system = pullService.systemNamed(input.system);
    const reference = importedReference(input.name);
    // Looked at again where it is opened: a worker may have a configuration of its own.
    splitImportPath(input.path, importPaths);
    const principal = principalOf(viewer);
    const isAdmin = isAdminOf(viewer, system);
    const tag = await images.getTag(system.name, reference, null);
    // Those who may use it may not say what it is.
    const isTheirs = tag !== undefined && !isAdmin && tag.owner !== principal;
    if (isTheirs) throw new GatewayError('FORBIDDEN', `The name ${reference} is in use on ${system.name} for an image that is not yours: choose another name.`);
    const platform = pullService.platformOf(system, undefined).text;
    const { path, isPublic, access, force } = input;
    const image = input.image ?? null;
    const identity = `import ${JSON.stringify([principal, path, image, isPublic])}`;
    const key = joinKey({ system: system.name, reference, platform, identity, access, force });
    const source: ImportRequest = { path, image, isPublic, access, user: { principal, uid: viewer.uid, isAdmin } };
    return pullService.begin(key, { reference, system: system.name, platform, namesPlatform: false, force, source }, principal);
  }

  return { importImage };
}
