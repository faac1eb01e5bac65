/**
 * What callers can do with pulls: ask for one, leave one, look at one. The resolvers (and later other front ends) call
 * this and nothing below it.
 */
import { gatewayViewer, principalOf, type Viewer } from '../access/viewer.js';
import type { GatewayConfig, SystemConfig } from '../config/index.js';
import { GatewayError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { PullStore } from '../models/pull-store.js';
import type { ImageRecord, TagRecord } from '../models/image-records.js';
import { isTerminal, LIVE_STATES, snapshotOf, type PullRecord, type PullRequest, type PullSnapshot } from '../models/pull-records.js';
import { formatPlatform, formatReference, importedReference, isImported, parsePlatform, parseReference, referenceNames } from '../registry/index.js';
import { endPull } from './ending.js';
import { joinKey, type RedisNames } from './keys.js';
import type { ProgressStore } from './progress/progress-store.js';
import type { PullQueues } from './pull-queues.js';
import { cancelled } from './pull-runner.js';
import { registrySettingsOf } from './registry-settings.js';
import type { SystemDirectory } from './systems/system-directory.js';

/** How long pulls to a system that is taken out may take to end in order (ms), and how often they are looked at. */
const END_ALL_MS = 5000;
const END_ALL_POLL_MS = 50;
const END_ALL_PAGE = 100;

export interface PullInput {
  readonly reference: string;
  readonly system: string;
  readonly platform?: string | undefined;
  readonly force: boolean;
}

export interface PullServiceOptions {
  readonly config: GatewayConfig;
  readonly systems: SystemDirectory;
  /** True when the index says that a system which the API had declared is no more, or is being removed. */
  readonly isRemoved: (system: string) => Promise<boolean>;
  readonly pulls: PullStore;
  readonly queues: PullQueues;
  readonly progress: ProgressStore;
  readonly names: RedisNames;
  /** Tells every worker. */
  readonly publish: (channel: string, message: string) => Promise<void>;
  readonly log: Logger;
  readonly indexRetryMs: number;
}

export type PullService = ReturnType<typeof createPullService>;

export function createPullService(options: PullServiceOptions) {
  const { config, systems, pulls, queues, progress, names } = options;

  /** @throws GatewayError UNKNOWN_SYSTEM */
  function systemNamed(name: string): SystemConfig {
    const system = systems.find(name);
    if (system !== undefined) return system;
    const known = systems.all().map((candidate) => candidate.name).join(', ');
    throw new GatewayError('UNKNOWN_SYSTEM', `There is no system "${name}". There is: ${known}.`);
  }

  /**
   * Joins the running pull with that key, or begins it, and puts it in the queue.
   *
   * @throws GatewayError UNKNOWN_SYSTEM when its system was removed meanwhile; INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE
   */
  async function begin(key: string, request: PullRequest, principal: string): Promise<PullSnapshot> {
    const record = await pulls.join(key, request, principal);
    // Whoever removes a system marks it first and looks for pulls then; so one of the two sees the other.
    if (systems.sourceOf(record.system) === 'API' && (await options.isRemoved(record.system))) {
      const left = await pulls.leave(record._id, principal);
      if (left?.cancelRequested === true && !isTerminal(left.state)) await stop(left);
      throw new GatewayError('UNKNOWN_SYSTEM', `The system "${record.system}" has just been removed.`);
    }
    await queues.add(record.system, record._id);
    return present(record);
  }

  /** The canonical spelling. @throws GatewayError BAD_REFERENCE */
  function canonical(reference: string): string {
    if (isImported(reference.trim())) return importedReference(reference);
    return formatReference(parseReference(reference, referenceNames(config.defaultRegistry, registrySettingsOf(config))));
  }

  /** The platform of a tag: null when it is the system's own. @throws GatewayError BAD_USER_INPUT */
  function platformOf(system: SystemConfig, platform: string | null | undefined): { text: string; own: boolean } {
    const own = formatPlatform(system.platform);
    if (platform === undefined || platform === null) return { text: own, own: true };
    const text = formatPlatform(parsePlatform(platform));
    return { text, own: text === own };
  }

  /**
   * Joins the running pull of the same image, or begins one.
   *
   * @throws GatewayError UNKNOWN_SYSTEM, BAD_REFERENCE, BAD_USER_INPUT, INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE
   */
  async function pull(input: PullInput, viewer: Viewer): Promise<PullSnapshot> {
    const system = systemNamed(input.system);
    const reference = canonical(input.reference);
    if (isImported(reference)) throw new GatewayError('BAD_REFERENCE', `${reference} names an imported image, which no registry has: import it again instead of pulling it.`);
    const platform = platformOf(system, input.platform);
    const key = joinKey({
      system: system.name,
      reference,
      platform: platform.text,
      identity: 'service',
      access: { users: [], groups: [] },
      force: input.force,
    });
    const request = { reference, system: system.name, platform: platform.text, namesPlatform: !platform.own, force: input.force };
    return begin(key, request, principalOf(viewer));
  }

  /**
   * Publishes an image again as it was, by its digest, where its registry still has it.
   *
   * @throws GatewayError NOT_FOUND when it has no name in a registry; INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE
   */
  async function repair({ system, imageId, manifestDigest, platform }: ImageRecord, tags: readonly TagRecord[]): Promise<PullSnapshot> {
    const tag = tags.find(({ reference }) => !isImported(reference));
    if (tag === undefined) {
      const message = tags.length === 0 ? `Image ${imageId} has no name any more, so nobody misses it.` : `It was imported, so no registry has it: import it again with force.`;
      throw new GatewayError('NOT_FOUND', message);
    }
    const { reference } = tag;
    const key = joinKey({ system, reference, platform, identity: `repair ${manifestDigest}`, access: { users: [], groups: [] }, force: true });
    const request = { reference, system, platform, namesPlatform: tag.platform !== null, force: true, repair: manifestDigest };
    return begin(key, request, principalOf(gatewayViewer()));
  }

  /**
   * Takes the caller off a pull; with `force` (administrators) everybody. Work stops when nobody is left.
   *
   * @throws GatewayError NOT_FOUND, CONFLICT when it has ended, FORBIDDEN
   */
  async function cancel(id: string, viewer: Viewer, force: boolean): Promise<PullSnapshot> {
    const known = await pulls.get(id);
    if (known === undefined) throw new GatewayError('NOT_FOUND', `There is no pull ${id}; it may have been pruned.`);
    if (isTerminal(known.state)) throw new GatewayError('CONFLICT', `The pull ${id} has ended already (${known.state}).`);
    const principal = principalOf(viewer);
    if (force && !viewer.isAdmin) throw new GatewayError('FORBIDDEN', 'Only an administrator can cancel a pull for everybody.');
    if (!force && !known.requesters.includes(principal)) {
      throw new GatewayError('FORBIDDEN', `You have not asked for the pull ${id}, or have left it already.${viewer.isAdmin ? ' As an administrator you can force it.' : ''}`);
    }
    const record = force ? await pulls.cancelForAll(id) : await pulls.leave(id, principal);
    if (record?.cancelRequested === true && !isTerminal(record.state)) await stop(record);
    return (await read(id)) ?? snapshotOf(record ?? known);
  }

  /** A waiting pull ends here; a running one is ended by its worker, wherever that is. */
  async function stop(record: PullRecord): Promise<void> {
    await options.publish(names.cancelChannel, record._id);
    const isNew = record.attempt === 0 && ((await queues.removeWaiting(record.system, record._id)) || !(await queues.has(record.system, record._id)));
    if (isNew || (await queues.removePutOff(record.system, record._id))) await endPull({ pulls, progress, log: options.log, indexRetryMs: options.indexRetryMs }, record, cancelled('QUEUE'));
  }

  /**
   * Ends all pulls to a system that is taken out: workers are given a while to do it in order.
   *
   * @throws GatewayError INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE
   */
  async function endAll(system: string): Promise<void> {
    const live = (): Promise<PullRecord[]> => pulls.list({ system, states: LIVE_STATES, limit: END_ALL_PAGE, order: 'oldest' });
    for (const end = Date.now() + END_ALL_MS; ; ) {
      const records = await live();
      if (records.length === 0) return;
      for (const { _id } of records) {
        const record = await pulls.cancelForAll(_id);
        if (record === undefined || isTerminal(record.state)) continue;
        if (Date.now() < end) await stop(record);
        // Its worker is dead, or deaf: what it still says of the pull counts no more.
        else await endPull({ pulls, progress, log: options.log, indexRetryMs: options.indexRetryMs }, record, cancelled(record.stage ?? 'QUEUE'));
      }
      await new Promise((resolve) => setTimeout(resolve, END_ALL_POLL_MS));
    }
  }

  /** The present state: the live one, unless the index knows that it has ended. */
  async function read(id: string): Promise<PullSnapshot | undefined> {
    const record = await pulls.get(id);
    return record === undefined ? undefined : present(record);
  }

  /** The same for a record that has been read: what has ended is told by the index alone. */
  async function present(record: PullRecord): Promise<PullSnapshot> {
    const live = isTerminal(record.state) ? undefined : await progress.read(record._id).catch(() => undefined);
    return live ?? snapshotOf(record);
  }

  return { systemNamed, canonical, platformOf, begin, pull, repair, cancel, endAll, read, present };
}
