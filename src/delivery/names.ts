/**
 * The names of everything the gateway puts into an image directory. They are made here and nowhere else, from ids
 * that were checked, so that no text from outside can become a path.
 *
 *     <imageId>.squashfs                    the image
 *     <imageId>.meta                        what the container runtime reads; it finds the image by it
 *     .imagegw/<imageId>.json               the sidecar: configuration, provenance, tags, access
 *     .<imageId>.<pullId>.part              an image on its way (.meta.part: a .meta; in .imagegw: a sidecar)
 */
import { GatewayError } from '../lib/errors.js';

declare const targetNameBrand: unique symbol;

/** A path relative to the image directory, made by this file; the type is the proof. */
export type TargetName = string & { readonly [targetNameBrand]: true };

/** The two directories the gateway writes in: the image directory itself and the one for sidecars. */
export type Folder = '.' | '.imagegw';

export const FOLDERS: readonly Folder[] = ['.', '.imagegw'];

/** One set of names: those under which files are found, or those they have on their way there. */
export interface FileNames {
  readonly image: TargetName;
  readonly sidecar: TargetName;
  readonly meta: TargetName;
}

const IMAGE_ID = /^[0-9a-f]{64}$/;
/** With 128 characters the longest temporary name stays below the 255 bytes that file systems allow. */
const PULL_ID = /^[A-Za-z0-9_-]{1,128}$/;
const PUBLISHED = /^([0-9a-f]{64})\.(?:squashfs|meta)$/;
const SIDECAR = /^([0-9a-f]{64})\.json$/;
const TEMPORARY = /^\.[0-9a-f]{64}\.([A-Za-z0-9_-]{1,128})(?:\.meta)?\.part$/;

/**
 * The names under which an image is found.
 * @throws GatewayError BAD_USER_INPUT when `imageId` is not 64 lower-case hex digits.
 */
export function publishedNames(imageId: string): FileNames {
  requireImageId(imageId);
  return {
    image: `${imageId}.squashfs` as TargetName,
    sidecar: `.imagegw/${imageId}.json` as TargetName,
    meta: `${imageId}.meta` as TargetName,
  };
}

/**
 * The names that one pull's files have until they are complete: each in the directory of its final name, because a
 * rename is atomic within one file system only.
 * @throws GatewayError BAD_USER_INPUT when an id holds anything that an id does not hold.
 */
export function temporaryNames(imageId: string, pullId: string): FileNames {
  requireImageId(imageId);
  if (!PULL_ID.test(pullId)) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `"${pullId.slice(0, 80)}" is not a pull id: expected 1 to 128 letters, digits, "_" or "-".`,
    );
  }
  const stem = `.${imageId}.${pullId}`;
  return {
    image: `${stem}.part` as TargetName,
    sidecar: `.imagegw/${stem}.part` as TargetName,
    meta: `${stem}.meta.part` as TargetName,
  };
}

/** Reads a directory entry as a temporary name of ours; undefined for every other file. */
export function parseTemporaryName(
  folder: Folder,
  entry: string,
): { readonly name: TargetName; readonly pullId: string } | undefined {
  const pullId = TEMPORARY.exec(entry)?.[1];
  if (pullId === undefined) return undefined;
  return { name: (folder === '.' ? entry : `${folder}/${entry}`) as TargetName, pullId };
}

/** Reads a directory entry as the name of a published file; undefined for every other file. */
export function parsePublishedName(
  folder: Folder,
  entry: string,
): { readonly name: TargetName; readonly imageId: string } | undefined {
  const imageId = (folder === '.' ? PUBLISHED : SIDECAR).exec(entry)?.[1];
  if (imageId === undefined) return undefined;
  return { name: (folder === '.' ? entry : `${folder}/${entry}`) as TargetName, imageId };
}

/** The directory that holds a name. */
export function folderOf(name: TargetName): Folder {
  return name.startsWith('.imagegw/') ? '.imagegw' : '.';
}

function requireImageId(imageId: string): void {
  if (IMAGE_ID.test(imageId)) return;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `"${imageId.slice(0, 80)}" is not an image id: expected 64 lower-case hex digits.`,
  );
}
