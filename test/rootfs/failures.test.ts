/** Packers that die, lie or meet a full disk; a cancelled conversion. Nothing is left, and the code says what it was. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../src/lib/errors.js';
import {
  DEFAULT_ROOTFS_LIMITS,
  mergeLayers,
  packSquashfs,
  probeTools,
  scanLayer,
  verifyProduct,
  type LayerBlob,
  type PackOptions,
  type RootfsTools,
} from '../../src/rootfs/index.js';
import { writeLayer } from '../support/images.js';
import { canMount, mountTmpfs, unmount } from '../support/mounts.js';
import { tarOf } from '../support/tar.js';
import { convert } from './convert.js';

const withMounts = (await canMount()) ? it : it.skip;

let directory: string;
let tools: RootfsTools;
let layer: LayerBlob;
const signal = new AbortController().signal;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-failures-'));
  tools = await probeTools();
  layer = writeLayer(
    join(directory, 'blobs'),
    tarOf(
      { name: 'd/', type: 'directory' },
      { name: 'd/a', body: 'secret content' },
      { name: 'big', body: randomBytes(3 << 20) },
      { name: 'l', type: 'symlink', link: 'd/a' },
    ),
  );
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Options of the site's own make it mksquashfs, which reads a tar. */
const BY_MKSQUASHFS = {
  squashfs: { compression: 'zstd', level: 3, blockSize: 131_072, extraOptions: ['-no-exports'] },
} as const;

