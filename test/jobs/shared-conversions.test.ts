import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conversion } from '../../src/jobs/pipeline/results.js';
import { createSharedConversions, type SharedConversions } from '../../src/jobs/pipeline/shared-conversions.js';
import { createWorkDirectories, type WorkDirectories } from '../../src/jobs/work-directories.js';
import { sha256 } from '../../src/lib/digest.js';
import { GatewayError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/log.js';
import { mergeLayers } from '../../src/rootfs/index.js';
import { DEFAULT_ROOTFS_LIMITS } from '../../src/rootfs/settings.js';

let directory: string;
let work: WorkDirectories;
let conversions: SharedConversions;
let made: string[];
const live = new AbortController().signal;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conversions-'));
  work = createWorkDirectories(directory, 'worker', createLogger('silent'));
  conversions = createSharedConversions(work);
  made = [];
});
afterEach(() => rm(directory, { recursive: true }));

/** One pull: its directory, and the making of a product that says who has made it. */
async function pull(name: string) {
  const own = await work.make(name);
  return {
    own,
    make: async (): Promise<Conversion> => {
      made.push(name);
      const path = join(own, 'image.squashfs');
      await writeFile(path, name);
      return { product: { path, size: name.length, sha256: sha256(name), packer: 'test', entryCount: 1 }, tree: await mergeLayers([], DEFAULT_ROOTFS_LIMITS), changes: [], rules: undefined };
    },
  };
}

/** A promise, and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

it('one makes the product and each has a file of its own, which outlives the maker', async () => {
  const [a, b, c] = await Promise.all([pull('a'), pull('b'), pull('c')]);
  const [first, second, third] = [conversions.join('k'), conversions.join('k'), conversions.join('k')];
  const held = gate();
  let waits = 0;
  const making = first.convert(a.own, live, async () => (await held.opened, a.make()), () => {});
  const waiting = second.convert(b.own, live, b.make, () => void (waits += 1));
  held.open();
  const [one, two] = await Promise.all([making, waiting]);
  expect(waits).toBe(1);
  await first.leave();
  await work.remove('a');
  expect(await readFile(two.product.path, 'utf8')).toBe('a');
  expect([one.product.path, two.product.path].map((path) => path.slice(0, directory.length + 10))).toEqual([`${directory}/worker/a/`, `${directory}/worker/b/`].map((path) => path.slice(0, directory.length + 10)));
  // The slowest comes when the maker has long gone.
  await second.leave();
  const three = await third.convert(c.own, live, c.make, () => {});
  expect(await readFile(three.product.path, 'utf8')).toBe('a');
  await third.leave();
  expect(made).toEqual(['a']);
  expect((await readdir(join(directory, 'worker'))).sort()).toEqual(['b', 'c']);
  // Nobody is left: the next one begins anew, and another key has nothing to do with it.
  const later = conversions.join('k');
  expect(await readFile((await later.convert(b.own, live, async () => ((await rm(join(b.own, 'shared.squashfs'))), b.make()), () => {})).product.path, 'utf8')).toBe('b');
  await later.leave();
});

it('a cancelled maker is followed by the next, and cancels nobody else', async () => {
  const [a, b] = await Promise.all([pull('a'), pull('b')]);
  const [first, second] = [conversions.join('k'), conversions.join('k')];
  const controller = new AbortController();
  const making = first.convert(a.own, controller.signal, () => new Promise((_, reject) => controller.signal.addEventListener('abort', () => reject(controller.signal.reason as GatewayError))), () => {});
  const waiting = second.convert(b.own, live, b.make, () => {});
  controller.abort(new GatewayError('CANCELLED', 'cancelled'));
  await expect(making).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await readFile((await waiting).product.path, 'utf8')).toBe('b');
  await Promise.all([first.leave(), second.leave()]);
  expect(made).toEqual(['b']);
});

it('one that waits can be cancelled alone; a failure of the maker is the failure of all who wait', async () => {
  const [a, b, c] = await Promise.all([pull('a'), pull('b'), pull('c')]);
  const all = [conversions.join('k'), conversions.join('k'), conversions.join('k')] as const;
  const held = gate();
  const making = all[0].convert(a.own, live, async () => {
    await held.opened;
    throw new GatewayError('CONVERSION_FAILED', 'no');
  }, () => {});
  const controller = new AbortController();
  const cancelled = all[1].convert(b.own, controller.signal, b.make, () => {});
  const waiting = all[2].convert(c.own, live, c.make, () => {});
  controller.abort(new GatewayError('CANCELLED', 'cancelled'));
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  held.open();
  await expect(making).rejects.toMatchObject({ code: 'CONVERSION_FAILED' });
  await expect(waiting).rejects.toMatchObject({ code: 'CONVERSION_FAILED' });
  await Promise.all(all.map((one) => one.leave()));
  expect(made).toEqual([]);
});
