/**
 * The keys of an entry of `Locations`: a registry to pull from.
 */
import { z } from 'zod';
import { optional, required, withDefault, type Kind } from './keys.js';
import { anything, count, flag, names, object, oneOf, text } from './kinds.js';

const mirrors: Kind<readonly (string | Readonly<Record<string, unknown>>)[]> = {
  schema: z.array(z.union([z.string().min(1), object.schema])),
  type: 'a list of addresses or objects',
};

/** What a registry and a mirror of it have in common. */
const endpointKeys = {
  sslcacert: optional(text, 'none', 'file of certificate authorities to trust, beside the usual ones'),
  clientCert: optional(text, 'none', 'file of the client certificate'),
  clientKey: optional(text, 'none', 'file of its key'),
  serverName: optional(text, 'the host of its address', 'name that its certificate must be for, where that is not the host of its address'),
  credentials: optional(object, 'none', 'login of the gateway itself, below'),
  credentialsFile: optional(text, 'none', "file of logins in the form of Docker's `config.json`"),
  credentialHelper: optional(text, 'none', '`name` of a program `docker-credential-name`'),
  realmHosts: withDefault(names, [], 'hosts besides its own whose token service may be given the login'),
  insecure: withDefault(
    flag,
    false,
    'logins may go over `http://`; without it an `http://` address serves anonymous pulls',
  ),
  allowedAddresses: withDefault(
    names,
    [],
    'addresses that it may lead to although they are not public: CIDR blocks, `"private"`, `"loopback"`, `"link-local"`',
  ),
};

export const locationSection = {
  keys: {
    remotetype: withDefault(oneOf('dockerv2'), 'dockerv2', 'protocol'),
    url: optional(text, '`https://<name>`', 'address, `https://`, `http://` or a host alone'),
    authMethod: withDefault(oneOf('token', 'basic'), 'token', 'what to prefer where a registry offers both'),
    authentication: optional(
      anything,
      'none',
      'accepted for the sake of existing files; the registry says what it wants',
    ),
    ...endpointKeys,
    mirrors: withDefault(
      mirrors,
      [],
      'other places for the same content, asked in this order before the registry; below',
    ),
    maxConnections: withDefault(count(1, 1000), 6, 'connections at a time to each host'),
    requestsPerSecond: optional(count(1, 1_000_000), 'no limit', 'requests a second to its host over all workers, as whomever they are made'),
    staleWhenUnavailable: withDefault(
      flag,
      false,
      'while it is down, pulls of what is published already end as READY, marked stale',
    ),
    foreignLayers: withDefault(flag, true, 'layers may come from other addresses that a manifest names'),
  },
  legacy: {},
};

export const mirrorSection = {
  keys: {
    url: required(text, 'address of the mirror'),
    pull: withDefault(oneOf('digest', 'tag'), 'digest', '`"digest"`: it is never asked what a tag is'),
    ...endpointKeys,
  },
  legacy: {},
};

export const credentialsSection = {
  keys: {
    username: required(text, 'user name'),
    password: optional(text, 'from `passwordFile`', 'password or token'),
    passwordFile: optional(text, 'none', 'file that holds the password, so that the configuration does not'),
  },
  legacy: {},
};
