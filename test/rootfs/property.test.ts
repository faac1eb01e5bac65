/**
 * Random stacks of layers: what we make of them, against a model of our own and against umoci. Some are the same in every
 * run, so that what it says is about the change, and some are new; the name of a failing case has its seed, and
 * `IMAGEGW_TEST_SEED=<seed>` begins there again.
 */
import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import {
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  probeTools,
  scanLayer,
  type Tree,
} from '../../src/rootfs/index.js';
import {
  differences,
  inScratch,
  snapshot,
  umociUnpack,
  unsquash,
  withXattrs,
  writeLayer,
  writeLayout,
} from '../support/images.js';
import { diceOf, seedsOf } from '../support/dice.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';
import { modelOf, Refused, shownModel } from './model.js';
import { randomLayers } from './random-layers.js';

const isRoot = process.getuid?.() === 0;

/** As the model shows itself. */
function shownTree(tree: Tree): string[] {
  const groups = new Map<number, string[]>();
  const lines = new Map<string, string>();
  for (const node of tree.walk()) {
    const path = tree.path(node);
    const { id, type, mode, uid, gid, mtime, size, checksum, linkTarget, deviceMajor, deviceMinor, xattrs } =
      tree.inode(node);
    const device = `${String(deviceMajor)},${String(deviceMinor)}`;
    const what = {
      file: `${String(size)} ${String(checksum)}`,
      symlink: linkTarget,
      char: device,
      block: device,
      directory: '',
      fifo: '',
    }[type];
    lines.set(
      path,
      `${path} ${type} ${mode.toString(8)} ${String(uid)}:${String(gid)} @${String(mtime)} ${what} ${JSON.stringify(Object.fromEntries(xattrs))}`,
    );
    groups.set(id, [...(groups.get(id) ?? []), path].sort());
  }
  for (const paths of groups.values())
    if (paths.length > 1) for (const path of paths) lines.set(path, `${lines.get(path)!} = ${paths[0]!}`);
  return [...lines.values()].sort();
}

function expectedOf(layers: readonly (readonly TarItem[])[]): string[] | 'refused' {
  try {
    return shownModel(modelOf(layers));
  } catch (error) {
    if (error instanceof Refused) return 'refused';
    throw error;
  }
}

describe.each(seedsOf(12_383_439))('random layers, from seed %i', (from) => {
  it('are merged as the model says', async () => {
    const tools = await probeTools();
    const signal = new AbortController().signal;
    let merged = 0;
    await inScratch(async (directory) => {
      for (let seed = from; seed < from + 100; seed++) {
        const layers = randomLayers(diceOf(seed), false);
        const blobs = layers.map((items) => writeLayer(directory, tarOf(...items), 'none'));
        const ours: unknown = await Promise.all(
          blobs.map((layer) => scanLayer(layer, { tools, limits: DEFAULT_ROOTFS_LIMITS, signal })),
        )
          .then((indexes) => mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS))
          .then(shownTree)
          .catch((error: unknown) =>
            error instanceof GatewayError && error.code === 'BAD_LAYER' ? 'refused' : error,
          );
        expect({ seed, layers, tree: ours }).toEqual({ seed, layers, tree: expectedOf(layers) });
        if (ours !== 'refused') merged++;
      }
    });
    // The comparison is of trees, not of refusals.
    expect(merged).toBeGreaterThan(10);
  });

  it('come out as umoci unpacks them: contents, modes, owners, devices, attributes and hard links', async () => {
    let compared = 0;
    for (let seed = from; compared < 12; seed++) {
      // Only root can make devices and give files away.
      const layers = randomLayers(diceOf(seed), true).map((items) =>
        isRoot ? items : items.filter(({ type }) => type !== 'char' && type !== 'block'),
      );
      if (expectedOf(layers) === 'refused') continue;
      await inScratch(async (directory) => {
        const blobs = writeLayout(
          join(directory, 'layout'),
          layers.map((items) => tarOf(...items)),
        );
        const theirs = await umociUnpack(join(directory, 'layout'), join(directory, 'bundle')).catch(
          () => undefined,
        );
        // What it refuses, the model has judged above.
        if (theirs === undefined) return;
        const { product } = await convert(blobs, directory);
        const ours = await unsquash(product.path, join(directory, 'ours'));
        const seen = (root: string): Map<string, string> =>
          withoutDirectoryTimes(withXattrs(snapshot(root, { owners: isRoot }), root));
        expect({ seed, layers, differences: differences(seen(ours), seen(theirs)) }).toEqual({
          seed,
          layers,
          differences: [],
        });
        compared++;
      });
    }
  });
});

/** umoci gives parents that no layer describes the time of day. */
function withoutDirectoryTimes(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...tree].map(([path, what]) => [path, what.startsWith('directory') ? what.replace(/ @\d+/, '') : what]),
  );
}
