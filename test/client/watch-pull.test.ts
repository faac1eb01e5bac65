import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import {
  createGatewayClient,
  type GatewayClient,
  type GatewayClientOptions,
  type PullState,
} from '../../src/client/index.js';
import { refusal, ScriptedGateway, type PullScript } from '../support/graphql-server.js';
import { failedState, pullState, readyState } from '../support/pull-states.js';

let gateway: ScriptedGateway;
let script: PullScript;

beforeEach(async () => {
  gateway = await ScriptedGateway.start({ pull: () => null });
  script = gateway.pull('pull-1');
});
afterEach(() => gateway.stop());

function clientOf(options: Partial<GatewayClientOptions> = {}): GatewayClient {
  return createGatewayClient({
    url: gateway.url,
    webSocketImpl: WebSocket,
    reconnect: { delayMs: 1 },
    ...options,
  });
}

/** Reads to the end; `onState` may emit what comes next. */
async function read(
  states: AsyncIterable<PullState>,
  onState: (state: PullState) => void | Promise<void> = () => {},
): Promise<string[]> {
  const seen: string[] = [];
  for await (const state of states) {
    seen.push(`${state.sequence} ${state.state}`);
    await onState(state);
  }
  return seen;
}

const pulling = (sequence: number): PullState => pullState(sequence, { state: 'PULLING', stage: 'FETCH' });

describe('following a pull', () => {
  it('gives the present state, each newer one, the terminal one, and ends', async () => {
    script.emit(pullState(1));
    const seen = await read(clientOf().watchPull('pull-1'), ({ sequence }) => {
      if (sequence === 1) script.emit(pulling(2));
      if (sequence === 2) script.emit(readyState(3));
    });
    expect(seen).toEqual(['1 QUEUED', '2 PULLING', '3 READY']);
    await script.deserted();
  });

  it('gives one state of a pull that has ended', async () => {
    script.emit(failedState(9));
    expect(await read(clientOf().watchPull('pull-1'))).toEqual(['9 FAILED']);
  });

  it('leaves out repeated and older states, but never the end', async () => {
    script.emit(pullState(5));
    const seen = await read(clientOf().watchPull('pull-1'), ({ sequence }) => {
      if (sequence === 5) for (const next of [5, 4, 6]) script.emit(pulling(next));
      if (sequence === 6) script.emit(pullState(2, { state: 'CANCELLED', stage: null }));
    });
    expect(seen).toEqual(['5 QUEUED', '6 PULLING', '2 CANCELLED']);
  });

  it('follows several pulls over one connection', async () => {
    const client = clientOf();
    gateway.pull('pull-2').emit(readyState(1));
    script.emit(readyState(2));
    expect(await Promise.all(['pull-1', 'pull-2'].map((id) => read(client.watchPull(id))))).toEqual([
      ['2 READY'],
      ['1 READY'],
    ]);
  });

  it('sends the token', async () => {
    gateway.authorization = 'Bearer secret';
    script.emit(readyState(1));
    expect(await read(clientOf({ token: 'secret' }).watchPull('pull-1'))).toEqual(['1 READY']);
  });

  it('unsubscribes when the reader leaves', async () => {
    script.emit(pullState(1));
    for await (const state of clientOf().watchPull('pull-1')) {
      expect(state.sequence).toBe(1);
      break;
    }
    await script.deserted();
    expect(script.subscriberCount).toBe(0);
  });

  it('unsubscribes on abort and throws the reason of the signal', async () => {
    script.emit(pullState(1));
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = read(clientOf().watchPull('pull-1', { signal: controller.signal }), () =>
      controller.abort(reason),
    );
    await expect(reading).rejects.toBe(reason);
    await script.deserted();
  });
});

