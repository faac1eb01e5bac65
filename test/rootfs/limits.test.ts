/** Every limit of what is taken from layers: its key in the configuration works, and what is beyond it is told with that key. */
import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { createFindings } from '../../src/config/findings.js';
import { rootfsLimitsSection } from '../../src/config/limit-keys.js';
import { readTopLevel } from '../../src/config/read-config.js';
import { inScratch, writeLayer } from '../support/images.js';
import { tarOf, type TarItem } from '../support/tar.js';
import { convert } from './convert.js';

type Key = keyof (typeof rootfsLimitsSection)['keys'];

const file = (name: string, more: Partial<TarItem> = {}): TarItem => ({ name, body: 'x', ...more });
const zeros = file('zeros', { body: '\0'.repeat(100_000) });

/** What a site writes, and layers beyond that and within. */
interface Case {
  readonly written: Readonly<Partial<Record<Key, number>>>;
  readonly beyond: readonly (readonly TarItem[])[];
  readonly within: readonly (readonly TarItem[])[];
}

// `smallEntries` refuses nothing: it says which images are made side by side.
const CASES: Readonly<Record<Exclude<Key, 'smallEntries'>, Case>> = {
  layerSize: { written: { layerSize: 50_000 }, beyond: [[zeros]], within: [[file('a')]] },
  imageSize: {
    written: { imageSize: 5000 },
    beyond: [[file('a')], [file('b'), file('c')]],
    within: [[file('a')]],
  },
  ratio: {
    written: { ratio: 2, ratioFrom: 0 },
    beyond: [[zeros]],
    within: [[file('a', { body: noise(10_000) })]],
  },
  ratioFrom: {
    written: { ratio: 2, ratioFrom: 100_000 },
    beyond: [[zeros]],
    within: [[file('a', { body: '\0'.repeat(90_000) })]],
  },
  entries: {
    written: { entries: 2 },
    beyond: [[file('a'), file('b'), file('c')]],
    within: [[file('a'), file('b')]],
  },
  pathSteps: {
    written: { pathSteps: 300 },
    // Each leads through forty components of the link.
    beyond: [[{ name: 'here', type: 'symlink', link: 'x/../'.repeat(20) }, ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => file(`here/${name}`))]],
    within: [[file('a/b/c'), file('a/b/d')]],
  },
  depth: { written: { depth: 2 }, beyond: [[file('a/b/c')]], within: [[file('a/b')]] },
  paxSize: {
    written: { paxSize: 1000 },
    beyond: [[file('a', { pax: { comment: 'c'.repeat(1000) } })]],
    within: [[file('a', { pax: { comment: 'c'.repeat(900) } })]],
  },
  longNameSize: {
    written: { longNameSize: 600 },
    beyond: [[file('a/'.repeat(100) + 'b/'.repeat(210))]],
    within: [[file(`${'a/'.repeat(100)}b`)]],
  },
  xattrSize: {
    written: { xattrSize: 100 },
    beyond: [[file('a', { pax: { 'SCHILY.xattr.user.a': 'v'.repeat(100) } })]],
    within: [[file('a', { pax: { 'SCHILY.xattr.user.a': 'v'.repeat(90) } })]],
  },
  namesSize: {
    written: { namesSize: 1024 },
    beyond: [Array.from({ length: 20 }, (_, i) => file(String(i).repeat(60)))],
    within: [[file('a')]],
  },
};

/** What gzip can't make smaller. */
function noise(bytes: number): string {
  let state = 1;
  return Array.from({ length: bytes }, () =>
    String.fromCharCode((state = (state * 48271) % 2147483647) & 255),
  ).join('');
}

async function convertWith(written: Case['written'], layers: readonly (readonly TarItem[])[]): Promise<void> {
  const findings = createFindings();
  const document = { Platforms: {}, Locations: {}, RootfsLimits: written };
  const { rootfsLimits } = readTopLevel(document, {
    file: '/x.json',
    workingDirectory: '/',
    stateDirectory: '/',
    findings,
  });
  expect(findings.problems.filter(({ path }) => path.startsWith('RootfsLimits'))).toEqual([]);
  await inScratch(async (directory) => {
    await convert(
      layers.map((items) => writeLayer(join(directory, 'blobs'), tarOf(...items))),
      directory,
      { limits: rootfsLimits },
    );
  });
}

describe('RootfsLimits', () => {
  it.each(Object.keys(CASES) as (keyof typeof CASES)[])(
    '%s: what is within it is taken, and what is beyond it is told with its key',
    async (key) => {
      const { written, beyond, within } = CASES[key];
      await convertWith(written, within);
      await expect(convertWith(written, beyond)).rejects.toMatchObject({
        code: 'BAD_LAYER',
        message: expect.stringContaining(
          `the limit of this site (RootfsLimits.${key === 'ratioFrom' ? 'ratio' : key})`,
        ) as unknown,
      });
    },
  );
});
