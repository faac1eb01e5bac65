/**
 * The way of a pull, stage by stage. See ARCHITECTURE.md for the walk along it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../../lib/digest.js';
import { GatewayError } from '../../lib/errors.js';
import { removeTree } from '../../lib/remove-tree.js';
import { persistently } from '../../models/database.js';
import { holderOf, type ImportRequest } from '../../models/pull-records.js';
import type { RegistryClient, ResolvedImage } from '../../registry/index.js';
import { productKey } from '../../rootfs/index.js';
import { accessBy } from '../describe-image.js';
import { admit, type Admitted } from './admit.js';
import type { PullContext } from './context.js';
import { convert } from './convert.js';
import { examine } from './examine.js';
import { fetchLayers, type FetchedLayers } from './fetch-layers.js';
import { openImport } from './import-source.js';
import { importGrants } from './grants.js';
import { fromSquashfs } from './import-squashfs.js';
import type { Making, MakingIn } from './making.js';
import { moveTag, namesThen, recordImage } from './record.js';
import { headImage, imageIdOf, isRecent, publishedTag, resolveImage, wholeImage } from './resolve.js';
import type { Participation } from './shared-conversions.js';
import type { PullResult } from './results.js';
import { sayPresent } from './stale.js';
import { transfer } from './transfer.js';

/**
 * @throws GatewayError of the stage that failed (`context.progress.snapshot.stage`), or the reason of the signal.
 */
export async function runPull(context: PullContext): Promise<PullResult> {
  const { services, record, progress } = context;
  progress.enter('RESOLVING', 'RESOLVE');
  if (record.request.source != null) return await importImage(context, record.request.source);
  if (record.request.repair != null) return await repairImage(context, digestHex(record.request.repair));
  const published = record.request.force ? undefined : await publishedTag(context);
  if (published !== undefined && isRecent(published, services.config.pullUpdateMs)) {
    sayPresent(progress, published.image.layers);
    return { imageId: published.image.imageId, isStale: false, tagChange: undefined };
  }
  const head = published === undefined ? undefined : await headImage(context);
  if (published !== undefined && head !== undefined && head.digest === published.tag.topDigest) {
    const { imageId, layers } = published.image;
    const kept = await holding(context, imageId, () => nameIfThere(context, { imageId, layers, topDigest: head.digest, access: head.access }));
    if (kept !== undefined) return kept;
  }
  const image = await resolveImage(context, head);
  return await publishUnlessThere(context, image, fromRegistry(image));
}

/** Names the image if it is on the system already; else makes, publishes and names it. */
async function publishUnlessThere(context: PullContext, image: ResolvedImage, makingIn: MakingIn): Promise<PullResult> {
  const { record, progress } = context;
  const imageId = imageIdOf(image);
  return await holding(context, imageId, async () => {
    const present = record.request.force ? undefined : await wholeImage(context, imageId);
    const kept = present === undefined ? undefined : await nameIfThere(context, { ...image, imageId });
    if (kept !== undefined) return kept;
    progress.setLayers(image.layers);
    await make(context, image, makingIn);
    progress.enter('TRANSFERRING', 'RECORD');
    return { imageId, isStale: false, tagChange: await moveTag(context, image, imageId) };
  });
}

/** Publishes what lies at a path under the name of an import. */
async function importImage(asked: PullContext, request: ImportRequest): Promise<PullResult> {
  const context = { ...asked, grants: await importGrants(asked, request) };
  const source = await openImport(context, request);
  try {
    const { image } = source;
    return await publishUnlessThere(context, image, source.kind === 'squashfs' ? (here) => fromSquashfs(here, source) : fromRegistry(image, source));
  } finally {
    await source.close();
  }
}

/** Publishes an image again that is damaged on its system; what its names point at, and who may use it, stays. */
async function repairImage(context: PullContext, imageId: string): Promise<PullResult> {
  const { system, progress } = context;
  if (!(await hold(context, imageId))) throw new GatewayError('NOT_FOUND', `Image ${imageId} was removed from ${system.name} before it could be published again.`);
  return await holding(context, imageId, async () => {
    const image = await resolveImage(context);
    progress.setLayers(image.layers);
    await make(context, image, fromRegistry(image));
    return { imageId, isStale: false, tagChange: undefined };
  });
}

/** What there is to say and to record of an image that is on the system already. */
interface Present extends Pick<ResolvedImage, 'topDigest' | 'access'> {
  readonly imageId: string;
  readonly layers: readonly Pick<ResolvedImage['layers'][number], 'digest' | 'size'>[];
}

/** Points the tag at an image that is on the system; undefined when it has just gone, or is recorded without what its files tell. */
async function nameIfThere(context: PullContext, image: Present): Promise<PullResult | undefined> {
  const { services, system, progress, signal } = context;
  const { imageId } = image;
  if (!(await hold(context, imageId))) return undefined;
  const known = await persistently(() => services.images.getImage(system.name, imageId), services.indexRetryMs, signal);
  if (known?.provenance === undefined) return undefined;
  // Refused before the name says so.
  accessBy(await namesThen(context, image, imageId));
  sayPresent(progress, image.layers);
  progress.enter('RESOLVING', 'RECORD');
  return { imageId, isStale: false, tagChange: await moveTag(context, image, imageId) };
}

