/**
 * Names in Redis. One prefix for everything, so that a Redis can be shared.
 */
import { createHash } from 'node:crypto';

export interface RedisNames {
  readonly prefix: string;
  /** A pull that is to stop, by id. */
  readonly cancelChannel: string;
  /** A job was added: the name of its system. */
  readonly wakeChannel: string;
  /** A name of an image has changed. */
  readonly imageChannel: string;
  /** The systems that the index declares have changed: the name of one. */
  readonly systemsChannel: string;
  /** There is work on a system that is not a pull: the name of the system. */
  readonly taskChannel: string;
  /** Sealed logins have changed. */
  readonly credentialsChannel: string;
  /** A verification was asked for: the name of its system. */
  readonly verifyChannel: string;
}

export function redisNames(prefix: string): RedisNames {
  return {
    prefix,
    cancelChannel: `${prefix}:cancel`,
    wakeChannel: `${prefix}:wake`,
    imageChannel: `${prefix}:image`,
    systemsChannel: `${prefix}:systems`,
    taskChannel: `${prefix}:task`,
    credentialsChannel: `${prefix}:credentials`,
    verifyChannel: `${prefix}:verify`,
  };
}

/** The queue of a system. BullMQ refuses `:` in names, which a system's name may hold. */
export function queueName(system: string): string {
  return `pull-${encodeURIComponent(system)}`;
}

export interface JoinKeyParts {
  readonly system: string;
  readonly reference: string;
  readonly platform: string;
  /** Whose right to pull is used: `service` for what the configuration gives, else the principal of a user. */
  readonly identity: string;
  /** Who may use the image, as asked for; part of the key, because it ends up in the image's metadata. */
  readonly access: { readonly users: readonly string[]; readonly groups: readonly string[] };
  readonly force: boolean;
}

/** Two requests with the same key are one pull. */
export function joinKey(parts: JoinKeyParts): string {
  const canonical = [
    parts.system,
    parts.reference,
    parts.platform,
    parts.identity,
    [...parts.access.users].sort(),
    [...parts.access.groups].sort(),
    parts.force,
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}
