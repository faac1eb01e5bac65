/** Who may use an import, by the names that its owner gives: in the index, for other callers, and on the system. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { graphql, parse, subscribe } from 'graphql';
import { gatewayViewer, type Viewer } from '../../src/access/viewer.js';
import type { AccessInput, GatewayClient } from '../../src/client/index.js';
import type { RunningGateway } from '../../src/gateway.js';
import { createContext, type GatewayServices } from '../../src/resolvers/context.js';
import { loadSchema } from '../../src/server/schema.js';
import { CliRun } from '../support/cli-run.js';
import { clientOf, kill, makeSite, spawnWorker, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { writeLayout } from '../support/images.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

const DIE_AT = new URL('../support/die-at.mjs', import.meta.url).pathname;
const schema = loadSchema();
const numberOf = (option: '-u' | '-g', name: string): number => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
const OWN = process.getuid?.() ?? 0;

let stack: TestStack;
let site: Site;
let api: RunningGateway;
let worker: RunningGateway | undefined;
/** A worker in a process of its own. */
let doomed: ChildProcess | undefined;
let client: GatewayClient;
let services: GatewayServices;
let path: string;

beforeAll(async () => {
  stack = await startTestStack();
  site = makeSite(stack, 'http://127.0.0.1:9', { ImportUsers: 'all', ImportPaths: ['inbox'] });
  const { Platforms } = JSON.parse(readFileSync(site.configFile, 'utf8')) as { Platforms: { one: object } };
  site = site.withKeys({ Platforms: { ...Platforms, one: { ...Platforms.one, admins: ['carol'] } } });
  api = await startInProcess(site, { api: true, worker: false });
  client = clientOf(api);
  services = api.services!;
});
afterAll(async () => {
  await api.close();
  site.remove();
  await stack.stop();
});
afterEach(async () => {
  if (doomed !== undefined) await kill(doomed);
  await worker?.close();
  worker = undefined;
});

async function work(): Promise<void> {
  worker ??= await startInProcess(site, { api: false, worker: true });
}

/** Another image, to be imported. */
function layout(): void {
  path = join(site.directory, 'inbox', randomBytes(4).toString('hex'));
  mkdirSync(path, { recursive: true });
  writeLayout(path, [tarOf({ name: 'tool', body: randomBytes(100) })]);
}

async function outcome(name: string, access?: AccessInput, force?: boolean) {
  const { id } = await client.importImage({ system: 'one', path, name, access, force });
  return (await statesOf(client, id)).at(-1)!;
}

/** Imports it; gives the image's id. */
async function imported(name: string, access?: AccessInput, force?: boolean): Promise<string> {
  const { state, error, image } = await outcome(name, access, force);
  expect({ state, error }).toEqual({ state: 'READY', error: null });
  return image!.imageId;
}

const metaOf = (imageId: string): string => readFileSync(join(site.images, `${imageId}.meta`), 'utf8');
const listsOf = (imageId: string): string | undefined => /^USERACL: .*\nGROUPACL: .*$/m.exec(metaOf(imageId))?.[0];
const lists = (users: readonly number[], groups: readonly number[] = []): string => `USERACL: ${[...users].sort((a, b) => a - b).join(',')}\nGROUPACL: ${groups.join(',')}`;

const published = (imageId: string): object => {
  const { mtimeMs, ino } = statSync(join(site.images, `${imageId}.squashfs`));
  return { mtimeMs, ino };
};

const viewer = (name: string, ...groups: string[]): Viewer => ({ realm: 'site', name, uid: 1000, groups, isAdmin: false });

/** What a viewer is shown of a name: by asking for it, in the list, and of its image as a node. */
async function shownTo(who: Viewer, name: string, imageId: string): Promise<boolean[]> {
  const contextValue = createContext(who, services, new AbortController().signal);
  const ask = async <T>(source: string): Promise<T> => {
    const { data, errors } = await graphql({ schema, source, contextValue });
    expect(errors).toBeUndefined();
    return data as T;
  };
  const all = gatewayViewer();
  const id = (await graphql({ schema, source: `{ image(system: "one", reference: "custom:${name}") { id } }`, contextValue: createContext(all, services, contextValue.signal) })).data as { image: { id: string } };
  const { image, images, node } = await ask<{ image: object | null; images: { nodes: { imageId: string }[] }; node: object | null }>(
    `{ image(system: "one", reference: "custom:${name}") { imageId tags { reference } }
       images(first: 100, where: { system: "one" }) { nodes { imageId } }
       node(id: "${id.image.id}") { id } }`,
  );
  return [image !== null, images.nodes.some((found) => found.imageId === imageId), node !== null];
}
const SHOWN = [true, true, true];
const HIDDEN = [false, false, false];

