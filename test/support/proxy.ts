/** A web proxy on the loopback that writes down what it is asked for, and then does it. */
import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** With a login in it, as environment variables have it. */
  readonly url: string;
  /** `CONNECT host:port`, or the method and the whole URL. */
  readonly seen: { readonly what: string; readonly headers: IncomingHttpHeaders }[];
  stop(): Promise<void>;
}

/** @param standIn `host:port` where every tunnel ends, whatever was asked for. */
export async function startProxy(standIn?: string): Promise<Proxy> {
  const seen: Proxy['seen'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    seen.push({ what: `${incoming.method ?? ''} ${incoming.url ?? ''}`, headers: incoming.headers });
    const { 'proxy-authorization': _login, ...headers } = incoming.headers;
    const onward = forward(incoming.url ?? '', { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, client: Socket, head) => {
    seen.push({ what: `CONNECT ${incoming.url ?? ''}`, headers: incoming.headers });
    const [host = '', port] = (standIn ?? incoming.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://proxyuser:proxysecret@127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
