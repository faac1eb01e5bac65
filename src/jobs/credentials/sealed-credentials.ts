/** The logins that API nodes have sealed for a worker (publish-credentials.ts). */
import type { Redis } from 'ioredis';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from '../../lib/log.js';
import { publicKeyText, unseal } from '../../lib/seal.js';
import type { CredentialStore } from '../../models/credential-store.js';
import type { RegistryLogin } from '../../registry/index.js';
import { keepFresh } from '../keep-fresh.js';

const login = z.union([z.object({ username: z.string(), password: z.string() }), z.object({ identityToken: z.string() }), z.object({ registryToken: z.string() })]);

export interface SealedCredentials {
  /** The login for a registry at that address; undefined when there is none for this worker. */
  readonly loginFor: (url: string) => RegistryLogin | undefined;
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
  let logins: ReadonlyMap<string, RegistryLogin> = new Map();

  async function read(): Promise<void> {
    const found = new Map<string, RegistryLogin>();
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
