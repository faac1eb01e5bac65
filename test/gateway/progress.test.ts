/**
 * Progress through the whole gateway: layers fetched again, subscribers that are slow, late, cut off or gone, and
 * requesters who leave.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import type { Viewer } from '../../src/access/viewer.js';
import { createGatewayClient, type GatewayClient, type PullState } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { createProgressStore } from '../../src/jobs/progress/progress-store.js';
import { sha256 } from '../../src/lib/digest.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, until, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let api: RunningGateway;
let client: GatewayClient;
let worker: RunningGateway | undefined;

beforeEach(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  site = makeSite(stack, registry.url, { RegistryLimits: { retryDelayMax: 0 } });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  registry.putImage([tarOf({ name: 'a', body: Buffer.alloc(200_000, 1) })], 'latest');
});

afterEach(async () => {
  registry.hook = undefined;
  await worker?.close();
  worker = undefined;
  await api.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function work(): Promise<void> {
  worker = await startInProcess(site, { api: false, worker: true });
}

async function begin(): Promise<string> {
  const { pulls } = await client.pull({ reference: 'app', systems: ['one'] });
  return pulls[0]!.id;
}

/** Sends so many bytes and breaks off, or all that was asked for. */
type Answer = (bytes: number | 'all') => void;

/** Requests for the layer, in their order: each waits for what the test answers. */
function layerRequests(): { next(): Promise<Answer> } {
  const waiting: ((answer: Answer) => void)[] = [];
  const asked: Answer[] = [];
  registry.hook = (request, response, path) => {
    const blob = registry.blobs.get(path.slice(path.lastIndexOf('/') + 1));
    if (blob === undefined || blob.length < 100_000) return false;
    const [, from = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
    const rest = blob.subarray(Number(from));
    const answer: Answer = (bytes) => {
      response.writeHead(from === '0' ? 200 : 206, {
        'content-length': rest.length,
        'content-range': `bytes ${from}-${String(blob.length - 1)}/${String(blob.length)}`,
      });
      if (bytes === 'all') response.end(rest);
      else response.write(rest.subarray(0, bytes), () => response.destroy());
    };
    const next = waiting.shift();
    if (next === undefined) asked.push(answer);
    else next(answer);
    return true;
  };
  return { next: async () => asked.shift() ?? new Promise<Answer>((resolve) => waiting.push(resolve)) };
}

describe('a layer that breaks off', () => {
  it('shows RETRYING with its attempt, and its bytes never fall', async () => {
    const requests = layerRequests();
    await work();
    const id = await begin();
    const states = statesOf(client, id);
    (await requests.next())(50_000);
    const again = await requests.next();
    const retrying = await until(client, id, ({ layers }) => layers[0]?.state === 'RETRYING');
    expect(retrying.layers[0]).toMatchObject({ attempt: 2, fromCache: false });
    again('all');
    const all = await states;
    expect(all.at(-1)).toMatchObject({ state: 'READY', layers: [{ state: 'DONE', attempt: 2 }] });
    const bytes = all.map(({ bytesDone }) => bytesDone);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(all.at(-1)!.bytesTotal);
  });
});

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: { readonly data: { readonly pullProgress: { readonly sequence: number; readonly state: string } } };
}

/** A subscription to a pull, as its frames are; `has` resolves when the test of them is true. */
async function subscribed(id: string): Promise<{ readonly socket: WebSocket; readonly messages: readonly Message[]; readonly has: (isThere: () => boolean) => Promise<void> }> {
  const socket = new WebSocket(api.url!.replace('http', 'ws'), 'graphql-transport-ws');
  const messages: Message[] = [];
  let told: () => void = () => {};
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Message);
    told();
  });
  const has = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await new Promise<void>((resolve) => (told = resolve));
  };
  await new Promise((resolve) => socket.on('open', resolve));
  socket.send('{"type":"connection_init"}');
  await has(() => messages[0]?.type === 'connection_ack');
  const query = `subscription { pullProgress(id: "${id}") { sequence state layers { digest size state waitingFor } } }`;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  return { socket, messages, has };
}

