/** Rules of the merge that umoci does not follow or refuses, and formats of tar that its tools do not write. */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DEFAULT_ROOTFS_POLICY, type RootfsPolicy } from '../../src/rootfs/index.js';
import { differences, inScratch, snapshot, unsquash, writeBlob, writeLayer } from '../support/images.js';
import { record, tarItem, tarOf, paxBody, type TarItem } from '../support/tar.js';
import { convert, KEEP_ALL } from './convert.js';

const dir = (name: string, mode = 0o755): TarItem => ({ name, type: 'directory', mode });
const file = (name: string, body = name): TarItem => ({ name, body });
const link = (name: string, to: string): TarItem => ({ name, type: 'hardlink', link: to });
const symlink = (name: string, to: string): TarItem => ({ name, type: 'symlink', link: to });

/** The paths of the product; files as `path = content`, links as `path -> target`, hard links as `path == first`. */
async function treeOf(
  tars: readonly Buffer[],
  policy: RootfsPolicy = KEEP_ALL,
): Promise<{ tree: string[]; notes: readonly string[] }> {
  return inScratch(async (directory) => {
    const layers = tars.map((tar) => writeLayer(join(directory, 'blobs'), tar));
    const { product, policyNotes } = await convert(layers, directory, { policy });
    const root = await unsquash(product.path, join(directory, 'ours'));
    const tree: string[] = [];
    for (const [path, what] of snapshot(root)) {
      const first = / = (.*)$/.exec(what)?.[1];
      if (path === '') continue;
      if (what.startsWith('directory')) tree.push(`${path}/`);
      else if (first !== undefined && first !== path) tree.push(`${path} == ${first}`);
      else if (what.startsWith('file')) tree.push(`${path} = ${readFileSync(join(root, path), 'latin1')}`);
      else
        tree.push(
          what.startsWith('symlink')
            ? `${path} -> ${/ -> (.*?)(?: = .*)?$/.exec(what)?.[1] ?? ''}`
            : `${path} ${what.split(' ', 1)[0] ?? ''}`,
        );
    }
    return { tree, notes: policyNotes };
  });
}

const RULES: Readonly<
  Record<string, readonly [layers: readonly (readonly TarItem[])[], tree: readonly string[]]>