describe('an import with access rules', () => {
  it('is open to its owner, to those users and to those groups, and to nobody else', async () => {
    await work();
    layout();
    const imageId = await imported('lists', { users: ['daemon', 'bin', 'daemon'], groups: ['staff'] });
    const staff = Number(execFileSync('getent', ['group', 'staff'], { encoding: 'utf8' }).split(':')[2]);
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'daemon'), numberOf('-u', 'bin')], [staff]));
    const sidecar = JSON.parse(readFileSync(join(site.images, '.imagegw', `${imageId}.json`), 'utf8')) as unknown;
    const owner = `u:site/${gatewayViewer().name}`;
    expect(sidecar).toMatchObject({
      access: 'private',
      ids: { groups: [staff] },
      tags: [{ owner, principals: [owner, 'u:site/daemon', 'u:site/bin', 'g:site/staff'], ids: { users: [OWN, numberOf('-u', 'daemon'), numberOf('-u', 'bin')], groups: [staff] } }],
    });
    for (const who of [viewer('daemon'), viewer('bin', 'others'), viewer('ada', 'others', 'staff')]) expect(await shownTo(who, 'lists', imageId)).toEqual(SHOWN);
    // A user's name is no group's, and a name of another realm is another name.
    for (const who of [viewer('ada'), viewer('staff', 'daemon'), { ...viewer('daemon', 'staff'), realm: 'elsewhere' }]) expect(await shownTo(who, 'lists', imageId)).toEqual(HIDDEN);
  });

  it('takes new lists when it is imported again: the files follow without the image being made again', async () => {
    await work();
    layout();
    const imageId = await imported('again');
    expect(listsOf(imageId)).toBe(lists([OWN]));
    const before = published(imageId);
    await imported('again', { users: ['daemon'] });
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'daemon')]));
    expect(await shownTo(viewer('daemon'), 'again', imageId)).toEqual(SHOWN);
    await imported('again', { users: ['bin'], groups: [] });
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'bin')]));
    expect(await shownTo(viewer('daemon'), 'again', imageId)).toEqual(HIDDEN);
    await imported('again', {});
    expect(listsOf(imageId)).toBe(lists([OWN]));
    expect(published(imageId)).toEqual(before);
    // Nor does publishing it anew lose them.
    await imported('again', { users: ['games'] }, true);
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'games')]));
  });

  it('is open by each of its names to those whom that name was given for; a name that goes takes its own with it', async () => {
    await work();
    layout();
    const imageId = await imported('left', { users: ['daemon'] });
    await imported('right', { users: ['bin'] });
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'daemon'), numberOf('-u', 'bin')]));
    const contextValue = createContext(viewer('bin'), services, new AbortController().signal);
    const { data } = await graphql({ schema, source: '{ image(system: "one", reference: "custom:right") { tags { reference } } hidden: image(system: "one", reference: "custom:left") { id } }', contextValue });
    expect(data).toEqual({ image: { tags: [{ reference: 'custom:right' }] }, hidden: null });
    await client.expireImage({ system: 'one', reference: 'custom:left' });
    const watcher = watch(site.images);
    while (listsOf(imageId) !== lists([OWN, numberOf('-u', 'bin')])) await once(watcher, 'change');
    watcher.close();
    expect(await shownTo(viewer('daemon'), 'right', imageId)).toEqual(HIDDEN);
  });

  it('is told of to subscribers who may use it', async () => {
    await work();
    layout();
    const heard = async (who: Viewer): Promise<AsyncIterator<unknown>> => {
      const document = parse('subscription { imageChanged(system: "one") { kind reference image { imageId } } }');
      const results = await subscribe({ schema, document, contextValue: createContext(who, services, new AbortController().signal) });
      return results as AsyncGenerator;
    };
    const [friend, stranger] = [await heard(viewer('daemon')), await heard(viewer('ada'))];
    const [first, other] = [friend.next(), stranger.next()];
    const imageId = await imported('told', { users: ['daemon'] });
    expect(await first).toMatchObject({ value: { data: { imageChanged: { reference: 'custom:told', image: { imageId } } } } });
    // The stranger hears of the next one only, which is theirs.
    layout();
    const { id } = await client.importImage({ system: 'one', path, name: 'all', isPublic: true });
    await statesOf(client, id);
    expect(await other).toMatchObject({ value: { data: { imageChanged: { reference: 'custom:all' } } } });
    await friend.return?.();
    await stranger.return?.();
  });

  it('is told of when others may use it than before, and not when all is as it was', async () => {
    await work();
    layout();
    const document = parse('subscription { imageChanged(system: "one") { kind reference imageId } }');
    const results = (await subscribe({ schema, document, contextValue: createContext(viewer('daemon'), services, new AbortController().signal) })) as AsyncGenerator;
    const next = async (): Promise<unknown> => (await results.next() as { value: { data: { imageChanged: unknown } } }).value.data.imageChanged;
    const access = { users: ['daemon'], groups: [] };
    const imageId = await imported('shared', access);
    expect(await next()).toEqual({ kind: 'ADDED', reference: 'custom:shared', imageId });
    await imported('shared', access);
    await imported('shared', { users: ['bin', 'daemon'] });
    expect(await next()).toEqual({ kind: 'ACCESS_CHANGED', reference: 'custom:shared', imageId });
    // Whom it is taken from hears nothing of it any more.
    await imported('shared', { users: ['bin'] });
    await imported('shared', access);
    expect(await next()).toEqual({ kind: 'ACCESS_CHANGED', reference: 'custom:shared', imageId });
    layout();
    await imported('last', access);
    expect(await next()).toMatchObject({ kind: 'ADDED', reference: 'custom:last' });
    await results.return(undefined);
  });

  it('is closed again by another worker when the one that was about to say so on the system is killed', async () => {
    await work();
    layout();
    const imageId = await imported('closing', { users: ['daemon'] });
    await worker?.close();
    doomed = await spawnWorker(site, { environment: { DIE_AT: 'before rename \\.meta$' }, nodeArguments: ['--import', DIE_AT] });
    const died = once(doomed, 'exit');
    const { id } = await client.importImage({ system: 'one', path, name: 'closing' });
    expect(await died).toEqual([null, 'SIGKILL']);
    expect(listsOf(imageId)).toBe(lists([OWN, numberOf('-u', 'daemon')]));
    expect(await shownTo(viewer('daemon'), 'closing', imageId)).toEqual(HIDDEN);
    worker = undefined;
    await work();
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY', attempt: 2 });
    expect(listsOf(imageId)).toBe(lists([OWN]));
  });

  it('goes by `imagegw import --user --group`', async () => {
    await work();
    layout();
    const cli = new CliRun(['import', 'one', path, 'cli', '--user', 'daemon', '--group', 'staff', '--user', 'bin'], { url: api.url! });
    expect(await cli.exited).toBe(0);
    const tag = await services.images.getTag('one', 'custom:cli', null);
    expect(tag?.principals.slice(1)).toEqual(['u:site/daemon', 'u:site/bin', 'g:site/staff']);
  });
});

