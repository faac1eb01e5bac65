/** `ConverterOptions` of an existing file: what becomes of arguments for mksquashfs. */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { MKSQUASHFS_OPTIONS, namesOf } from '../../src/config/mksquashfs-options.js';
import { readDeclaredSystem } from '../../src/config/read-declared-system.js';
import { checkConfig, findingLine, type GatewayConfig } from '../../src/config/index.js';
import { readTopLevel } from '../../src/config/read-config.js';
import { createFindings } from '../../src/config/findings.js';
import { probeTools } from '../../src/rootfs/index.js';
import { goodFile } from './good-file.js';

const site = (squashfs: unknown, keys: object = {}, top: object = {}): Record<string, unknown> => ({
  ...goodFile,
  Locations: { 'index.docker.io': { remotetype: 'dockerv2' } },
  Platforms: { one: { accesstype: 'local', local: { imageDir: '/images' }, ...keys } },
  ConverterOptions: { squashfs },
  ...top,
});

function problemsOf(squashfs: unknown): string[] {
  return checkConfig(JSON.stringify(site(squashfs)), '/imagemanager.json').problems.map(findingLine);
}

/** The configuration, which must have nothing wrong. */
function read(squashfs: unknown, keys: object = {}, top: object = {}): GatewayConfig {
  const findings = createFindings();
  const config = readTopLevel(site(squashfs, keys, top), {
    file: '/f',
    workingDirectory: '/',
    stateDirectory: '/s',
    findings,
  });
  expect(findings.problems).toEqual([]);
  return config;
}

const PLAIN = { compression: 'zstd', level: 3, blockSize: 131_072 };

describe('are read as keys', () => {
  it.each<[readonly string[] | string, object, 'keep' | 'drop']>([
    [[], PLAIN, 'keep'],
    ['-no-xattrs', PLAIN, 'drop'],
    [['-xattrs'], PLAIN, 'keep'],
    [['-comp', 'gzip'], { compression: 'gzip', level: 6, blockSize: 131_072 }, 'keep'],
    [
      ['-comp', 'gzip', '-Xcompression-level', '9', '-b', '1M'],
      { compression: 'gzip', level: 9, blockSize: 2 ** 20 },
      'keep',
    ],
    [['-comp', 'lz4', '-Xhc'], { compression: 'lz4', blockSize: 131_072, extraOptions: ['-Xhc'] }, 'keep'],
    [
      ['-Xwindow-size', '12'],
      { compression: 'gzip', level: 6, blockSize: 131_072, extraOptions: ['-Xwindow-size', '12'] },
      'keep',
    ],
    [['-b', '65536', '-b', '4k'], { ...PLAIN, blockSize: 4096 }, 'keep'],
    [['-Xcompression-level', '19'], { ...PLAIN, level: 19 }, 'keep'],
    [
      ['-no-fragments', '-all-root', '-noappend', '-no-progress', '-throttle', '10'],
      { ...PLAIN, extraOptions: ['-no-fragments', '-throttle', '10'] },
      'keep',
    ],
    [['-of-a-later-version', 'x'], { ...PLAIN, extraOptions: ['-of-a-later-version', 'x'] }, 'keep'],
  ])('%j', (squashfs, expected, userXattrs) => {
    const [system] = read(squashfs).systems;
    expect(system?.squashfs).toEqual(expected);
    expect(system?.policy.userXattrs).toBe(userXattrs);
    expect(system?.policy.ownership).toBe('root');
  });

  it('bound the packer', () => {
    expect(read(['-mem', '2G', '-processors', '3']).packer).toMatchObject({
      memoryBytes: 2 * 2 ** 30,
      processors: 3,
    });
    expect(
      read(['-mem', '2G', '-processors', '3'], {}, { PackerMemory: '1 GiB', PackerProcessors: 5 }).packer,
    ).toMatchObject({ memoryBytes: 2 ** 30, processors: 5 });
    expect(read([]).packer.memoryBytes).toBe(512 * 2 ** 20);
  });
});