> = {
  'an opaque directory loses what lower layers put there, its mark last': [
    [
      [dir('d/'), file('d/old'), dir('d/sub/'), file('d/sub/old')],
      [dir('d/'), file('d/new'), file('d/.wh..wh..opq', '')],
    ],
    ['d/', 'd/new = d/new'],
  ],
  'an opaque directory, its mark first and the directory not named': [
    [
      [dir('d/'), file('d/old')],
      [file('d/.wh..wh..opq', ''), file('d/new')],
    ],
    ['d/', 'd/new = d/new'],
  ],
  'an opaque root': [[[file('old')], [file('.wh..wh..opq', ''), file('new')]], ['new = new']],
  'a whiteout of what its own layer adds hides only what was below': [
    [
      [dir('d/'), file('d/old')],
      [dir('d/'), file('d/new'), file('.wh.d', '')],
    ],
    ['d/', 'd/new = d/new'],
  ],
  'a whiteout behind a file that comes anew': [
    [[file('a', 'old')], [file('a', 'new'), file('.wh.a', '')]],
    ['a = new'],
  ],
  'bookkeeping of AUFS is dropped, with what lies in it': [
    [
      [
        file('a'),
        dir('.wh..wh.plnk/'),
        file('.wh..wh.plnk/12.34'),
        file('.wh..wh.aufs', ''),
        dir('.wh..wh.orph/'),
      ],
    ],
    ['a = a'],
  ],
  'whiteouts below a directory that replaces a link do not reach through the link': [
    [
      [dir('real/'), file('real/x'), symlink('d', 'real')],
      [dir('d/'), file('d/.wh.x', ''), file('d/y')],
    ],
    ['d/', 'd/y = d/y', 'real/', 'real/x = real/x'],
  ],
  'an opaque mark in such a directory neither': [
    [
      [dir('real/'), file('real/x'), symlink('d', 'real')],
      [file('d/.wh..wh..opq', ''), dir('d/')],
    ],
    ['d/', 'real/', 'real/x = real/x'],
  ],
  'hard links to what comes later in the layer, in chains': [
    [[link('a', 'b'), link('b', 'c'), file('c')]],
    ['a = c', 'b == a', 'c == a'],
  ],
  'a later file of the same path wins over a link that waits': [
    [[link('a', 'z'), file('a'), file('z')]],
    ['a = a', 'z = z'],
  ],
  'a hard link to what the same layer removes keeps it': [
    [[file('a')], [file('.wh.a', ''), link('b', 'a')]],
    ['b = a'],
  ],
  'hard links in a chain to what the same layer removes, by names that were others below': [
    [
      [file('x'), dir('a/'), file('b')],
      [link('a', 'x'), link('b', 'a'), file('.wh..wh..opq', '')],
    ],
    ['a = x', 'b == a'],
  ],
  'a hard link that comes twice, and back': [
    [[file('a'), link('b', 'a'), link('b', 'a'), link('a', 'b')]],
    ['a = a', 'b == a'],
  ],
  'a hard link through a symbolic link of a directory': [
    [[dir('usr/'), file('usr/f'), symlink('u', 'usr')], [link('g', 'u/f')]],
    ['g = usr/f', 'u -> usr', 'usr/', 'usr/f == g'],
  ],
  'links that climb above the root stop there': [
    [[symlink('up', '../../../tmp'), file('up/x')]],
    ['tmp/', 'tmp/x = up/x', 'up -> ../../../tmp'],
  ],
  'a link to a name that no path can have, which it takes back itself': [
    [[symlink('s', `${'n'.repeat(300)}/../d`), file('s/x')]],
    ['d/', 'd/x = s/x', `s -> ${'n'.repeat(300)}/../d`],
  ],
  'a file over a directory through which a link of the same layer only led': [
    [[dir('d/'), dir('d/e/'), dir('d/e/f/'), symlink('s', 'd/e/f/../../../t')], [file('s/x'), file('d')]],
    ['d = d', 's -> d/e/f/../../../t', 't/', 't/x = s/x'],
  ],
};