describe('a gateway that goes away', () => {
  it('is taken up again where it was left, once it is back', async () => {
    script.emit(pullState(1));
    const reasons: string[] = [];
    const onReconnect = ({ code }: { code: string }): void => {
      reasons.push(code);
      // It comes back only when we have found it gone twice: lost, then refused.
      if (reasons.length === 2) void gateway.resume();
    };
    const seen = await read(clientOf().watchPull('pull-1', { onReconnect }), async ({ sequence }) => {
      if (sequence === 1) {
        script.emit(pulling(2));
      } else if (sequence === 2) {
        await gateway.stop();
        script.emit(pulling(2));
        void script.subscribed().then(() => script.emit(readyState(3)));
      }
    });
    expect(seen).toEqual(['1 QUEUED', '2 PULLING', '3 READY']);
    expect(reasons.length).toBeGreaterThanOrEqual(2);
    expect(new Set(reasons)).toEqual(new Set(['UNREACHABLE']));
  });

  it('is asked again when it ends the stream before the pull', async () => {
    script.emit(pullState(1));
    const seen = await read(clientOf().watchPull('pull-1'), () => {
      script.complete();
      void script.subscribed().then(() => script.emit(readyState(2)));
    });
    expect(seen).toEqual(['1 QUEUED', '2 READY']);
  });

  it('is asked again while what it needs does not answer', async () => {
    script.emit(readyState(1));
    script.refuse = () => refusal('QUEUE_UNAVAILABLE', 'Redis does not answer.');
    const onReconnect = (): void => {
      script.refuse = undefined;
    };
    expect(await read(clientOf().watchPull('pull-1', { onReconnect }))).toEqual(['1 READY']);
  });

  it('is given up after so many vain attempts', async () => {
    script.emit(pullState(1));
    let attempts = 0;
    const client = clientOf({ reconnect: { delayMs: 1, attempts: 3 } });
    const reading = read(client.watchPull('pull-1', { onReconnect: () => (attempts += 1) }), () =>
      gateway.stop(),
    );
    await expect(reading).rejects.toMatchObject({ code: 'UNREACHABLE', retryable: true });
    expect(attempts).toBe(3);
  });

  it('is not asked again when it never was there', async () => {
    await gateway.stop();
    let attempts = 0;
    const reading = read(clientOf().watchPull('pull-1', { onReconnect: () => (attempts += 1) }));
    await expect(reading).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(attempts).toBe(0);
  });

  it('is asked again when it has answered a request before', async () => {
    const client = clientOf();
    await client.findPull('pull-1');
    await gateway.stop();
    script.emit(readyState(1));
    const onReconnect = (): void => void gateway.resume();
    expect(await read(client.watchPull('pull-1', { onReconnect }))).toEqual(['1 READY']);
  });

  it('is not waited for after an abort', async () => {
    script.emit(pullState(1));
    const controller = new AbortController();
    const reason = new Error('enough');
    const client = clientOf({ reconnect: { delayMs: 1e9 } });
    const onReconnect = (): void => void setImmediate(() => controller.abort(reason));
    const reading = read(client.watchPull('pull-1', { signal: controller.signal, onReconnect }), () =>
      gateway.stop(),
    );
    await expect(reading).rejects.toBe(reason);
  });

  it('is noticed though it closes nothing', async () => {
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(silent, 'listening');
    const pings = new EventEmitter();
    silent.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const { type } = JSON.parse(data.toString()) as { type: string };
        if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
        if (type === 'ping') pings.emit('ping');
      });
    });
    const pinged = once(pings, 'ping');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const reading = read(clientOf({ url, keepAliveMs: 20, reconnect: { attempts: 0 } }).watchPull('pull-1'));
    await expect(reading).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('4499'),
    });
    await pinged;
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('a refusal', () => {
  it('by close code 4403 is FORBIDDEN and not tried again', async () => {
    gateway.authorization = 'Bearer secret';
    const client = clientOf({ token: 'wrong' });
    await client.findPull('pull-1').catch(() => {});
    let attempts = 0;
    const reading = read(client.watchPull('pull-1', { onReconnect: () => (attempts += 1) }));
    await expect(reading).rejects.toMatchObject({ code: 'FORBIDDEN', retryable: false });
    expect(attempts).toBe(0);
  });

  it('by a GraphQL error keeps its code and is not tried again', async () => {
    script.refuse = () => refusal('NOT_FOUND', 'There is no pull "pull-1".');
    let attempts = 0;
    const reading = read(clientOf().watchPull('pull-1', { onReconnect: () => (attempts += 1) }));
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'There is no pull "pull-1".' });
    expect(attempts).toBe(0);
  });
});