function program(name: string, script: string): string {
  const path = join(directory, 'blobs', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Packs with a shell script, with the real program as `$REAL` and the product as `$OUT`. */
function withPacker(kind: string, script: string): Partial<PackOptions> {
  if (kind === 'mksquashfs') {
    const path = program('mksquashfs', `REAL=$(command -v mksquashfs); OUT=$2\n${script}`);
    return { ...BY_MKSQUASHFS, tools: { ...tools, mksquashfs: { path, version: '4.5.1' } } };
  }
  const real = tools.squash.path;
  const path = program(
    'squash',
    `REAL=${real}\n[ "$1" = pack ] || exec "$REAL" "$@"\nfor at; do [ "$before" = --output ] && OUT=$at; before=$at; done\n${script}`,
  );
  return { tools: { ...tools, squash: { ...tools.squash, path } } };
}

async function failure(
  layers: readonly LayerBlob[],
  options: Parameters<typeof convert>[2],
): Promise<GatewayError> {
  const error: unknown = await convert(layers, directory, options).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(GatewayError);
  return error as GatewayError;
}

describe('a packer that fails', () => {
  const PACKERS: Readonly<Record<string, readonly [script: string, says: RegExp]>> = {
    'exits at once': ['echo "out of cheese" >&2; exit 3', /exit status 3.*out of cheese/],
    'is killed in the middle': ['head -c 100000 > "$OUT"; kill -9 $$', /SIGKILL/],
    'reads everything and fails': ['cat > "$OUT"; echo late >&2; exit 1', /late/],
    'stops reading and exits with 0': ['head -c 100000 > "$OUT"; exit 0', /packer|product/i],
  };
  const KINDS = ['imagegw-squash', 'mksquashfs'];
  it.each(KINDS.flatMap((kind) => Object.keys(PACKERS).map((name) => [kind, name] as const)))(
    '%s %s',
    async (kind, name) => {
      const [script, says] = PACKERS[name]!;
      const error = await failure([layer], { pack: withPacker(kind, script) });
      expect(error.code).toBe('CONVERSION_FAILED');
      expect(error.message).toMatch(says);
      expect(readdirSync(directory)).toEqual(['blobs']);
    },
  );

  it('takes too long', async () => {
    const error = await failure([layer], {
      pack: { ...withPacker('imagegw-squash', 'exec sleep 600'), timeLimitMs: 200 },
    });
    expect(error).toMatchObject({
      code: 'CONVERSION_FAILED',
      message: expect.stringContaining('time limit') as unknown,
    });
    expect(readdirSync(directory)).toEqual(['blobs']);
  });

  it('is not there', async () => {
    const error = await failure([layer], {
      pack: { ...BY_MKSQUASHFS, tools: { ...tools, mksquashfs: { unusable: 'it is not installed: install squashfs-tools' } } },
    });
    expect(error.code).toBe('PACKER_MISSING');
    expect(error.message).toMatch(/mksquashfs.*squashfs-tools/);
    expect(readdirSync(directory)).toEqual(['blobs']);
  });
});

describe('imagegw-squash is killed', () => {
  it.each([
    ['while it reads a layer', 'scan', '"$REAL" "$@" 2>/dev/null | head -c 700; kill -9 $$'],
    ['while it reads the product back', 'read', '"$REAL" "$@" 2>/dev/null | head -c 100; kill -9 $$'],
  ])('%s: neither the layer nor the product is blamed', async (_name, command, script) => {
    const path = program('squash', `REAL=${tools.squash.path}\n[ "$1" = ${command} ] || exec "$REAL" "$@"\n${script}`);
    const error = await failure([layer], { pack: { tools: { ...tools, squash: { ...tools.squash, path } } } });
    expect(error).toMatchObject({ code: 'CONVERSION_FAILED', retryable: true, message: expect.stringMatching(/SIGKILL/) as unknown });
    expect(readdirSync(directory)).toEqual(['blobs']);
  });
});

describe('a packer that says all is well, and is wrong', () => {
  const LIES: Readonly<Record<string, readonly [script: string, says: RegExp]>> = {
    'content changed': ['sed "s/secret content/SECRET CONTENT/" | "$REAL" "$@"', /"d\/a" has other content/],
    'a name changed': ['sed "s#d/a\\x00#d/b\\x00#" | "$REAL" "$@"', /exit status|was not put in/],
    'half of it': [
      'head -c 1024 > "$OUT.tar"; head -c 1024 /dev/zero >> "$OUT.tar"; cat > /dev/null; "$REAL" "$@" < "$OUT.tar"; rm "$OUT.tar"',
      /was put in, but is not in it/,
    ],
    'no image at all': ['cat > "$OUT"', /can't be read back/],
  };
  it.each(Object.keys(LIES))('%s', async (name) => {
    const [script, says] = LIES[name]!;
    const error = await failure([layer], { pack: withPacker('mksquashfs', script) });
    expect(error.code).toBe('CONVERSION_FAILED');
    expect(error.message).toMatch(says);
  });

  it('a byte flipped in the product, and a product that is cut', async () => {
    const squashfs = { compression: 'zstd', level: 3, blockSize: 131_072 } as const;
    const segment = { path: join(directory, 'segment'), squashfs, threads: 2, memoryBytes: 64 << 20 };
    const indexes = [await scanLayer(layer, { tools, limits: DEFAULT_ROOTFS_LIMITS, segment, signal })];
    const root = await mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS);
    const product = await packSquashfs(root, indexes, {
      output: join(directory, 'product'),
      tools,
      squashfs,
      memoryBytes: 256 << 20,
      processors: 2,
      timeLimitMs: 60_000,
      signal,
    });
    const check = (): Promise<unknown> =>
      verifyProduct(product, root, { tools, processors: 2, timeLimitMs: 60_000, signal });
    await check();
    const good = readFileSync(product.path);
    const bad = Buffer.from(good);
    bad[2_000_000] = bad[2_000_000]! ^ 1;
    writeFileSync(product.path, bad);
    await expect(check()).rejects.toMatchObject({ code: 'CONVERSION_FAILED' });
    writeFileSync(product.path, good);
    truncateSync(product.path, good.length - 8192);
    await expect(check()).rejects.toMatchObject({ code: 'CONVERSION_FAILED' });
  });
});

describe('around the packer', () => {
  it('a blob that has changed between the two passes', async () => {
    const indexes = [await scanLayer(layer, { tools, limits: DEFAULT_ROOTFS_LIMITS, signal })];
    const root = await mergeLayers(indexes, DEFAULT_ROOTFS_LIMITS);
    writeLayer(join(directory, 'blobs'), tarOf({ name: 'short' }));
    const short = readdirSync(join(directory, 'blobs')).find((name) => !layer.path.endsWith(name))!;
    writeFileSync(layer.path, readFileSync(join(directory, 'blobs', short)));
    const output = join(directory, 'product');
    const packing = packSquashfs(root, indexes, {
      output,
      tools,
      squashfs: BY_MKSQUASHFS.squashfs,
      memoryBytes: 256 << 20,
      processors: 2,
      timeLimitMs: 60_000,
      signal,
    });
    await expect(packing).rejects.toMatchObject({
      code: 'BAD_LAYER',
      message: expect.stringContaining(layer.digest) as unknown,
    });
    expect(existsSync(output)).toBe(false);
  });

  it.each(['imagegw-squash', 'mksquashfs'])('cancelled while %s works', async (kind) => {
    const abort = new AbortController();
    const reason = new GatewayError('CANCELLED', 'Nobody wants it any more.');
    const begun = join(directory, 'blobs', 'begun');
    execFileSync('mkfifo', [begun]);
    const pack = withPacker(kind, `echo "$$" > "$OUT"; echo > ${begun}; exec sleep 600`);
    const converting = convert([layer], directory, {
      signal: abort.signal,
      pack: { ...pack, signal: abort.signal },
    });
    // Comes when the packer has opened its end.
    await readFile(begun);
    abort.abort(reason);
    await expect(converting).rejects.toBe(reason);
    expect(readdirSync(directory)).toEqual(['blobs']);
  });

  withMounts('what was read of the layers gives its room back as the product grows: both fit where one does (needs mount)', async () => {
    const MIB = 2 ** 20;
    const scratch = join(directory, 'scratch');
    // Nothing of them can be compressed.
    const layers = ['a', 'b'].map((name) =>
      writeLayer(join(directory, 'blobs'), tarOf({ name, body: randomBytes(16 * MIB) }, { name: `${name}2`, body: randomBytes(4 * MIB) })),
    );
    await mountTmpfs(scratch, 'size=48m');
    try {
      const { product } = await convert(layers, scratch);
      expect(product.size).toBeGreaterThan(40 * MIB);
      expect(readdirSync(scratch)).toEqual(['product.squashfs']);
    } finally {
      await unmount(scratch);
    }
  });

  withMounts.each(['imagegw-squash', 'mksquashfs'])(
    '%s on a full disk: NO_SPACE, naming the path (needs mount)',
    async (packer) => {
      const small = join(directory, 'blobs', 'small');
      await mountTmpfs(small, 'size=1m');
      try {
        const options = packer === 'mksquashfs' ? BY_MKSQUASHFS : {};
        const error = await failure([layer], { pack: { ...options, output: join(small, 'product') } });
        expect(error.code).toBe('NO_SPACE');
        expect(error.message).toContain(join(small, 'product'));
        expect(error.retryable).toBe(true);
        expect(readdirSync(small)).toEqual([]);
      } finally {
        await unmount(small);
      }
    },
  );
});
