/**
 * Logins for registries on their way from the API's configuration to workers that have none in theirs. They lie in the
 * index sealed for each worker key that the configuration lists, bound to the address of the registry: a worker uses them
 * for the same address alone. Files and helpers, whose logins change and run out, are asked again at an interval.
 */
import { setTimeout } from 'node:timers/promises';
import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../lib/errors.js';
import type { Logger } from '../../lib/log.js';
import { seal } from '../../lib/seal.js';
import type { CredentialStore } from '../../models/credential-store.js';
import { serviceLogin, type RegistryLogin } from '../../registry/index.js';
import { registrySettingsOf } from '../registry-settings.js';

export interface PublishCredentialsOptions {
  readonly config: GatewayConfig;
  readonly store: Pick<CredentialStore, 'replaceAll'>;
  /** Tells the workers that logins have changed; must not fail. */
  readonly announce: () => Promise<unknown>;
  /** How often files and helpers are asked again (ms). */
  readonly rereadMs: number;
  readonly log: Logger;
}

/**
 * Seals the logins of the configuration for all its worker keys, forgets all others, and follows what changes.
 * @throws GatewayError INDEX_UNAVAILABLE; BAD_CONFIG when a file or helper gives no login that could be sealed.
 */
export async function publishCredentials({ config, store, announce, rereadMs, log }: PublishCredentialsOptions): Promise<{ close(): Promise<void> }> {
  const { workerKeys } = config;
  // Nobody is asked for a login that nobody gets.
  const endpoints = workerKeys.length === 0 ? [] : registrySettingsOf(config).flatMap((registry) => [registry, ...registry.mirrors]);
  const stopping = new AbortController();

  async function publish(logins: ReadonlyMap<string, RegistryLogin>): Promise<void> {
    await store.replaceAll(workerKeys.flatMap((workerKey) => [...logins].map(([url, login]) => ({ workerKey, url, sealed: seal(JSON.stringify(login), workerKey, url) }))));
    await announce();
  }

  /** @param known what is used where a login can't be read now */
  async function read(known?: ReadonlyMap<string, RegistryLogin>): Promise<ReadonlyMap<string, RegistryLogin>> {
    const logins = new Map<string, RegistryLogin>();
    for (const settings of endpoints) {
      const login = await serviceLogin(settings, stopping.signal).catch((error: unknown) => {
        if (known === undefined) throw cantBeSealed(settings.url, error);
        if (stopping.signal.aborted) throw error;
        log.warn({ err: error, url: settings.url }, 'a login for workers could not be read; they keep the one that they have');
        return known.get(settings.url);
      });
      if (login !== undefined) logins.set(settings.url, login);
    }
    return logins;
  }

  async function follow(first: ReadonlyMap<string, RegistryLogin>): Promise<void> {
    for (let known = first; ; ) {
      await setTimeout(rereadMs, undefined, { signal: stopping.signal });
      const now = await read(known);
      if (JSON.stringify([...now]) === JSON.stringify([...known])) continue;
      await publish(now).then(
        () => {
          known = now;
        },
        (error: unknown) => log.warn({ err: error }, 'new logins could not be sealed for the workers; it is tried again'),
      );
    }
  }

  const first = await read();
  await publish(first);
  const canChange = endpoints.some(({ credentialsFile, credentialHelper }) => credentialsFile !== undefined || credentialHelper !== undefined);
  // It ends by the signal alone.
  const following = canChange ? follow(first).catch((error: unknown) => (stopping.signal.aborted ? undefined : log.error({ err: error }, 'logins for workers are not read any more'))) : undefined;
  return {
    async close() {
      stopping.abort(new GatewayError('CANCELLED', 'This process stops.'));
      await following;
    },
  };
}

function cantBeSealed(url: string, error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  return new GatewayError(error.code, `The login for ${url} can't be sealed for the workers of "WorkerKeys": ${error.message}`, { cause: error });
}
