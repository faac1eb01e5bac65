/**
 * Random stacks of layers: what we make of them, against a model of our own and against umoci. A failing case prints
 * its seed; `IMAGEGW_TEST_SEED=<seed>` runs from there again.
 */
import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import {
  DEFAULT_ROOTFS_LIMITS,
  listing,
  mergeLayers,
  probeTools,
  scanLayer,
} from '../../src/rootfs/index.js';
import {
  differences,
  inScratch,
  snapshot,
  umociUnpack,
  unsquash,
  writeLayer,
  writeLayout,
} from '../support/images.js';
import { diceOf, type Dice } from '../support/dice.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';
import { modelOf, Refused, type Model } from './model.js';

// The usual run repeats itself, so that what it says is about the change. Other seeds look further
// (`IMAGEGW_TEST_SEED=random`).
const REQUESTED = process.env['IMAGEGW_TEST_SEED'] ?? '12383439';
const SEED = REQUESTED === 'random' ? Math.floor(Math.random() * 1e9) : Number(REQUESTED);

const NAMES = ['a', 'b', 'c', 'd\xff'];
const TARGETS = ['a', 'b', '../b', '/a', './c/..', 'a/b', '../../c', 'nowhere'];

/** Links that are not resolved in order are beyond what umoci 0.4.7 does by the specification. */
function randomLayers(dice: Dice, forUmoci: boolean): TarItem[][] {
  return Array.from({ length: 1 + dice(4) }, (_, layer) => {
    const items = Array.from({ length: 1 + dice(8) }, () => randomItem(dice, layer));
    if (!forUmoci) return items;
    // umoci applies whiteouts where they stand.
    const isWhiteout = ({ name }: TarItem): boolean => name.includes('.wh.');
    return [...items.filter(isWhiteout), ...items.filter((item) => !isWhiteout(item))];
  });
}

function randomItem(dice: Dice, layer: number): TarItem {
  const path = (): string => Array.from({ length: 1 + dice(3) }, () => NAMES[dice(NAMES.length)]!).join('/');
  const name = `${dice(4) === 0 ? './' : ''}${path()}`;
  const mtime = 1_600_000_000 + dice(1000);
  const parent = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
  switch (dice(10)) {
    case 0:
    case 1:
      return { name: `${name}/`, type: 'directory', mode: 0o700 + dice(64), mtime };
    case 2:
      return { name, type: 'symlink', link: TARGETS[dice(TARGETS.length)]!, mtime };
    case 3:
      return { name, type: 'hardlink', link: path() };
    case 4:
      return { name: `${parent}.wh.${NAMES[dice(NAMES.length)]!}` };
    case 5:
      return { name: `${parent}.wh..wh..opq` };
  }
  return {
    name,
    body: `layer ${String(layer)} ${String(dice(1000))}`.repeat(1 + dice(3)),
    mode: 0o600 + dice(64),
    mtime,
  };
}

function shown(model: Model): string[] {
  return [...model]
    .map(([path, { type, data }]) => `${path} ${type} ${type === 'file' ? String(data.length) : data}`)
    .sort();
}

describe(`random layers, from seed ${String(SEED)}`, () => {
  it('are merged as the model says', async () => {
    const tools = await probeTools();
    const signal = new AbortController().signal;
    let merged = 0;
    await inScratch(async (directory) => {
      for (let seed = SEED; seed < SEED + 200; seed++) {
        const layers = randomLayers(diceOf(seed), false);
        const blobs = layers.map((items) => writeLayer(directory, tarOf(...items), 'none'));
        const ours: unknown = await Promise.all(
          blobs.map((layer) => scanLayer(layer, { tools, limits: DEFAULT_ROOTFS_LIMITS, signal })),
        )
          .then((indexes) => mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS))
          .then((root) =>
            [...listing(root)]
              .map(
                ({ path, type, size, linkTarget }) =>
                  `${path} ${type} ${type === 'file' ? String(size) : linkTarget}`,
              )
              .sort(),
          )
          .catch((error: unknown) =>
            error instanceof GatewayError && error.code === 'BAD_LAYER' ? 'refused' : error,
          );
        expect({ seed, layers, tree: ours }).toEqual({ seed, layers, tree: expectedOf(layers) });
        if (ours !== 'refused') merged++;
      }
    });
    // The comparison is of trees, not of refusals.
    expect(merged).toBeGreaterThan(30);
  });

  it('come out as umoci unpacks them, contents and hard links too', async () => {
    let compared = 0;
    for (let seed = SEED; compared < 25; seed++) {
      const layers = randomLayers(diceOf(seed), true);
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
        expect({
          seed,
          layers,
          differences: differences(
            withoutDirectoryTimes(snapshot(ours)),
            withoutDirectoryTimes(snapshot(theirs)),
          ),
        }).toEqual({ seed, layers, differences: [] });
        compared++;
      });
    }
  });
});

function expectedOf(layers: readonly (readonly TarItem[])[]): string[] | 'refused' {
  try {
    return shown(modelOf(layers));
  } catch (error) {
    if (error instanceof Refused) return 'refused';
    throw error;
  }
}

/** umoci gives parents that no layer describes the time of day. */
function withoutDirectoryTimes(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...tree].map(([path, what]) => [path, what.startsWith('directory') ? what.replace(/ @\d+/, '') : what]),
  );
}
