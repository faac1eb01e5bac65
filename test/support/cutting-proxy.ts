/** A TCP proxy whose answers can be held back and whose connections can be cut: requests arrive, and nobody learns what became of them. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** How many connections were made up to now. */
  readonly connectionCount: number;
  /** How many were refused, because there were as many as may be at once. */
  readonly refusedCount: number;
  /** From now on nothing comes back on the connections that there are. */
  holdAnswers(): void;
  /** Ends the connections that there are. */
  cut(): void;
  close(): Promise<void>;
}

/** @param most connections at once. */
export async function startCuttingProxy(targetPort: number, most = Infinity): Promise<CuttingProxy> {
  const pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  let connectionCount = 0;
  let refusedCount = 0;
  const server = createServer({ noDelay: true }, (client) => {
    if (pairs.size >= most) {
      refusedCount += 1;
      client.destroy();
      return;
    }
    connectionCount += 1;
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = { client, upstream };
    pairs.add(pair);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {}).on('close', () => {
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const { client, upstream } of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return connectionCount;
    },
    get refusedCount() {
      return refusedCount;
    },
    holdAnswers() {
      for (const { client, upstream } of pairs) upstream.unpipe(client);
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