describe('a subscriber', () => {
  it('whose connection breaks takes it up again and misses no end', async () => {
    const sockets: WebSocket[] = [];
    class WatchedSocket extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const requests = layerRequests();
    const frail = createGatewayClient({ url: api.url!, webSocketImpl: WatchedSocket, reconnect: { delayMs: 1 } });
    const id = await begin();
    await work();
    const seen: PullState[] = [];
    for await (const state of frail.watchPull(id)) {
      seen.push(state);
      if (state.stage === 'FETCH' && sockets.length === 1) {
        sockets[0]!.terminate();
        (await requests.next())('all');
      }
    }
    expect(sockets.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toMatchObject({ state: 'READY' });
    const sequences = seen.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  it('whose API is stopped goes on with the one that takes its place', async () => {
    const requests = layerRequests();
    const id = await begin();
    const port = Number(new URL(api.url!).port);
    await work();
    const states = statesOf(client, id);
    const answer = await requests.next();
    await api.close();
    api = await startInProcess({ ...site, config: { ...site.config, port } }, { api: true, worker: false });
    answer('all');
    expect((await states).at(-1)).toMatchObject({ state: 'READY' });
  });

  it('that is slow gets the newest state and costs no more than it would reading', async () => {
    const STATES = 400;
    const id = await begin();
    const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
    const store = createProgressStore(redis, 'gw');
    const { socket, messages, has } = await subscribed(id);
    const sequences = (): number[] => messages.flatMap(({ payload }) => payload?.data.pullProgress.sequence ?? []);
    await has(() => sequences().length === 1);
    socket.pause();
    // Some 100 KB each: more together than all buffers on the way hold.
    const layers = Array.from({ length: 500 }, (_, i) => ({
      digest: sha256(String(i)),
      size: 1,
      state: 'FETCHING' as const,
      bytesDone: 0,
      fromCache: false,
      attempt: 1,
      waitingFor: 'x'.repeat(100),
    }));
    const snapshot = { ...(await api.pullService.read(id))!, state: 'PULLING' as const, stage: 'FETCH' as const, layers };
    let newest = snapshot.sequence;
    for (let i = 0; i < STATES; i++) newest = await store.publish({ ...snapshot, sequence: newest });
    socket.resume();
    await has(() => sequences().at(-1) === newest);
    expect(sequences().length).toBeLessThan(STATES / 2);
    socket.terminate();
    redis.disconnect();
  });

  it('that comes late gets one state and `complete`; one that was there before gets `complete` behind the last', async () => {
    await work();
    const requests = layerRequests();
    const id = await begin();
    const early = await subscribed(id);
    (await requests.next())('all');
    await early.has(() => early.messages.at(-1)?.type === 'complete');
    const late = await subscribed(id);
    await late.has(() => late.messages.at(-1)?.type === 'complete');
    const states = early.messages.filter(({ type }) => type === 'next');
    expect(states.at(-1)!.payload!.data.pullProgress).toMatchObject({ state: 'READY' });
    expect(late.messages).toEqual([{ type: 'connection_ack' }, { ...states.at(-1), id: '1' }, { id: '1', type: 'complete' }]);
    for (const { socket } of [early, late]) socket.terminate();
  });

  it('that goes takes its Redis subscription with it', async () => {
    const id = await begin();
    const iterator = client.watchPull(id)[Symbol.asyncIterator]();
    await iterator.next();
    expect(api.hub.channelCount).toBe(1);
    const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
    const channel = `gw:progress:${id}`;
    expect(await redis.call('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]);
    const gone = new Promise<void>((resolve) => {
      void redis.monitor().then((monitor) => {
        monitor.on('monitor', (_time: string, [command]: string[]) => {
          if (command?.toLowerCase() !== 'unsubscribe') return;
          monitor.disconnect();
          resolve();
        });
        return iterator.return?.();
      });
    });
    await gone;
    expect(await redis.call('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 0]);
    expect(api.hub.channelCount).toBe(0);
    redis.disconnect();
  });
});

describe('requesters of one pull', () => {
  const user = (name: string): Viewer => ({ realm: 'site', name, uid: 1000, groups: [], isAdmin: false });
  const request = { reference: 'app', system: 'one', force: false };

  it('leave it one by one; the work stops with the last', async () => {
    const requests = layerRequests();
    await work();
    const { pullService } = api;
    const [alice, bob, carol] = [user('alice'), user('bob'), user('carol')];
    const [{ id }, joined] = await Promise.all([pullService.pull(request, alice), pullService.pull(request, bob)]);
    expect(joined.id).toBe(id);
    const answer = await requests.next();
    await expect(pullService.cancel(id, carol, false)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(pullService.cancel(id, bob, true)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await pullService.cancel(id, alice, false)).toMatchObject({ state: 'PULLING' });
    await expect(pullService.cancel(id, alice, false)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    answer('all');
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
  });

  it('end it together; who asks again gets a new pull', async () => {
    const requests = layerRequests();
    await work();
    const { pullService } = api;
    const { id } = await pullService.pull(request, user('alice'));
    await pullService.pull(request, user('bob'));
    await requests.next();
    await pullService.cancel(id, user('alice'), false);
    await pullService.cancel(id, user('bob'), false);
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'CANCELLED' });
    const again = await pullService.pull(request, user('alice'));
    expect(again.id).not.toBe(id);
    (await requests.next())('all');
    expect((await statesOf(client, again.id)).at(-1)).toMatchObject({ state: 'READY' });
  });
});