describe('an import whose access rules are wrong', () => {
  const refused = (access: AccessInput, isPublic = false): Promise<unknown> => client.importImage({ system: 'one', path, name: 'wrong', access, isPublic });

  it('is refused before anything is begun', async () => {
    layout();
    const userErrors = [{ path: ['input', 'access'] }];
    await expect(refused({ users: ['a,b'] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('"a,b"'), userErrors });
    await expect(refused({ groups: Array.from({ length: 101 }, (_, at) => `g${String(at)}`) })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/at most 100/), userErrors });
    await expect(refused({ users: ['daemon'] }, true)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/isPublic/), userErrors });
    expect(await services.pulls.list({ system: 'one', states: ['QUEUED'], limit: 1, order: 'newest' })).toEqual([]);
  });

  it.each([
    [{ users: ['daemon', 'nobody-has-this'] }, /one knows no user "nobody-has-this"/],
    [{ users: ['daemon'], groups: ['no-such-group'] }, /one knows no group "no-such-group"/],
  ])('fails by the name that the system does not know, and leaves nothing: %j', async (access, message) => {
    await work();
    layout();
    const before = readdirSync(site.images, { recursive: true }).sort();
    expect(await outcome('unknown', access)).toMatchObject({ state: 'FAILED', image: null, error: { code: 'BAD_USER_INPUT', stage: 'RESOLVE', message: expect.stringMatching(message) } });
    expect(await services.images.getTag('one', 'custom:unknown', null)).toBeUndefined();
    expect(readdirSync(site.images, { recursive: true }).sort()).toEqual(before);
  });

  it('fails when all names of the image together open it to more than the container runtime takes, and changes nothing', async () => {
    await work();
    layout();
    const imageId = await imported('many');
    const tag = (await services.images.getTag('one', 'custom:many', null))!;
    await services.images.pointTag({ ...tag, ids: { users: Array.from({ length: 1000 }, (_, at) => 100_000 + at), groups: [] } });
    expect(await outcome('more', { users: ['daemon'] })).toMatchObject({ state: 'FAILED', error: { code: 'TOO_LARGE', message: expect.stringMatching(/1002 users.*takes 1000/) } });
    expect(await outcome('more', { users: ['daemon'] }, true)).toMatchObject({ state: 'FAILED', error: { code: 'TOO_LARGE' } });
    expect(await services.images.getTag('one', 'custom:more', null)).toBeUndefined();
    expect(listsOf(imageId)?.match(/\d+/g)).not.toContain(String(numberOf('-u', 'daemon')));
  });
});