/** From now on nobody removes the image; false when it is not there. `holding` gives it up. */
async function hold({ services, record, system, signal }: PullContext, imageId: string): Promise<boolean> {
  return await persistently(() => services.images.hold(system.name, imageId, holderOf(record._id, record.attempt)), services.indexRetryMs, signal);
}

/** Gives up the hold that `work` took on an image: the tag holds it by then, or after a failure nothing needs to. */
async function holding<T>(context: PullContext, imageId: string, work: () => Promise<T>): Promise<T> {
  const { services, record, system } = context;
  try {
    return await work();
  } finally {
    await persistently(() => services.images.unhold(system.name, imageId, holderOf(record._id, record.attempt)), services.indexRetryMs).catch((error: unknown) => {
      context.log.warn({ err: error }, 'the hold on an image could not be given up');
    });
  }
}

/** The usual way: layers that are fetched and merged. @param from where the layers come from. */
function fromRegistry(image: ResolvedImage, from?: Pick<RegistryClient, 'openBlob'>): MakingIn {
  return (context) => ({
    fetch: (admitted) => fetchLayers(context, image, admitted, from ?? context.services.registry),
    convert: ({ indexes }) => convert(context, image, indexes),
  });
}

/** Makes an image that is not there, when there is room, and in its turn when it is a large one. */
async function make(context: PullContext, image: ResolvedImage, makingIn: MakingIn): Promise<void> {
  const { services, progress, workDirectory } = context;
  const key = conversionKey(context, image);
  // Told before the layers are fetched, so that of two pulls side by side the slower one finds what the other has made.
  const shared = services.conversions.join(key);
  const reading = services.largeImages.begin(context.signal);
  let admitted: Admitted | undefined;
  try {
    for (;;) {
      progress.enter('PULLING', 'ADMIT');
      admitted = await admit(context, image, key);
      const here = { ...context, signal: reading.signal, onEntry: reading.onEntry };
      try {
        return await makeNow(here, image, makingIn(here), shared, admitted);
      } catch (error) {
        if (!reading.hasToWait) throw error;
      }
      await emptied(workDirectory);
      await admitted.release();
      progress.enter('PULLING', 'FETCH', 'waiting for another large image, which is being made');
      await reading.waitForTurn();
    }
  } finally {
    reading.end();
    // Who waits for room looks as soon as it is given back.
    await emptied(workDirectory).catch((error: unknown) => context.log.warn({ err: error }, 'the work directory of a pull could not be emptied'));
    await shared.leave();
    await admitted?.release();
  }
}

async function emptied(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) await removeTree(join(directory, name));
}

/** Fetches, converts, delivers and records it. */
async function makeNow(context: PullContext, image: ResolvedImage, making: Making, shared: Participation, admitted: Admitted): Promise<void> {
  const { progress } = context;
  progress.enter('PULLING', 'FETCH');
  let layers = await making.fetch(admitted);
  try {
    const conversion = await shared.convert(
      context.workDirectory,
      context.signal,
      () =>
        making.convert(layers).catch(async (error: unknown) => {
          if (!(await forgetSegments(context, layers, error))) throw error;
          await layers.release();
          progress.enter('PULLING', 'FETCH', 'what was kept of its layers is damaged: once more from the registry');
          layers = await making.fetch({ keepsSegments: false });
          return making.convert(layers);
        }),
      () => progress.enter('CONVERTING', 'CONVERT', 'waiting for the same image, which is being made for another system'),
    );
    await examine(context, image, conversion);
    const facts = await transfer(context, image, conversion);
    progress.enter('TRANSFERRING', 'RECORD');
    await recordImage(context, facts);
  } finally {
    await layers.release();
  }
}

/**
 * Takes the layers that were kept out of the cache when they can be the reason of a failed conversion: nothing but the
 * finished product shows that their data is damaged. False when they can't be.
 */
async function forgetSegments({ services, system, log }: PullContext, { indexes }: FetchedLayers, error: unknown): Promise<boolean> {
  const kept = indexes.filter(({ segment }) => segment?.isKept === true);
  if (kept.length === 0 || !(error instanceof GatewayError) || error.code !== 'CONVERSION_FAILED') return false;
  log.warn({ err: error }, 'the layers that were kept are taken out of the cache');
  for (const { layer } of kept) await services.layers.discard(layer.digest, system.squashfs);
  return true;
}

/** Everything that shapes the product and its file. */
function conversionKey({ services, system }: PullContext, image: ResolvedImage): string {
  const { policy, squashfs, delivery } = system;
  const key = productKey({ manifestDigest: image.manifestDigest, policy, squashfs, tools: services.tools });
  return `${key}-${delivery.fileMode.toString(8)}`;
}
