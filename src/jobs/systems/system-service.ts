/**
 * What administrators can do with systems at run time: declare one, change it, take it out. Systems of the configuration
 * file are changed there and nowhere else.
 */
import { principalOf, type Viewer } from '../../access/viewer.js';
import { readDeclaredSystem, type DeclarationProblem, type GatewayConfig, type SystemConfig } from '../../config/index.js';
import { GatewayError } from '../../lib/errors.js';
import { mergePatch } from '../../lib/merge-patch.js';
import type { ImageStore } from '../../models/image-store.js';
import type { PullStore } from '../../models/pull-store.js';
import type { TagRecord } from '../../models/image-records.js';
import { LIVE_STATES } from '../../models/pull-records.js';
import type { SystemRecord } from '../../models/system-records.js';
import type { SystemStore } from '../../models/system-store.js';
import type { TaskStore } from '../../models/task-store.js';
import type { VerificationStore } from '../../models/verification-store.js';
import { formatPlatform } from '../../registry/index.js';
import type { PullQueues } from '../pull-queues.js';
import type { PullService } from '../pull-service.js';
import type { SystemDirectory } from './system-directory.js';

export interface SystemServiceOptions {
  readonly config: GatewayConfig;
  readonly directory: SystemDirectory;
  readonly store: SystemStore;
  readonly images: ImageStore;
  readonly pulls: PullStore;
  readonly pullService: Pick<PullService, 'endAll'>;
  readonly queues: PullQueues;
  readonly verifications: Pick<VerificationStore, 'forget'>;
  readonly tasks: Pick<TaskStore, 'forgetSystem'>;
  /** Tells subscribers of a name that has gone; must not fail. */
  readonly onNameGone: (tag: TagRecord) => Promise<void>;
  /** Tells every process that the systems have changed; must not fail. */
  readonly announce: (system: string) => Promise<void>;
}

/** An entry as `Platforms` has it. In a change, what is missing stays and `null` takes a value out. */
export type SystemEntry = Readonly<Record<string, unknown>>;

export interface ChangedSystem {
  readonly system: SystemConfig;
  /** What the administrator should know, as `imagegw config check` says it of a file. */
  readonly warnings: readonly string[];
}

/** A declaration that can't be used, with all that is wrong in it. */
export class BadSystem extends GatewayError {
  readonly problems: readonly DeclarationProblem[];

  constructor(problems: readonly DeclarationProblem[]) {
    super('BAD_USER_INPUT', problems.map(({ message }) => message).join(' '));
    this.problems = problems;
  }
}

export type SystemService = ReturnType<typeof createSystemService>;