describe("a system's own keys go over them", () => {
  it('and what is for another compressor is left out', () => {
    const options = ['-comp', 'gzip', '-Xcompression-level', '9', '-Xwindow-size', '12', '-b', '64K', '-noI'];
    const [system] = read(options, { squashfs: { compression: 'zstd', blockSize: '256 KiB' } }).systems;
    expect(system?.squashfs).toEqual({
      compression: 'zstd',
      level: 3,
      blockSize: 2 ** 18,
      extraOptions: ['-noI'],
    });
    const [same] = read(options, { squashfs: { compression: 'gzip', level: 2 } }).systems;
    expect(same?.squashfs).toEqual({
      compression: 'gzip',
      level: 2,
      blockSize: 65_536,
      extraOptions: ['-noI', '-Xwindow-size', '12'],
    });
  });

  it('in the policy too', () => {
    const [system] = read(['-no-xattrs', '-all-root'], {
      policy: { userXattrs: 'keep', ownership: 'keep' },
    }).systems;
    expect(system?.policy).toMatchObject({ userXattrs: 'keep', ownership: 'keep' });
  });

  it('and those of a system that is declared later', () => {
    const config = read(['-comp', 'lz4', '-no-xattrs']);
    const { system } = readDeclaredSystem(
      'two',
      { accesstype: 'local', local: { imageDir: '/images' } },
      config,
    );
    expect(system?.squashfs).toEqual({ compression: 'lz4', blockSize: 131_072 });
    expect(system?.policy.userXattrs).toBe('drop');
  });
});

describe('are refused, with their place', () => {
  it.each(namesOf('refused'))('%s', (name) => {
    expect(problemsOf(['-noI', name, '0'])).toEqual([
      expect.stringMatching(new RegExp(`^ConverterOptions\\.squashfs\\[1\\]: ${name} is refused: \\w`)),
    ]);
  });

  it.each([
    ['-comp gzip', /write a list/],
    [['-comp', 'lzo'], /\[0\]: -comp "lzo": expected zstd, gzip, lz4 or xz/],
    [['-comp'], /-comp wants a value/],
    [['-b', '3000'], /-b "3000": expected a power of two from 4K to 1M/],
    [['-b', '2M'], /-b "2M": expected a power of two/],
    [
      ['-comp', 'lz4', '-Xcompression-level', '3'],
      /-Xcompression-level "3": expected no level: lz4 has none/,
    ],
    [['-comp', 'gzip', '-Xcompression-level', '10'], /expected a number from 1 to 9/],
    [['-comp', 'zstd', '-Xhc'], /-Xhc is for lz4, and the list makes zstd/],
    [['-mem', '1M'], /-mem "1M": expected at least 64M/],
    [['-processors', 'all'], /-processors "all": expected a number from 1 to 1024/],
  ])('%j', (squashfs, says) => {
    expect(problemsOf(squashfs)).toEqual([expect.stringMatching(says)]);
  });
});

const installed = (await probeTools()).mksquashfs;
('version' in installed && installed.version === '4.5.1' ? it : it.skip)(
  'every option that mksquashfs 4.5.1 lists is in the table, and none else',
  () => {
    // It says its help with an exit status of its own.
    const help = execFileSync('sh', ['-c', 'mksquashfs -help 2>&1; true'], { encoding: 'utf8' });
    const listed = new Set(
      [...help.matchAll(/^(?: {2})?(?:\t {2})?(-[A-Za-z]\S*)/gm)].map(([, name]) => name),
    );
    const theirs = [...listed].filter((name) => name !== '-e');
    expect(theirs.filter((name) => name === undefined || !Object.hasOwn(MKSQUASHFS_OPTIONS, name))).toEqual(
      [],
    );
    expect(Object.keys(MKSQUASHFS_OPTIONS).filter((name) => name !== '-e' && !listed.has(name))).toEqual([]);
    const withValue = new Set([...help.matchAll(/^\s*(-[A-Za-z]\S*) [<\w]/gm)].map(([, name]) => name));
    const ours = Object.entries(MKSQUASHFS_OPTIONS).flatMap(([name, { hasValue }]) =>
      hasValue ? [name] : [],
    );
    expect(ours.sort()).toEqual([...withValue].filter((name) => name !== '-e').sort());
  },
);
