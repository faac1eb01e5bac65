import { FOLDERS, parsePublishedName, parseTemporaryName } from './names.js';
import type { Target } from './target.js';

/** What lies in an image directory, by the names that the gateway gives. */
export interface Survey {
  /** Full paths of what carries the name of an image's file, by image id. */
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** Full paths of files on their way, by the pull that writes them. */
  readonly temporary: ReadonlyMap<string, readonly string[]>;
}

/**
 * Lists an image directory. Names that are not of the gateway's making are left out: other programs may keep files there.
 * @throws GatewayError DELIVERY_FAILED when it can't be listed, or is missing.
 */
export async function surveyTarget(target: Target): Promise<Survey> {
  const images = new Map<string, string[]>();
  const temporary = new Map<string, string[]>();
  const note = (map: Map<string, string[]>, key: string, path: string): void => void map.set(key, [...(map.get(key) ?? []), path]);
  for (const folder of FOLDERS) {
    for (const entry of await target.list(folder)) {
      const onItsWay = parseTemporaryName(folder, entry);
      if (onItsWay !== undefined) note(temporary, onItsWay.pullId, target.pathOf(onItsWay.name));
      const published = parsePublishedName(folder, entry);
      if (published !== undefined) note(images, published.imageId, target.pathOf(published.name));
    }
  }
  return { images, temporary };
}