describe('the merge', () => {
  it.each(Object.keys(RULES))('%s', async (name) => {
    const [layers, tree] = RULES[name]!;
    expect((await treeOf(layers.map((items) => tarOf(...items)))).tree).toEqual(tree);
  });

  it('takes an archive without its end, and one without the padding of its last body', async () => {
    const whole = tarOf(file('a', 'content'));
    expect((await treeOf([whole.subarray(0, 1024)])).tree).toEqual(['a = content']);
    expect((await treeOf([whole.subarray(0, 519)])).tree).toEqual(['a = content']);
  });

  it('looks few things up for a long chain of hard links, each to the next one', async () => {
    await inScratch(async (directory) => {
      const links = Array.from({ length: 2000 }, (_, i) => link(`l${String(i)}`, `l${String(i + 1)}`));
      const layer = writeLayer(join(directory, 'blobs'), tarOf(...links, file('l2000')));
      const { root } = await convert([layer], directory, { limits: { pathSteps: 20_000 } });
      expect(root.inode(root.child(root.root, 'l0') ?? -1).links).toBe(2001);
    });
  });

  it('reads zstd in several frames, with frames to be skipped before, between and behind them', async () => {
    await inScratch(async (directory) => {
      const tar = tarOf(file('a'), file('b'));
      // RFC 8878, 3.1.2: any of sixteen magic numbers, a length, and that many bytes.
      const skipped = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
      const frame = (bytes: Buffer): Buffer => execFileSync('zstd', ['-q', '-c'], { input: bytes });
      const blob = Buffer.concat([skipped, frame(tar.subarray(0, 700)), skipped, frame(tar.subarray(700)), skipped]);
      const { product } = await convert([writeBlob(join(directory, 'blobs'), blob, tar)], directory);
      const root = await unsquash(product.path, join(directory, 'ours'));
      expect(['a', 'b'].map((name) => readFileSync(join(root, name), 'latin1'))).toEqual(['a', 'b']);
    });
  });

  it('does not mind what stands behind the gzip stream: the diffID tells what counts', async () => {
    await inScratch(async (directory) => {
      const tar = tarOf(file('a'));
      const layer = writeBlob(
        join(directory, 'blobs'),
        Buffer.concat([gzipSync(tar), Buffer.alloc(100)]),
        tar,
      );
      const { product } = await convert([layer], directory);
      expect(product.entryCount).toBe(1);
    });
  });

  it('reads a zstd layer, whatever its media type says', async () => {
    await inScratch(async (directory) => {
      const tar = tarOf(file('a', 'z'.repeat(100_000)));
      const blob = execFileSync('zstd', ['-c', '-q'], { input: tar });
      const { product } = await convert([writeBlob(join(directory, 'blobs'), blob, tar)], directory);
      expect(product.entryCount).toBe(1);
    });
  });

  it('global pax records hold for all entries behind them, and an own record wins', async () => {
    const tar = Buffer.concat([
      record('g', 'global', paxBody({ uid: '1234', mtime: '1000' })),
      tarItem(file('a')),
      tarItem({ ...file('b'), pax: { uid: '77' } }),
      Buffer.alloc(1024),
    ]);
    await inScratch(async (directory) => {
      const { product } = await convert([writeLayer(join(directory, 'blobs'), tar)], directory);
      const found = execFileSync('unsquashfs', ['-lln', product.path], {
        encoding: 'utf8',
        env: { ...process.env, TZ: 'UTC' },
      });
      expect(found).toMatch(/1234\/0 .* 1970-01-01 00:16 squashfs-root\/a\n/);
      expect(found).toMatch(/77\/0 .* 1970-01-01 00:16 squashfs-root\/b\n/);
    });
  });

  it('an empty pax record takes back a global one, and what the header says counts again', async () => {
    const tar = Buffer.concat([
      record('g', 'global', paxBody({ uid: '1234', gid: '99', size: '3', comment: 'x' })),
      tarItem(file('a', 'abc')),
      tarItem({ ...file('b', 'abcdef'), uid: 7, pax: { uid: '', size: '' } }),
      tarItem(file('c', 'abc')),
      record('g', 'global', paxBody({ uid: '', size: '' })),
      tarItem({ ...file('d', 'abcdefg'), uid: 8 }),
      tarItem({ ...file('e', 'abcde'), pax: { gid: '', comment: '' } }),
      Buffer.alloc(1024),
    ]);
    await inScratch(async (directory) => {
      const { product } = await convert([writeLayer(join(directory, 'blobs'), tar)], directory);
      const found = execFileSync('unsquashfs', ['-lln', product.path], { encoding: 'utf8' });
      const shown = [...found.matchAll(/^-\S+ (\S+) +(\d+) .*squashfs-root\/(.)$/gm)].map(([, owner, size, name]) => `${name!} ${owner!} ${size!}`);
      expect(shown).toEqual(['a 1234/99 3', 'b 7/99 6', 'c 1234/99 3', 'd 8/99 7', 'e 0/0 5']);
    });
  });

  it('keeps binary attributes and capabilities when the policy says so', async () => {
    const capability = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';
    const tar = tarOf({
      ...file('ping'),
      pax: {
        'SCHILY.xattr.security.capability': capability,
        'SCHILY.xattr.user.note': 'h\xff\0i',
        // As GNU tar writes one without a value.
        'SCHILY.xattr.user.empty': '',
        'SCHILY.xattr.trusted.other': 'z',
        'SCHILY.xattr.trusted.overlay.opaque': 'y',
      },
    });
    await inScratch(async (directory) => {
      const { product, policyNotes } = await convert([writeLayer(join(directory, 'blobs'), tar)], directory);
      expect(policyNotes).toEqual(['extended attributes dropped: 1 ("ping")', 'whiteouts and marks of overlayfs, which mean nothing in an image, dropped: 1 ("ping")']);
      const back = execFileSync('sqfs2tar', [product.path]).toString('latin1');
      expect(back).toContain(`SCHILY.xattr.security.capability=${capability}\n`);
      expect(back).toContain('SCHILY.xattr.user.note=h\xff\0i\n');
      expect(back).toContain('SCHILY.xattr.user.empty=\n');
      expect(back).not.toContain('trusted');
    });
  });
});