export function createSystemService(options: SystemServiceOptions) {
  const { config, directory, store, images, pulls, queues } = options;

  /** The entry, checked. @throws BadSystem */
  function checked(name: string, given: SystemEntry): ChangedSystem & { readonly entry: SystemEntry } {
    const { system, problems, warnings } = readDeclaredSystem(name, given, config);
    if (system === undefined || problems.length > 0) throw new BadSystem(problems);
    // Written down, because the default is that of the node that reads it.
    return { system, warnings, entry: { ...given, platform: formatPlatform(system.platform) } };
  }

  async function changed(name: string): Promise<void> {
    await directory.refresh();
    await options.announce(name);
  }

  /** What a change or a removal is about. @throws GatewayError FORBIDDEN, CONFLICT, UNKNOWN_SYSTEM */
  async function changeable(name: string, viewer: Viewer): Promise<SystemRecord> {
    requireAdmin(viewer);
    const declaredBy = directory.find(name) === undefined ? undefined : directory.sourceOf(name);
    if (declaredBy === 'FILE') throw new GatewayError('CONFLICT', `The system ${name} is declared by the configuration file: change it there, and start the gateway again.`);
    const record = await store.get(name);
    if (record === undefined) throw new GatewayError('UNKNOWN_SYSTEM', `There is no system "${name}".`);
    return record;
  }

  /**
   * Declares a system. It is used at once, here and by running workers.
   *
   * @throws BadSystem; GatewayError FORBIDDEN, CONFLICT when the name is taken, INDEX_UNAVAILABLE
   */
  async function add(name: string, given: SystemEntry, viewer: Viewer): Promise<ChangedSystem> {
    requireAdmin(viewer);
    const { system, warnings, entry } = checked(name, given);
    const isTaken = directory.find(name) !== undefined || !(await store.add(name, entry, principalOf(viewer)));
    if (isTaken) throw new GatewayError('CONFLICT', `There is a system "${name}" already, or it is still being removed. Choose another name, or change that one.`);
    await changed(name);
    return { system, warnings };
  }

  /**
   * Changes a system: what is missing in `patch` stays, `null` takes a value out. Pulls that run end with what was
   * before.
   *
   * @throws BadSystem; GatewayError FORBIDDEN, UNKNOWN_SYSTEM, CONFLICT when the file declares it, when somebody else
   *   changes it at this moment, or when images lie where they would not be found any more; INDEX_UNAVAILABLE
   */
  async function update(name: string, patch: SystemEntry, viewer: Viewer): Promise<ChangedSystem> {
    const record = await changeable(name, viewer);
    if (record.state === 'REMOVING') throw beingRemoved(name);
    const { system, warnings, entry } = checked(name, asEntry(mergePatch(record.entry, patch)));
    const { system: before } = readDeclaredSystem(name, record.entry, config);
    if (before !== undefined && placeOf(before) !== placeOf(system)) {
      const left = await whatIsLeft(name);
      if (left !== undefined) throw new GatewayError('CONFLICT', `${left}, so its access, image directory and platform must stay as they are. Expire the images first, or declare another system.`);
    }
    if (!(await store.change(record, { entry }, principalOf(viewer)))) {
      throw new GatewayError('CONFLICT', `Somebody else has changed the system ${name} at this moment: look at it and try again.`, { retryable: true });
    }
    await changed(name);
    return { system, warnings };
  }

  /**
   * Takes a system out: its queue, its ended pulls, and what the index knows of it. With `force` also when images are
   * there, which the index then forgets, or pulls, which are cancelled. Files on the system are not touched. A removal
   * that broke off goes on when it is asked for again.
   *
   * @throws GatewayError FORBIDDEN, UNKNOWN_SYSTEM, CONFLICT when the file declares it or it is not empty, INDEX_UNAVAILABLE,
   *   QUEUE_UNAVAILABLE
   */
  async function remove(name: string, force: boolean, viewer: Viewer): Promise<void> {
    const record = await changeable(name, viewer);
    const principal = principalOf(viewer);
    if (record.state === 'READY') {
      if (!force) await requireEmpty(name);
      // From here on nobody begins a pull: whoever has joined one before looks at this record afterwards.
      if (!(await store.change(record, { state: 'REMOVING' }, principal))) {
        throw new GatewayError('CONFLICT', `Somebody else has changed the system ${name} at this moment: look at it and try again.`, { retryable: true });
      }
    }
    try {
      if (!force) await requireEmpty(name);
    } catch (error) {
      const marked = await store.get(name);
      if (marked?.state === 'REMOVING') await store.change(marked, { state: 'READY' }, principal);
      await changed(name);
      throw error;
    }
    await changed(name);
    await options.pullService.endAll(name);
    await queues.forget(name);
    await images.forgetSystem(name, options.onNameGone);
    await pulls.forgetSystem(name);
    await options.verifications.forget(name);
    await options.tasks.forgetSystem(name);
    await store.remove(name);
  }

  async function requireEmpty(name: string): Promise<void> {
    const left = await whatIsLeft(name);
    if (left !== undefined) throw new GatewayError('CONFLICT', `${left}. Expire the images first, or force it: the index then forgets them, and their files stay.`);
  }

  /** What keeps a system from being empty, as the beginning of a sentence. */
  async function whatIsLeft(name: string): Promise<string | undefined> {
    // In this order: a pull that ends in between has recorded its image before.
    const [pull] = await pulls.list({ system: name, states: LIVE_STATES, limit: 1, order: 'newest' });
    if (pull !== undefined) return `Pulls to the system ${name} wait or run (${pull._id})`;
    const [image] = await images.imagesOn(name, '', 1);
    return image === undefined ? undefined : `There are images on the system ${name}`;
  }

  return { add, update, remove };
}

function requireAdmin(viewer: Viewer): void {
  if (!viewer.isAdmin) throw new GatewayError('FORBIDDEN', 'Only an administrator of the gateway can change its systems.');
}

/** Where images lie and what they are called: what has to stay while there are any. */
function placeOf({ access, imageDirectory, platform }: SystemConfig): string {
  return JSON.stringify([access, imageDirectory, formatPlatform(platform)]);
}

function beingRemoved(name: string): GatewayError {
  return new GatewayError('CONFLICT', `The system ${name} is being removed.`);
}

function asEntry(value: unknown): SystemEntry {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
