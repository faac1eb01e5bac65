/**
 * Where the images of a system go. A target is made once for one description of a system and kept: it remembers what
 * its server bears. A system that is described anew gets a new one.
 */
import type { SystemConfig } from '../config/index.js';
import { createLocalTarget, createSftpTarget, type SshAccount, type SshConnections, type Target } from '../delivery/index.js';
import { GatewayError } from '../lib/errors.js';

export type TargetOf = (system: SystemConfig) => Target;

/** @param limits in place of those of the systems. */
export function createTargets(connections: SshConnections, limits: Partial<SshAccount['limits']> = {}): TargetOf {
  const made = new Map<string, { readonly description: string; readonly target: Target }>();
  return (system) => {
    const description = JSON.stringify(system);
    const known = made.get(system.name);
    if (known?.description === description) return known.target;
    const target = createTarget(system, connections, limits);
    made.set(system.name, { description, target });
    return target;
  };
}

/** @throws GatewayError BAD_CONFIG for a remote system that does not say how to reach it. */
function createTarget(system: SystemConfig, connections: SshConnections, limits: Partial<SshAccount['limits']>): Target {
  const { name, access, imageDirectory, delivery, ssh } = system;
  const common = {
    imageDirectory,
    mode: delivery.fileMode,
    ...(delivery.owner === undefined ? {} : { owner: delivery.owner }),
    reserveBytes: delivery.reserveBytes,
    verify: delivery.verify,
    cleanUpMs: delivery.cleanUpMs,
  };
  if (access === 'local') return createLocalTarget(common);
  if (ssh === undefined) throw new GatewayError('BAD_CONFIG', `The system ${name} is remote and does not say how to log in: give it an "ssh" section.`);
  const { hosts, username, key, passphraseFile, agent, knownHosts, fingerprints, allowOlderServers, ...configured } = ssh;
  const account: SshAccount = {
    hosts,
    username,
    ...(key === undefined ? {} : { keyFile: key }),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(agent === undefined ? {} : { agent }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
    fingerprints,
    limits: { ...configured, ...limits },
  };
  return createSftpTarget({ ...common, connections, account, allowOlderServers });
}
