/**
 * The publish protocol: how an image comes to lie on a system so that a reader never sees a part of it.
 *
 * Prepare: every file that has to change is written under a temporary name, fsynced, and its size and sha256 are
 * checked by reading it back. Nothing that a reader looks at has changed until all of them are good, so a full disk
 * or a cancel leaves no trace. Commit: each is renamed onto its final name and the directory is fsynced, the image
 * first, then the sidecar, `.meta` last, because the runtime finds an image by its `.meta`. Nothing is deleted
 * first: the old product stays usable until the rename.
 *
 * Every step can be repeated: run again after a kill, the protocol continues or replaces its own leftovers and
 * leaves alone what is proved to be published already.
 */
import { lstat } from 'node:fs/promises';
import { sha256, type Digest } from '../lib/digest.js';
import { abortReason } from '../lib/errors.js';
import { HandedOn } from '../lib/handed-on.js';
import { lateBy, stopIfAborted } from './abort.js';
import { deliveryFailed, explainProduct } from './failures.js';
import { folderOf, publishedNames, temporaryNames, type FileNames, type TargetName } from './names.js';
import { placeProduct } from './place-product.js';
import { requireRoom } from './room.js';
import type { Target } from './target.js';
import type { MetadataRequest, Prepared, Product, PublishedFiles, PublishRequest } from './types.js';
import { isPublished, requireVerified } from './verify.js';

interface TextFile {
  readonly temporary: TargetName;
  readonly final: TargetName;
  readonly text: string;
}

/**
 * Publishes a product with its metadata.
 *
 * What is verified, however the bytes came there: the target's own file is read from its first to its last byte,
 * and its sha256 must be that of the product. A link is no proof (the product may have rotted in its cache), so a
 * linked file is read too, unless it is the very file that was read back for this publication, and not touched since.
 *
 * @throws GatewayError NO_SPACE before the first byte, or when the disk fills up meanwhile; DELIVERY_FAILED;
 *   BAD_USER_INPUT for ids that are none; the reason of the signal.
 */
export async function publish(target: Target, request: PublishRequest): Promise<PublishedFiles> {
  const { imageId, pullId, product, signal } = request;
  const final = publishedNames(imageId);
  const temporary = temporaryNames(imageId, pullId);
  return cleaningUp(target, temporary, signal, async (here) => {
    await requireSize(product);
    const texts = await changedTexts(here, temporary, final, request);
    const textSizes = texts.map(({ text }) => Buffer.byteLength(text));
    const { placement, prepared } = await placeProduct(
      here,
      temporary.image,
      final.image,
      request,
      textSizes,
    );
    await commit(target, [...prepared, ...(await prepareTexts(here, texts, signal))], signal);
    return {
      path: target.pathOf(final.image),
      metaPath: target.pathOf(final.meta),
      sidecarPath: target.pathOf(final.sidecar),
      image: placement,
    };
  });
}

/**
 * Rewrites only the sidecar and the `.meta` of a published image, after a change of tags or access.
 * @throws GatewayError as `publish`; DELIVERY_FAILED when the image itself is not there.
 */
export async function publishMetadata(target: Target, request: MetadataRequest): Promise<void> {
  const { imageId, pullId, signal } = request;
  const final = publishedNames(imageId);
  const temporary = temporaryNames(imageId, pullId);
  await cleaningUp(target, temporary, signal, async (here) => {
    // A .meta without an image would make the runtime try to mount what is not there.
    if ((await here.stat(final.image))?.kind !== 'file') {
      throw deliveryFailed(
        `The image ${target.pathOf(final.image)} is not there, so its metadata can't be changed. Pull it again.`,
      );
    }
    const texts = await changedTexts(here, temporary, final, request);
    // No reserve is asked for: taking away somebody's access must not fail on a nearly full disk.
    await requireRoom(
      here,
      target.pathOf(final.meta),
      texts.map(({ text }) => Buffer.byteLength(text)),
      0,
    );
    await commit(target, await prepareTexts(here, texts, signal), signal);
  });
}

