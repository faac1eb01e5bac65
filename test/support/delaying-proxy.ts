/** A TCP proxy that lets every byte arrive later, in both directions: a long link without a long link. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface DelayingProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** @param delayMs added in each direction; a round trip takes twice as long. */
export async function startDelayingProxy(targetPort: number, delayMs: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    delayed(client, upstream, delayMs);
    delayed(upstream, client, delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Each piece waits for its time, one timer for all: a timer per piece would be the bottleneck. */
function delayed(from: Socket, to: Socket, delayMs: number): void {
  const held: { readonly due: number; readonly bytes: Buffer | undefined }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const pass = (): void => {
    timer = undefined;
    const now = performance.now();
    // All that is due in one system call.
    to.cork();
    while (held.length > 0 && (held[0]?.due ?? 0) <= now) {
      const bytes = held.shift()?.bytes;
      if (bytes === undefined) to.end();
      else to.write(bytes);
    }
    to.uncork();
    const next = held[0];
    if (next !== undefined) timer = setTimeout(pass, Math.max(1, next.due - now));
  };
  const hold = (bytes: Buffer | undefined): void => {
    held.push({ due: performance.now() + delayMs, bytes });
    timer ??= setTimeout(pass, delayMs);
  };
  from.on('data', hold);
  from.on('end', () => hold(undefined));
  from.on('close', () => hold(undefined));
}
