import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { createGatewayClient, GatewayClientError, type GatewayClient } from '../../src/client/index.js';
import { refusal, ScriptedGateway } from '../support/graphql-server.js';
import { IMAGE_ID, imageDetail, pullState } from '../support/pull-states.js';

let gateway: ScriptedGateway;
let client: GatewayClient;

beforeEach(async () => {
  gateway = await ScriptedGateway.start();
  client = createGatewayClient({ url: gateway.url });
});
afterEach(() => gateway.stop());

async function failureOf(promise: Promise<unknown>): Promise<GatewayClientError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayClientError) return error;
  throw new Error('Expected a GatewayClientError.', { cause: error });
}

const unavailable = {
  __typename: 'UnavailableError',
  code: 'REGISTRY_UNREACHABLE',
  message: 'docker.io is down.',
  retryable: true,
};
const unknownSystem = {
  __typename: 'NotFoundError',
  code: 'UNKNOWN_SYSTEM',
  message: 'There is no system "mars".',
  path: ['input', 'systems', '0'],
};
const input = { reference: 'alpine', systems: ['perlmutter'] };

describe('requests', () => {
  it('gives the pulls that were started, and the errors of the systems that could not be served', async () => {
    gateway.answers['pullImage'] = () => ({ pulls: [pullState(1)], errors: [unknownSystem] });
    const started = await client.pull({ reference: 'alpine', systems: ['perlmutter', 'mars'], force: true });
    expect(started.pulls).toEqual([pullState(1)]);
    expect(started.errors).toEqual([unknownSystem]);
    expect(gateway.callsOf('pullImage')).toEqual([
      { input: { reference: 'alpine', systems: ['perlmutter', 'mars'], force: true } },
    ]);
  });

  it('throws when no system could be served', async () => {
    gateway.answers['pullImage'] = () => ({ pulls: [], errors: [unknownSystem] });
    expect(await failureOf(client.pull(input))).toMatchObject({
      code: 'UNKNOWN_SYSTEM',
      message: 'There is no system "mars".',
      retryable: false,
      userErrors: [unknownSystem],
    });
  });

  it('takes from the payload whether trying again can help', async () => {
    for (const retryable of [true, false]) {
      gateway.answers['pullImage'] = () => ({ pulls: [], errors: [{ ...unavailable, retryable }] });
      expect(await failureOf(client.pull(input))).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable });
    }
  });

  it('throws the code of a GraphQL error', async () => {
    gateway.answers['pull'] = () => {
      throw refusal('INDEX_UNAVAILABLE', 'The index does not answer.');
    };
    expect(await failureOf(client.findPull('x'))).toMatchObject({
      code: 'INDEX_UNAVAILABLE',
      message: 'The index does not answer.',
      retryable: true,
    });
  });

  it('finds a pull, or none', async () => {
    gateway.answers['pull'] = ({ id }) => (id === 'pull-1' ? pullState(4) : null);
    expect(await client.findPull('pull-1')).toEqual(pullState(4));
    expect(await client.findPull('other')).toBeNull();
  });

  it('leaves a pull', async () => {
    gateway.answers['cancelPull'] = () => ({ pull: pullState(7), errors: [] });
    expect(await client.cancelPull('pull-1', { force: true })).toEqual(pullState(7));
    expect(gateway.callsOf('cancelPull')).toEqual([{ input: { id: 'pull-1', force: true } }]);
    gateway.answers['cancelPull'] = () => ({ pull: null, errors: [{ ...unknownSystem, code: 'NOT_FOUND' }] });
    expect(await failureOf(client.cancelPull('pull-1'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('takes a name off an image', async () => {
    const tag = { reference: 'docker.io/library/alpine:latest', imageId: IMAGE_ID };
    gateway.answers['expireImage'] = () => ({ tag, imageRemoved: true, errors: [] });
    expect(await client.expireImage({ system: 'perlmutter', reference: 'alpine' })).toEqual({
      tag,
      imageRemoved: true,
    });
    gateway.answers['expireImage'] = () => ({
      tag: null,
      imageRemoved: false,
      errors: [{ ...unknownSystem, code: 'FORBIDDEN' }],
    });
    expect(await failureOf(client.expireImage({ system: 'perlmutter', reference: 'alpine' }))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('images', () => {
  it('looks one up; tells no image from no system', async () => {
    gateway.answers['system'] = ({ name }) => (name === 'perlmutter' ? { name } : null);
    gateway.answers['image'] = ({ reference }) => (reference === 'alpine' ? imageDetail() : null);
    expect(await client.lookup('perlmutter', 'alpine', { platform: 'linux/arm64' })).toEqual(imageDetail());
    expect(gateway.callsOf('image')).toEqual([
      { system: 'perlmutter', reference: 'alpine', platform: 'linux/arm64' },
    ]);
    expect(await client.lookup('perlmutter', 'busybox')).toBeNull();
    expect(await failureOf(client.lookup('mars', 'alpine'))).toMatchObject({ code: 'UNKNOWN_SYSTEM' });
  });

  it('reads page after page, as far as they are wanted', async () => {
    gateway.answers['images'] = ({ after }) => {
      const page = after === undefined || after === null ? 0 : Number(after);
      return {
        nodes: [imageDetail({ entryCount: page }), imageDetail()],
        pageInfo: { hasNextPage: page < 2, endCursor: String(page + 1) },
      };
    };
    let count = 0;
    for await (const image of client.images({ system: 'perlmutter', nameContains: 'alp', pageSize: 2 })) {
      expect(image.imageId).toBe(IMAGE_ID);
      count += 1;
    }
    expect(count).toBe(6);
    const where = { system: 'perlmutter', nameContains: 'alp' };
    expect(gateway.callsOf('images')).toEqual([
      { where, first: 2, after: null },
      { where, first: 2, after: '1' },
      { where, first: 2, after: '2' },
    ]);
    gateway.calls.length = 0;
    const firstPage = client.images()[Symbol.asyncIterator]();
    expect(await firstPage.next()).toMatchObject({ value: { imageId: IMAGE_ID } });
    await firstPage.return?.();
    expect(gateway.callsOf('images')).toHaveLength(1);
  });
});

describe('whoever answers', () => {
  it('is UNREACHABLE when nobody listens', async () => {
    await gateway.stop();
    const failure = await failureOf(client.findPull('x'));
    expect(failure).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    expect(failure.message).toContain(`${gateway.url}/graphql does not answer`);
    expect(failure.message).toContain('ECONNREFUSED');
  });

  it.each([
    [502, '<html>Bad gateway</html>', 'UNREACHABLE'],
    [401, 'no', 'UNAUTHENTICATED'],
    [403, 'no', 'FORBIDDEN'],
    [429, 'slow down', 'RATE_LIMITED'],
    [200, '<html>Welcome</html>', 'NOT_A_GATEWAY'],
    [200, '{"hello": "world"}', 'NOT_A_GATEWAY'],
    [200, '{"data": null}', 'NOT_A_GATEWAY'],
    [400, '{"errors": [{"message": "Syntax error."}]}', 'INTERNAL'],
  ])('with status %s and %s is %s', async (status, body, code) => {
    gateway.plainAnswer = { status, body };
    expect(await failureOf(client.findPull('x'))).toMatchObject({ code });
  });

  it('gets the token, and may refuse it', async () => {
    gateway.authorization = 'Bearer secret';
    gateway.answers['pull'] = () => null;
    expect(await failureOf(client.findPull('x'))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await createGatewayClient({ url: gateway.url, token: 'secret' }).findPull('x')).toBeNull();
  });

  it('is left alone on abort, with the reason of the signal', async () => {
    const events = new EventEmitter();
    gateway.answers['pull'] = () => {
      events.emit('asked');
      return new Promise(() => {});
    };
    const asked = once(events, 'asked');
    const controller = new AbortController();
    const answer = client.findPull('x', { signal: controller.signal });
    await asked;
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});
