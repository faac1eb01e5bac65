/**
 * Network namespaces: machines of their own as far as the network is concerned. Each is joined to this one by a veth pair and
 * has no other way out, and its loopback is nobody else's. Needs root, and a kernel that allows it.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { runChild } from '../../src/lib/child.js';

export interface Namespace {
  readonly address: string;
  /** Start with this what is to run in it. */
  readonly wrap: readonly string[];
  /** As `wrap`, with a tmpfs on `directory` that only the program and its children see. */
  withDisk(directory: string, options: string): readonly string[];
  /** Plugs the cable out or in. */
  plug(isIn: boolean): Promise<void>;
}

export interface Network {
  /** Of this machine, for those in the namespaces. */
  readonly address: string;
  readonly namespaces: readonly Namespace[];
  remove(): Promise<void>;
}

const MOUNT_AND_RUN = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"';

async function ip(...args: readonly string[]): Promise<void> {
  await runChild({ command: 'ip', args });
}

/** @param count at most 250. */
export async function makeNetwork(count: number): Promise<Network> {
  const id = randomBytes(3).toString('hex');
  // RFC 2544 keeps 198.18.0.0/15 for tests between networks.
  const subnet = `198.${String(18 + (process.pid & 1))}.${String((process.pid >> 1) & 255)}`;
  const address = `${subnet}.1`;
  const names = Array.from({ length: count }, (_, at) => `igw${id}${String(at)}`);
  // The pair of interfaces goes with the namespace that holds one of them.
  const remove = async (): Promise<void> => {
    for (const name of names) await ip('netns', 'delete', name).catch(() => undefined);
  };
  try {
    for (const [at, name] of names.entries()) {
      const peer = `${subnet}.${String(at + 2)}`;
      await ip('netns', 'add', name);
      await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      await ip('address', 'add', address, 'peer', peer, 'dev', name);
      await ip('link', 'set', name, 'up');
      await ip('-n', name, 'address', 'add', peer, 'peer', address, 'dev', 'eth0');
      for (const device of ['lo', 'eth0']) await ip('-n', name, 'link', 'set', device, 'up');
    }
  } catch (error) {
    await remove();
    throw error;
  }
  const namespaces = names.map((name, at): Namespace => {
    const wrap = ['ip', 'netns', 'exec', name];
    const peer = `${subnet}.${String(at + 2)}`;
    return {
      address: peer,
      wrap,
      withDisk: (directory, options) => [...wrap, 'sh', '-c', MOUNT_AND_RUN, 'sh', options, directory],
      plug: async (isIn) => {
        await ip('link', 'set', name, isIn ? 'up' : 'down');
        // The route goes with the link, and comes back with the address.
        if (isIn) await ip('route', 'replace', peer, 'dev', name, 'src', address);
      },
    };
  });
  return { address, namespaces, remove };
}

/** Whether this process may make namespaces, and mount in them; the reason otherwise. */
export async function networkProblem(): Promise<string | undefined> {
  try {
    const network = await makeNetwork(1);
    try {
      const [command, ...args] = [...(network.namespaces[0]?.withDisk('/mnt', 'size=64k') ?? []), 'true'];
      await runChild({ command, args });
    } finally {
      await network.remove();
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Lets those who can reach `address` speak to a Unix socket of this machine. */
export async function startRelay(address: string, socketPath: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect(socketPath);
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => {}).on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
