/**
 * Logins for registries on their way from the API's configuration to workers that have none in theirs. They lie in the
 * index sealed for each worker key that the configuration lists, bound to the address of the registry: a worker uses them
 * for the same address alone.
 */
import type { Redis } from 'ioredis';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { GatewayConfig, RegistryCredentialsConfig } from '../../config/index.js';
import type { Logger } from '../../lib/log.js';
import { publicKeyText, seal, unseal } from '../../lib/seal.js';
import type { CredentialStore } from '../../models/credential-store.js';
import { keepFresh } from '../keep-fresh.js';

const login = z.object({ username: z.string(), password: z.string() });

/** Seals the logins of the configuration for all its worker keys, and forgets all others. @throws GatewayError INDEX_UNAVAILABLE */
export async function publishCredentials({ registries, workerKeys }: Pick<GatewayConfig, 'registries' | 'workerKeys'>, store: CredentialStore): Promise<void> {
  const logins = registries.flatMap((registry) => [registry, ...registry.mirrors]).flatMap(({ url, credentials }) => (credentials === undefined ? [] : [{ url, credentials }]));
  const records = workerKeys.flatMap((workerKey) =>
    logins.map(({ url, credentials }) => ({ workerKey, url, sealed: seal(JSON.stringify(credentials), workerKey, url) })),
  );
  await store.replaceAll(records);
}

export interface SealedCredentials {
  /** The login for a registry at that address; undefined when there is none for this worker. */
  readonly loginFor: (url: string) => RegistryCredentialsConfig | undefined;
  close(): Promise<void>;
}

export interface SealedCredentialsOptions {
  readonly key: KeyObject;
  readonly store: CredentialStore;
  readonly subscriber: Redis;
  readonly channel: string;
  readonly rereadMs: number;
  readonly log: Logger;
}

/** Opens what is sealed for this worker, now and whenever it changes. @throws GatewayError INDEX_UNAVAILABLE */
export async function openCredentials({ key, store, subscriber, channel, rereadMs, log }: SealedCredentialsOptions): Promise<SealedCredentials> {
  const own = publicKeyText(key);
  let logins: ReadonlyMap<string, RegistryCredentialsConfig> = new Map();

  async function read(): Promise<void> {
    const found = new Map<string, RegistryCredentialsConfig>();
    for (const { url, sealed } of await store.listFor(own)) {
      try {
        found.set(url, login.parse(JSON.parse(unseal(sealed, key, url))));
      } catch {
        // Without the cause, which may hold a piece of what was opened.
        log.warn({ url }, 'a login that was sealed for this worker can not be used');
      }
    }
    logins = found;
  }
  const kept = await keepFresh({ what: 'the sealed logins', read, subscriber, channel, rereadMs, log });
  return { loginFor: (url) => logins.get(url), close: () => kept.close() };
}