describe.each([
  ['imagegw-squash', {}],
  ['mksquashfs', { squashfs: { compression: 'zstd', level: 3, blockSize: 131_072, extraOptions: ['-no-exports'] } }],
] as const)('through %s', (_, pack) => {
  /** Lines of `unsquashfs -lln`: mode, owners, time and name. */
  async function listed(...tars: readonly Buffer[]): Promise<string[]> {
    return inScratch(async (directory) => {
      const layers = tars.map((tar) => writeLayer(join(directory, 'blobs'), tar));
      const { product } = await convert(layers, directory, { pack });
      const text = execFileSync('unsquashfs', ['-lln', product.path], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
      return [...text.matchAll(/^(\S{10}) (\S+) +\d+ (\S+ \S+) squashfs-root\/(\S+)/gm)].map(([, mode, owners, time, name]) => `${name!} ${mode!} ${owners!} ${time!}`);
    });
  }

  it('parents that no layer describes belong to root, can be read by all, and are as old as all time', async () => {
    const x = { ...file('a/b/x'), uid: 7, gid: 8, mode: 0o600 };
    expect(await listed(tarOf(symlink('s', 'l/m')), tarOf(x, { ...x, name: 's/n/x' }))).toEqual([
      'a drwxr-xr-x 0/0 1970-01-01 00:00',
      'a/b drwxr-xr-x 0/0 1970-01-01 00:00',
      'a/b/x -rw------- 7/8 2023-11-14 22:13',
      'l drwxr-xr-x 0/0 1970-01-01 00:00',
      'l/m drwxr-xr-x 0/0 1970-01-01 00:00',
      'l/m/n drwxr-xr-x 0/0 1970-01-01 00:00',
      'l/m/n/x -rw------- 7/8 2023-11-14 22:13',
      's lrwxrwxrwx 0/0 2023-11-14 22:13',
    ]);
  });

  it('times that squashfs does not hold become the nearest that it does, and fractions are cut', async () => {
    const at = (name: string, mtime: string): TarItem => ({ ...file(name), pax: { mtime } });
    const tar = tarOf(
      { ...file('a'), mtime: -5 },
      { ...dir('b/'), mtime: 5_000_000_000 },
      at('c', '-1.5'),
      at('d', '99999999999999'),
      { ...symlink('e', 'a'), mtime: 2 ** 32 - 1 },
      { ...file('f'), mtime: 2 ** 32 - 60 },
      at('g', '59.999'),
      at('h', '60'),
    );
    expect((await listed(tar)).map((line) => `${line[0]!} ${line.split(' ').slice(-2).join(' ')}`)).toEqual([
      'a 1970-01-01 00:00',
      'b 2106-02-07 06:28',
      'c 1970-01-01 00:00',
      'd 2106-02-07 06:28',
      'e 2106-02-07 06:28',
      'f 2106-02-07 06:27',
      'g 1970-01-01 00:00',
      'h 1970-01-01 00:01',
    ]);
  });
});

describe('what overlayfs has for whiteouts', () => {
  const mark = (name: string): TarItem => ({ name, type: 'char', major: 0, minor: 0 });
  const lower = [file('a'), dir('d/'), file('d/b'), file('c'), file('e')];
  const upper = [link('c', 'z'), mark('a'), link('d/b', 'a'), mark('z'), link('new', 'e'), mark('.wh.e')];
  it.each([
    ['kept', KEEP_ALL],
    ['dropped', DEFAULT_ROOTFS_POLICY],
  ] as const)('is no whiteout and no device, nor is a hard link to it, also where devices are %s; it is told', async (_, policy) => {
    const { tree, notes } = await treeOf([tarOf(...lower), tarOf(...upper)], policy);
    expect(tree).toEqual(['a = a', 'c = c', 'd/', 'd/b = d/b', 'new = e']);
    expect(notes).toEqual(['whiteouts and marks of overlayfs, which mean nothing in an image, dropped: 4 ("a", "d/b", "z", ...)']);
  });

  it('is in the way of no other entry of its path', async () => {
    const { tree } = await treeOf([tarOf(mark('a'), file('a/b'), mark('f'), file('f'), link('g', 'f'), file('h'), mark('h'))]);
    expect(tree).toEqual(['a/', 'a/b = a/b', 'f = f', 'g == f', 'h = h']);
  });
});

describe('sparse files', () => {
  const FORMATS: readonly (readonly string[])[] = [
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.0'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ];
  it.each(FORMATS)('as GNU tar writes them: %s %s', async (...format) => {
    await inScratch(async (directory) => {
      const source = join(directory, 'source');
      execFileSync('mkdir', [source]);
      // More pieces than an old header holds, a hole at the end, and one file of holes only.
      const fd = openSync(join(source, 'holes'), 'w');
      for (let i = 0; i < 40; i++) writeSync(fd, `piece ${String(i)}`.repeat(300), i * 200_000 + 4096);
      ftruncateSync(fd, 9_000_000);
      closeSync(fd);
      const empty = openSync(join(source, 'only-hole'), 'w');
      ftruncateSync(empty, 3_000_001);
      closeSync(empty);
      writeFileSync(join(source, 'plain'), 'no holes');
      const tar = execFileSync('tar', ['--sparse', ...format, '-C', source, '-c', '.'], {
        maxBuffer: 1 << 28,
      });
      expect(tar.length).toBeLessThan(2_000_000);
      const { product } = await convert([writeLayer(join(directory, 'blobs'), tar)], directory);
      const ours = await unsquash(product.path, join(directory, 'ours'));
      expect(differences(snapshot(ours), snapshot(source))).toEqual([]);
    });
  });
});

describe('the policy', () => {
  it('drops devices, FIFOs and what lies in system directories, makes files readable, and says so', async () => {
    const tars = [
      tarOf(
        dir('dev/'),
        { name: 'dev/null', type: 'char', major: 1, minor: 3 },
        dir('proc/'),
        file('proc/version'),
        { name: 'sda', type: 'block', major: 8, minor: 0 },
        { name: 'pipe', type: 'fifo' },
        dir('secret/', 0o700),
        { ...file('secret/tool'), mode: 0o700 },
        { ...file('su'), mode: 0o4755 },
        { ...file('owned'), uid: 5, gid: 6 },
      ),
    ];
    const { tree, notes } = await treeOf(tars, { ...DEFAULT_ROOTFS_POLICY, setuid: 'strip' });
    expect(tree).toEqual([
      'dev/',
      'owned = owned',
      'proc/',
      'secret/',
      'secret/tool = secret/tool',
      'su = su',
    ]);
    expect([...notes].sort()).toEqual([
      'FIFOs dropped: 1 ("pipe")',
      'contents of /dev, /proc and /sys dropped: 2 ("dev/null", "proc/version")',
      'devices dropped: 1 ("sda")',
      'made readable for users: 2 ("secret", "secret/tool")',
      'owner set to root: 1 ("owned")',
      'setuid and setgid bits removed: 1 ("su")',
    ]);
  });

  it('drops capabilities and attributes, and says so', async () => {
    const capability = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';
    const ping = { ...file('ping'), pax: { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': 'n' } };
    await inScratch(async (directory) => {
      const layer = writeLayer(join(directory, 'blobs'), tarOf(ping));
      const { product, policyNotes } = await convert([layer], directory, { policy: DEFAULT_ROOTFS_POLICY });
      expect([...policyNotes].sort()).toEqual(['extended attributes dropped: 1 ("ping")', 'file capabilities dropped: 1 ("ping")']);
      expect(execFileSync('sqfs2tar', [product.path]).toString('latin1')).not.toContain('SCHILY.xattr');
    });
  });

  it('keeps setuid bits unless told', async () => {
    await inScratch(async (directory) => {
      const layer = writeLayer(join(directory, 'blobs'), tarOf({ ...file('su'), mode: 0o4711 }));
      const { product } = await convert([layer], directory, { policy: DEFAULT_ROOTFS_POLICY });
      const ours = snapshot(await unsquash(product.path, join(directory, 'ours')));
      expect(ours.get('su')).toMatch(/^file 4755 /);
    });
  });
});