/** The sidecar and the `.meta`, in the order of their publication, without those that are there already. */
async function changedTexts(
  target: Target,
  temporary: FileNames,
  final: FileNames,
  { meta, sidecar, signal }: MetadataRequest,
): Promise<readonly TextFile[]> {
  const changed: TextFile[] = [];
  for (const file of [
    { temporary: temporary.sidecar, final: final.sidecar, text: sidecar },
    { temporary: temporary.meta, final: final.meta, text: meta },
  ]) {
    // Leftovers of a killed attempt go now, before the room is measured.
    await target.remove(file.temporary);
    if (!(await isPublished(target, file.final, contentOf(file.text), signal))) changed.push(file);
  }
  return changed;
}

async function prepareTexts(
  target: Target,
  texts: readonly TextFile[],
  signal: AbortSignal,
): Promise<readonly Prepared[]> {
  await target.makeSidecarFolder();
  const prepared: Prepared[] = [];
  for (const { temporary, final, text } of texts) {
    stopIfAborted(signal);
    await target.writeText(temporary, text);
    const version = await requireVerified(target, temporary, contentOf(text), signal);
    prepared.push({ temporary, final, version });
  }
  return prepared;
}

/** The point of no return: from the first rename on an abort leaves time for the rest, and only ends what hangs. */
async function commit(target: Target, files: readonly Prepared[], signal: AbortSignal): Promise<void> {
  stopIfAborted(signal);
  for (const file of files) await requireUnchanged(target.until(signal), file);
  const late = lateBy(signal, target.cleanUpMs);
  const here = target.until(late.signal);
  try {
    for (const file of files) {
      await requireUnchanged(here, file);
      await here.rename(file.temporary, file.final);
      await here.syncFolder(folderOf(file.final));
    }
  } finally {
    late.stop();
  }
}

/** Another worker that runs the same pull (ours was thought dead) may have put its own, unfinished file there. */
async function requireUnchanged(target: Target, { temporary, version }: Prepared): Promise<void> {
  if ((await target.stat(temporary))?.version === version) return;
  throw deliveryFailed(
    `${target.pathOf(temporary)} changed after it was checked, maybe by another worker with the same pull. Try again.`,
  );
}

/** Runs the work on the target; when it fails, its temporary files go, and an abort wins over what it broke on its way. */
async function cleaningUp<T>(
  target: Target,
  temporary: FileNames,
  signal: AbortSignal,
  work: (here: Target) => Promise<T>,
): Promise<T> {
  try {
    stopIfAborted(signal);
    return await work(target.until(signal, target.cleanUpMs));
  } catch (failure) {
    const error = signal.aborted ? abortReason(signal) : failure;
    // Whoever goes on builds on what is there, and may have begun to.
    if (error instanceof HandedOn) throw error;
    await cleanUp(target, temporary);
    throw error;
  }
}

/** The first failure is the one to report; what can't be removed now, or not soon, is swept later. */
async function cleanUp(target: Target, { image, sidecar, meta }: FileNames): Promise<void> {
  const here = target.until(AbortSignal.timeout(target.cleanUpMs));
  for (const name of [image, sidecar, meta]) await here.remove(name).catch(() => {});
}

/** A product of another size was cut off or exchanged; no byte of it needs to be moved to know that. */
async function requireSize({ path, size }: Product): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw explainProduct(error, path);
  });
  if (found.isFile() && found.size === size) return;
  const what = found.isFile()
    ? `is ${found.size} bytes long, not ${size} as recorded`
    : 'is not a regular file';
  throw deliveryFailed(`The product ${path} ${what}. Remove it and pull the image again.`);
}

function contentOf(text: string): { readonly size: number; readonly sha256: Digest } {
  return { size: Buffer.byteLength(text), sha256: sha256(text) };
}
