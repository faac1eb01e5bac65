/** Options that existing sites have for mksquashfs: an image is made with each that is accepted, and read back. */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createFindings } from '../../src/config/findings.js';
import { MKSQUASHFS_OPTIONS, namesOf } from '../../src/config/mksquashfs-options.js';
import { readTopLevel } from '../../src/config/read-config.js';
import type { GatewayConfig } from '../../src/config/index.js';
import { inScratch, writeLayer } from '../support/images.js';
import { tarOf } from '../support/tar.js';
import { convert } from './convert.js';

/** Of options that have one; the compressor of those that are for one goes before them. */
const VALUES: Readonly<Record<string, string>> = {
  '-comp': 'gzip',
  '-Xcompression-level': '5',
  '-b': '64K',
  '-mem': '100M',
  '-processors': '1',
  '-throttle': '1',
  '-limit': '99',
  '-Xwindow-size': '10',
  '-Xstrategy': 'default,filtered',
  '-Xbcj': 'x86',
  '-Xdict-size': '8K',
  '-recovery-path': '/tmp',
};

function configOf(options: readonly string[]): GatewayConfig {
  const findings = createFindings();
  const file = {
    Platforms: { one: { accesstype: 'local', local: { imageDir: '/images' } } },
    Locations: { 'index.docker.io': { remotetype: 'dockerv2' } },
    DefaultImageLocation: 'index.docker.io',
    DefaultImageFormat: 'squashfs',
    CacheDirectory: '/cache',
    ExpandDirectory: '/expand',
    ImageExpirationTimeout: 'never',
    Authentication: 'none',
    ConverterOptions: { squashfs: options },
  };
  const config = readTopLevel(file, { file: '/f', workingDirectory: '/', stateDirectory: '/s', findings });
  expect(findings.problems).toEqual([]);
  return config;
}

/** The attributes of `a` in the product. */
async function pack(
  options: readonly string[],
): Promise<{ readonly packer: string; readonly attributes: string; readonly about: string }> {
  const { systems, packer } = configOf(options);
  const [system] = systems;
  if (system === undefined) throw new Error('the file has one system');
  return await inScratch(async (directory) => {
    const layer = writeLayer(
      directory,
      tarOf(
        { name: 'd/', type: 'directory', mode: 0o750 },
        { name: 'a', body: 'x'.repeat(200_000), uid: 7, pax: { 'SCHILY.xattr.user.note': 'n' } },
        { name: 'd/a', type: 'hardlink', link: 'a' },
        { name: 'd/zero', body: '\0'.repeat(300_000) },
        { name: 's', type: 'symlink', link: '/d' },
      ),
    );
    const { product } = await convert([layer], directory, {
      policy: system.policy,
      pack: { squashfs: system.squashfs, memoryBytes: packer.memoryBytes, processors: packer.processors },
    });
    const said = (program: string, ...args: readonly string[]): string =>
      execFileSync(program, args, { encoding: 'latin1' });
    return {
      packer: product.packer,
      attributes: said('sqfs2tar', product.path),
      about: said('unsquashfs', '-s', product.path),
    };
  });
}

it.each([...namesOf('handed on'), ...namesOf('key'), ...namesOf('not needed')])('%s', async (name) => {
  const { use, compressor, hasValue } = MKSQUASHFS_OPTIONS[name] ?? { use: 'refused', hasValue: false };
  const options = [
    ...(compressor === undefined ? [] : ['-comp', compressor]),
    name,
    ...(hasValue ? [VALUES[name] ?? ''] : []),
  ];
  const { packer } = await pack(options);
  if (use === 'handed on') expect(packer).toMatch(new RegExp(`^mksquashfs .* ${name}\\b`));
  else expect(packer).toMatch(/^imagegw-squash /);
});

it('what says the same as keys goes with what is for mksquashfs alone', async () => {
  const { packer, about, attributes } = await pack([
    '-comp',
    'gzip',
    '-Xcompression-level',
    '9',
    '-b',
    '32K',
    '-no-xattrs',
    '-no-fragments',
    '-noappend',
    '-processors',
    '1',
    '-mem',
    '64M',
  ]);
  expect(packer).toMatch(
    /^mksquashfs \S+ -comp gzip -Xcompression-level 9 -b 32768 -no-duplicates -no-fragments$/,
  );
  expect(about).toMatch(/Compression gzip/);
  expect(about).toMatch(/Block size 32768/);
  expect(attributes).not.toContain('user.note');
});

it.each([
  [[], true],
  [['-no-exports'], true],
  [['-no-xattrs'], false],
  [['-no-xattrs', '-no-exports'], false],
])('attributes of users with %j: kept %j', async (options, isKept) => {
  expect((await pack(options)).attributes.includes('user.note')).toBe(isKept);
});
