import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { digestHex, sha256, type Digest } from '../../src/lib/digest.js';
import { GatewayError } from '../../src/lib/errors.js';
import {
  admission,
  createBlobCache,
  type BlobCache,
  type BlobProgress,
  type BlobSource,
} from '../../src/registry/index.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';

const signal = new AbortController().signal;
const withMounts = (await canMount()) ? test : test.skip;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imagegw-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Blob {
  readonly digest: Digest;
  readonly size: number;
  readonly source: BlobSource;
  asked: number;
}

function blob(text: string): Blob {
  const bytes = Buffer.from(text);
  const made: Blob = {
    digest: sha256(bytes),
    size: bytes.length,
    asked: 0,
    source: () => {
      made.asked += 1;
      return Promise.resolve({ stream: Readable.from([bytes]), offset: 0, partial: false, servedBy: 'test' });
    },
  };
  return made;
}
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
/** By this process, all its threads, so far. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}
const fileOf = ({ digest }: Blob): string => join(directory, 'sha256', digestHex(digest));

test('fifty callers, one download; each has a file of its own until it lets go', async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const one = blob('shared');
  const all = await Promise.all(Array.from({ length: 50 }, () => cache.fetch(one, one.source, { signal })));
  expect(one.asked).toBe(1);
  expect(new Set(all.map(({ path }) => path)).size).toBe(50);
  await Promise.all(all.map((held) => held.release()));
  expect(await readdir(join(directory, 'held'))).toEqual([]);
  expect((await stat(fileOf(one))).nlink).toBe(1);
});

test("one waiter's abort ends its own wait only; the last one's ends the download", async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const one = blob('slow');
  const stream = new Readable({ read: () => {} });
  const started = deferred();
  const source: BlobSource = () => {
    started.resolve();
    return Promise.resolve({ stream, offset: 0, partial: false, servedBy: 'test' });
  };
  const [first, second] = [new AbortController(), new AbortController()];
  const leaving = cache.fetch(one, source, { signal: first.signal });
  await started.promise;
  const staying = cache.fetch(one, source, { signal: second.signal });
  await new Promise((resolve) => setImmediate(resolve));
  first.abort();
  await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(stream.destroyed).toBe(false);
  stream.push(Buffer.from('slow'));
  stream.push(null);
  const held = await staying;
  expect(await readFile(held.path, 'utf8')).toBe('slow');
});

test('a waiter that joined leaves at once, and the download goes on', async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const one = blob('slow');
  const stream = new Readable({ read: () => {} });
  const started = deferred();
  const source: BlobSource = () => {
    started.resolve();
    return Promise.resolve({ stream, offset: 0, partial: false, servedBy: 'test' });
  };
  const leader = cache.fetch(one, source, { signal });
  await started.promise;
  const controller = new AbortController();
  const joined = cache.fetch(one, source, { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await expect(joined).rejects.toMatchObject({ code: 'CANCELLED' });
  stream.push(Buffer.from('slow'));
  stream.push(null);
  await (await leader).release();
});

test('the last waiter gone: the stream is closed and the temp file is gone', async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const controller = new AbortController();
  const stream = new Readable({ read: () => {} });
  const source: BlobSource = () => {
    setImmediate(() => controller.abort());
    return Promise.resolve({ stream, offset: 0, partial: false, servedBy: 'test' });
  };
  await expect(cache.fetch(blob('x'), source, { signal: controller.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect(stream.destroyed).toBe(true);
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
});

test("another caller's refusal is not ours", async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const one = blob('theirs');
  const gate = deferred();
  const begun = deferred();
  const refused = cache.fetch(
    one,
    async () => {
      begun.resolve();
      await gate.promise;
      throw new GatewayError('DENIED', 'not you');
    },
    { signal },
  );
  await begun.promise;
  const ours = cache.fetch(one, one.source, { signal });
  gate.resolve();
  await expect(refused).rejects.toMatchObject({ code: 'DENIED' });
  await (await ours).release();
  expect(one.asked).toBe(1);
});

test.each(['REGISTRY_UNREACHABLE', 'RATE_LIMITED', 'POLICY_REFUSED', 'BAD_LAYER', 'INTERNAL'] as const)(
  'what another caller fails of (%s) is not ours either',
  async (code) => {
    const cache = createBlobCache({ directory, owner: 'a' });
    const one = blob('theirs');
    const gate = deferred();
    const begun = deferred();
    const failing = cache.fetch(
      one,
      async () => {
        begun.resolve();
        await gate.promise;
        throw new GatewayError(code, 'registry-X is down');
      },
      { signal },
    );
    await begun.promise;
    const joined = deferred();
    const ours = cache.fetch(one, one.source, {
      signal,
      onProgress: ({ state }) => state === 'FETCHING' && joined.resolve(),
    });
    await joined.promise;
    gate.resolve();
    await expect(failing).rejects.toMatchObject({ code });
    await (await ours).release();
    expect(one.asked).toBe(1);
  },
);

test('a manifest that lies about the size of a layer harms no other pull of it, and no entry of the cache', async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const one = blob('ten bytes.');
  const lie = { digest: one.digest, size: 9999 };
  const gate = deferred();
  const lied = cache.fetch(
    lie,
    async (range) => {
      await gate.promise;
      return one.source(range);
    },
    { signal },
  );
  const joined = deferred();
  const fetching = cache.fetch(one, one.source, {
    signal,
    onProgress: ({ state }) => state === 'FETCHING' && joined.resolve(),
  });
  await joined.promise;
  gate.resolve();
  const right = await fetching;
  expect(await readFile(right.path, 'utf8')).toBe('ten bytes.');
  await right.release();
  await expect(lied).rejects.toMatchObject({ code: 'BAD_LAYER' });
  const { asked } = one;
  for (const owner of ['a', 'b']) {
    const again = owner === 'a' ? cache : createBlobCache({ directory, owner });
    await expect(again.fetch(lie, one.source, { signal })).rejects.toMatchObject({
      code: 'BAD_LAYER',
      message: expect.stringContaining('9999'),
    });
    expect(await again.fetch(one, one.source, { signal })).toMatchObject({ fromCache: true });
  }
  expect(one.asked).toBe(asked);
});

test('what another process has left is checked once for all who wait, in steps, and for as long as anybody waits', async () => {
  const bytes = Buffer.alloc(200 * 2 ** 20);
  const layer = { digest: sha256(bytes), size: bytes.length };
  const source: BlobSource = () => Promise.reject(new GatewayError('NOT_FOUND', 'nobody is asked'));
  const cache = createBlobCache({ directory, owner: 'a' });
  await cache.sweep();
  await writeFile(join(directory, 'sha256', digestHex(layer.digest)), bytes);
  const leaver = new AbortController();
  const steps: BlobProgress[] = [];
  let before = await bytesRead();
  const leaving = cache.fetch(layer, source, {
    signal: leaver.signal,
    onProgress(progress) {
      if (progress.state === 'CHECKING') steps.push(progress);
      if (steps.length === 2) leaver.abort();
    },
  });
  await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(steps).toMatchObject([
    { bytesDone: 0, fromCache: true },
    { bytesDone: expect.any(Number), fromCache: true },
  ]);
  expect(await bytesRead()).toBeLessThan(before + bytes.length);
  before = await bytesRead();
  const all = await Promise.all(Array.from({ length: 10 }, () => cache.fetch(layer, source, { signal })));
  expect(await bytesRead()).toBeLessThan(before + 1.5 * bytes.length);
  expect(all.every(({ fromCache }) => fromCache)).toBe(true);
  expect(new Set(all.map(({ path }) => path)).size).toBe(10);
});

test.each([
  ['other bytes', (path: string) => writeFile(path, 'DAMAGED')],
  ['cut short', (path: string) => truncate(path, 3)],
])('a damaged entry (%s) is found and fetched again', async (_how, damage) => {
  const one = blob('precious');
  await (await createBlobCache({ directory, owner: 'a' }).fetch(one, one.source, { signal })).release();
  await damage(fileOf(one));
  const again = await createBlobCache({ directory, owner: 'b' }).fetch(one, one.source, { signal });
  expect(await readFile(again.path, 'utf8')).toBe('precious');
  expect(again.fromCache).toBe(false);
  expect(one.asked).toBe(2);
});

test('two workers on one directory: both have the blob, the second from the cache', async () => {
  const one = blob('common');
  const [a, b] = [createBlobCache({ directory, owner: 'a' }), createBlobCache({ directory, owner: 'b' })];
  await a.fetch(one, one.source, { signal });
  expect(await b.fetch(one, one.source, { signal })).toMatchObject({ fromCache: true });
});

test('the least recently used goes first, and what is held stays readable', async () => {
  const cache = createBlobCache({ directory, owner: 'a', maxBytes: 30 });
  const [old, used, held, next] = ['old-------', 'used------', 'held------', 'next------'].map(blob) as [
    Blob,
    Blob,
    Blob,
    Blob,
  ];
  await (await cache.fetch(old, old.source, { signal })).release();
  await (await cache.fetch(used, used.source, { signal })).release();
  const reader = await cache.fetch(held, held.source, { signal });
  for (const [entry, at] of [
    [held, 1],
    [old, 2],
    [used, 3],
  ] as const)
    await utimes(fileOf(entry), at, at);
  await (await cache.fetch(next, next.source, { signal })).release();
  expect([await cache.has(old), await cache.has(used), await cache.has(held), await cache.has(next)]).toEqual(
    [false, true, true, true],
  );
  // Another worker throws out even that: the reader has its bytes all the same.
  await rm(fileOf(held));
  expect(await readFile(reader.path, 'utf8')).toBe('held------');
});

test('what is held before it is fetched is thrown out by no worker, until it is let go of', async () => {
  const [ours, theirs] = ['a', 'b'].map((owner) => createBlobCache({ directory, owner, maxBytes: 1 })) as [
    BlobCache,
    BlobCache,
  ];
  const one = blob('needed----');
  await (await ours.fetch(one, one.source, { signal })).release();
  const letGo = await ours.hold(one);
  await theirs.trim();
  await theirs.evict(10);
  expect(await ours.has(one)).toBe(true);
  expect(await theirs.spareBytes()).toBe(0);
  await letGo?.();
  await theirs.trim();
  expect(await ours.has(one)).toBe(false);
  expect(await ours.hold(one)).toBeUndefined();
  await (await ours.fetch(one, one.source, { signal })).release();
  // Of another length it is none of what is asked for.
  expect(await ours.hold({ ...one, size: 11 })).toBeUndefined();
  expect(await readdir(join(directory, 'held'))).toEqual([]);
});

test('downloads side by side keep within the limit together, each from its beginning with all that it will have', async () => {
  const cache = createBlobCache({ directory, owner: 'a', maxBytes: 30 });
  for (const text of ['old-one---', 'old-two---', 'old-three-']) {
    const old = blob(text);
    await (await cache.fetch(old, old.source, { signal })).release();
  }
  const gate = deferred();
  const coming = ['new-one---', 'new-two---', 'new-three-'].map((text) => {
    const one = blob(text);
    const begun = deferred();
    const source: BlobSource = async (range) => {
      begun.resolve();
      await gate.promise;
      return one.source(range);
    };
    return { begun: begun.promise, held: cache.fetch(one, source, { signal }) };
  });
  await Promise.all(coming.map(({ begun }) => begun));
  expect(await readdir(join(directory, 'sha256'))).toEqual([]);
  gate.resolve();
  const held = await Promise.all(coming.map((one) => one.held));
  // What is held stays above it, and goes when room is made after that.
  const more = blob('one more--');
  const last = await cache.fetch(more, more.source, { signal });
  expect(await readdir(join(directory, 'sha256'))).toHaveLength(4);
  await Promise.all(held.map((one) => one.release()));
  await cache.trim();
  expect(await readdir(join(directory, 'sha256'))).toHaveLength(3);
  expect(await cache.has(more)).toBe(true);
  await last.release();
});

test('a dead worker leaves nothing; a living one keeps its files', async () => {
  const cache = createBlobCache({ directory, owner: 'alive' });
  await cache.sweep();
  const child = spawn('sleep', ['1000']);
  const text = await readFile(`/proc/${String(child.pid)}/stat`, 'utf8');
  const card = JSON.parse(await readFile(join(directory, 'owners', 'alive'), 'utf8')) as object;
  const started = text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  await writeFile(join(directory, 'owners', 'other'), JSON.stringify({ ...card, pid: child.pid, started }));
  for (const name of ['other~00~1', 'unknown~00~1', 'alive~00~1'])
    await writeFile(join(directory, 'partial', name), 'x');
  try {
    expect(await cache.sweep()).toBe(1);
    expect((await readdir(join(directory, 'partial'))).sort()).toEqual(['alive~00~1', 'other~00~1']);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(await cache.sweep()).toBe(1);
  expect(await readdir(join(directory, 'partial'))).toEqual(['alive~00~1']);
  expect(await readdir(join(directory, 'owners'))).toEqual(['alive']);
});

withMounts('a full disk is NO_SPACE with the path, and leaves nothing', async () => {
  const mounted = join(directory, 'small');
  await mountTmpfs(mounted, 'size=1m');
  try {
    const big = blob('x'.repeat(3_000_000));
    const cache = createBlobCache({ directory: mounted, owner: 'a' });
    await expect(cache.fetch(big, big.source, { signal })).rejects.toMatchObject({
      code: 'NO_SPACE',
      message: expect.stringContaining(mounted),
    });
    expect(big.asked).toBe(1);
    expect(await readdir(join(mounted, 'partial'))).toEqual([]);
  } finally {
    await unmount(mounted);
  }
});

test('admission: what is there, what is to come, what occurs twice', async () => {
  const cache = createBlobCache({ directory, owner: 'a' });
  const [have, want] = [blob('12345'), blob('1234567')];
  await (await cache.fetch(have, have.source, { signal })).release();
  const layers = [have, want, want].map(({ digest, size }) => ({
    digest,
    size,
    mediaType: '',
    diffId: digest,
    urls: [],
  }));
  expect(await admission({ layers, bytesTotal: 19 }, (layer) => cache.has(layer))).toMatchObject({
    bytesTotal: 19,
    bytesCached: 5,
    toFetch: [{ digest: want.digest, size: 7 }],
  });
});
