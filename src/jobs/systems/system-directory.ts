/**
 * The systems that this process knows: those of its configuration file, and those that the API has declared. The index
 * is the truth about the latter.
 */
import type { Redis } from 'ioredis';
import { readDeclaredSystem, type GatewayConfig, type SystemConfig } from '../../config/index.js';
import type { Logger } from '../../lib/log.js';
import type { SystemStore } from '../../models/system-store.js';
import { keepFresh } from '../keep-fresh.js';

export type SystemSource = 'FILE' | 'API';

export interface SystemDirectory {
  /** All of them now, by name. */
  all(): readonly SystemConfig[];
  find(name: string): SystemConfig | undefined;
  /** As it was last, when this process has known it: for what is still told of a system that was taken out. */
  former(name: string): SystemConfig | undefined;
  /** Where a known system is declared. */
  sourceOf(name: string): SystemSource;
  /** Reads the index. @throws GatewayError INDEX_UNAVAILABLE */
  refresh(): Promise<void>;
  /** Called after each change, until the directory is closed. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

export interface SystemDirectoryOptions {
  readonly config: GatewayConfig;
  readonly store: Pick<SystemStore, 'list'>;
  readonly subscriber: Redis;
  readonly channel: string;
  readonly log: Logger;
}

/** @throws GatewayError INDEX_UNAVAILABLE */
export async function openSystemDirectory({ config, store, subscriber, channel, log }: SystemDirectoryOptions): Promise<SystemDirectory> {
  const declaredByFile = new Set(config.systems.map(({ name }) => name));
  const listeners: (() => void)[] = [];
  const former = new Map<string, SystemConfig>();
  let systems = byName(config.systems);

  async function read(): Promise<void> {
    const declared = (await store.list()).flatMap(({ _id: name, entry, state }) => {
      if (state !== 'READY') return [];
      if (declaredByFile.has(name)) {
        log.warn({ system: name }, 'the system is declared by the configuration file and by the API; the file counts');
        return [];
      }
      const { system, problems } = readDeclaredSystem(name, entry, config);
      if (system !== undefined && problems.length === 0) return [system];
      log.error({ system: name, problems }, 'a system that was declared by the API can not be used by this version');
      return [];
    });
    const found = byName([...config.systems, ...declared]);
    if (JSON.stringify(found) === JSON.stringify(systems)) return;
    for (const system of systems) former.set(system.name, system);
    // What has not changed stays the same object.
    systems = found.map((system) => systems.find((known) => JSON.stringify(known) === JSON.stringify(system)) ?? system);
    for (const listener of listeners) listener();
  }

  const kept = await keepFresh({ what: 'the systems', read, subscriber, channel, rereadMs: config.jobs.systemsRereadMs, log });
  return {
    all: () => systems,
    find: (name) => systems.find((system) => system.name === name),
    former: (name) => former.get(name),
    sourceOf: (name) => (declaredByFile.has(name) ? 'FILE' : 'API'),
    refresh: () => kept.refresh(),
    onChange: (listener) => void listeners.push(listener),
    async close() {
      listeners.length = 0;
      await kept.close();
    },
  };
}

function byName(systems: readonly SystemConfig[]): readonly SystemConfig[] {
  return [...systems].sort((a, b) => (a.name < b.name ? -1 : 1));
}
