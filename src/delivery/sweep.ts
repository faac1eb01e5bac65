import { FOLDERS, parseTemporaryName, type TargetName } from './names.js';
import type { Target } from './target.js';

/**
 * Removes the temporary files that work left behind when its worker died for good. Files under any other name,
 * also the temporary ones of other programs, are not touched.
 *
 * @param isAlive whether a pull, or other work, may still go on; asked once for each id, and after the files were seen.
 * @returns the full paths of what was removed.
 * @throws GatewayError DELIVERY_FAILED when a folder can't be listed or a file not be removed.
 */
export async function sweepTemporary(
  target: Target,
  isAlive: (pullId: string) => Promise<boolean> | boolean,
): Promise<string[]> {
  const leftovers = new Map<string, TargetName[]>();
  for (const folder of FOLDERS) {
    for (const entry of await target.list(folder)) {
      const found = parseTemporaryName(folder, entry);
      if (found === undefined) continue;
      leftovers.set(found.pullId, [...(leftovers.get(found.pullId) ?? []), found.name]);
    }
  }
  const removed: string[] = [];
  for (const [pullId, names] of leftovers) {
    if (await isAlive(pullId)) continue;
    for (const name of names) {
      const found = await target.stat(name);
      // We never make directories under such names, so one is somebody else's.
      if (found === undefined || found.kind === 'directory') continue;
      await target.remove(name);
      removed.push(target.pathOf(name));
    }
  }
  return removed;
}