describe('a name that is in use', () => {
  it('is given to another image by its owner alone, also when others may use it', async () => {
    await work();
    layout();
    const ada: Viewer = { ...viewer('ada'), uid: OWN };
    const wanted = { system: 'one', path, name: 'ada-s', image: undefined, isPublic: false, force: false };
    const { id } = await services.importService.importImage({ ...wanted, access: { users: ['daemon'], groups: ['staff'] } }, ada);
    expect((await statesOf(client, id)).at(-1)).toMatchObject({ state: 'READY' });
    const open = await services.importService.importImage({ ...wanted, name: 'ada-s-open', access: { users: [], groups: [] }, isPublic: true }, ada);
    await statesOf(client, open.id);
    for (const name of ['ada-s', 'ada-s-open']) {
      for (const who of [viewer('daemon'), viewer('bob', 'staff')]) {
        await expect(services.importService.importImage({ ...wanted, name, access: { users: [], groups: [] } }, who)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(`custom:${name}`) });
      }
      const again = await services.importService.importImage({ ...wanted, name, access: { users: [], groups: [] } }, ada);
      expect((await statesOf(client, again.id)).at(-1)).toMatchObject({ state: 'READY' });
    }
  });
});

it('a squashfs is for administrators to import, who may be those of the system alone', async () => {
  await work();
  layout();
  const file = `${path}.squashfs`;
  execFileSync('mksquashfs', [path, file, '-quiet', '-no-progress']);
  const begin = (who: Viewer, name: string) =>
    services.importService.importImage({ system: 'one', path: file, name, image: undefined, isPublic: false, access: { users: [], groups: [] }, force: false }, { ...who, uid: OWN });
  const endOf = async (who: Viewer, name: string) => (await statesOf(client, (await begin(who, name)).id)).at(-1)!;
  expect(await endOf(viewer('ada'), 'theirs')).toMatchObject({ state: 'FAILED', error: { code: 'POLICY_REFUSED', message: expect.stringMatching(/administrators.*ImportSquashfs/) } });
  expect(await endOf(viewer('carol'), 'carols')).toMatchObject({ state: 'READY' });
  // Of another realm, it is somebody else.
  expect(await endOf({ ...viewer('carol'), realm: 'elsewhere' }, 'elsewhere')).toMatchObject({ state: 'FAILED', error: { code: 'POLICY_REFUSED' } });
});

it('the same import is joined by the same lists in any order, and by no others', async () => {
  layout();
  const begin = async (access?: AccessInput): Promise<string> => (await client.importImage({ system: 'two', path, name: 'joined', access })).id;
  const first = await begin({ users: ['daemon', 'bin'], groups: ['staff'] });
  expect(await begin({ users: ['bin', 'daemon', 'bin'], groups: ['staff'] })).toBe(first);
  const others = await Promise.all([begin(), begin({ users: ['daemon', 'bin', 'staff'] }), begin({ users: ['daemon'], groups: ['bin', 'staff'] })]);
  expect(new Set([first, ...others]).size).toBe(4);
});
