/**
 * Images for the tests of the conversion: OCI layouts written by hand around any tar, so that `umoci unpack` can read
 * the same layers that the gateway reads, and snapshots of real trees to compare.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { parseDigest } from '../../src/lib/digest.js';
import type { LayerBlob } from '../../src/rootfs/index.js';
import { TarParser } from '../../src/rootfs/tar-parser.js';

const run = promisify(execFile);

/** A directory that is gone after `use`. */
export async function inScratch<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'imagegw-rootfs-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export type Packing = 'gzip' | 'none' | 'gzip-members';

/** Writes one layer's blob into `directory`. */
export function writeLayer(directory: string, tar: Buffer, packing: Packing = 'gzip'): LayerBlob {
  const blob =
    packing === 'none'
      ? tar
      : packing === 'gzip'
        ? gzipSync(tar, { level: 1 })
        : Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
  return writeBlob(directory, blob, tar);
}

/** Writes a blob that unpacks to `tar` (or claims so). */
export function writeBlob(directory: string, blob: Buffer, tar: Buffer): LayerBlob {
  mkdirSync(directory, { recursive: true });
  const digest = sha(blob);
  const path = join(directory, digest.slice(7));
  writeFileSync(path, blob);
  return { path, digest: parseDigest(digest), diffId: parseDigest(sha(tar)), size: blob.length };
}

/** An OCI layout with one image, tagged `t`, of these layers (oldest first). */
export function writeLayout(layout: string, tars: readonly Buffer[]): LayerBlob[] {
  const blobs = join(layout, 'blobs', 'sha256');
  const layers = tars.map((tar) => writeLayer(blobs, tar));
  const put = (value: unknown, mediaType: string): object => {
    const text = JSON.stringify(value);
    writeFileSync(join(blobs, sha(text).slice(7)), text);
    return { mediaType, digest: sha(text), size: Buffer.byteLength(text) };
  };
  const config = put(
    {
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created: '2024-01-01T00:00:00Z', created_by: 'test' })),
    },
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = put(
    {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: layers.map(({ digest, size }) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest,
        size,
      })),
    },
    'application/vnd.oci.image.manifest.v1+json',
  );
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = {
    schemaVersion: 2,
    manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 't' } }],
  };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  return layers;
}

/** The layers of the image `t` in a layout that another tool has written. */
export function layersOf(layout: string): LayerBlob[] {
  const blob = (digest: string): string => join(layout, 'blobs', 'sha256', digest.slice(7));
  interface Descriptor {
    readonly digest: string;
    readonly size: number;
  }
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const index = read(join(layout, 'index.json')) as { manifests: Descriptor[] };
  const manifest = read(blob(index.manifests[0]!.digest)) as { config: Descriptor; layers: Descriptor[] };
  const config = read(blob(manifest.config.digest)) as { rootfs: { diff_ids: string[] } };
  return manifest.layers.map(({ digest, size }, i) => ({
    path: blob(digest),
    digest: parseDigest(digest),
    diffId: parseDigest(config.rootfs.diff_ids[i]!),
    size,
  }));
}

/** The tree that `umoci unpack` makes of the layout; its root. Rejects with what umoci says. */
export async function umociUnpack(layout: string, bundle: string): Promise<string> {
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  await run('umoci', ['unpack', ...rootless, '--image', `${layout}:t`, bundle]);
  return join(bundle, 'rootfs');
}

/** The tree in a squashfs, unpacked by squashfs-tools. */
export async function unsquash(image: string, directory: string): Promise<string> {
  await run('unsquashfs', ['-quiet', '-no-progress', '-d', directory, image]);
  return directory;
}

export interface SnapshotOptions {
  /** Owners too: only root can unpack them. */
  readonly owners?: boolean;
  /** Overlayfs lists marks of removal that it has not made itself, and says then that there is nothing. */
  readonly skipsMissing?: boolean;
}

/**
 * Every path of a real tree with its type, mode, owner, time, link target, size and content, and which other paths are
 * the same file. Keys are binary strings.
 */
export function snapshot(root: string, options: SnapshotOptions = {}): Map<string, string> {
  const found = new Map<string, string>();
  const groups = new Map<number, string>();
  const visit = (path: string): void => {
    const at = Buffer.from(path === '' ? root : `${Buffer.from(root).toString('latin1')}/${path}`, 'latin1');
    const stat = lstatSync(at, { throwIfNoEntry: options.skipsMissing !== true });
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the option is not a literal
    if (stat === undefined) return;
    const mode = (stat.mode & 0o7777).toString(8);
    const owner = options.owners === true ? ` ${String(stat.uid)}:${String(stat.gid)}` : '';
    const time = ` @${String(Math.floor(stat.mtimeMs / 1000))}`;
    if (stat.isDirectory()) {
      // The root's time is not part of a layer.
      found.set(path, `directory ${mode}${owner}${path === '' ? '' : time}`);
      for (const name of readdirSync(at, { encoding: 'latin1' }).sort())
        visit(path === '' ? name : `${path}/${name}`);
      return;
    }
    const group = stat.nlink > 1 ? ` = ${groups.get(stat.ino) ?? path}` : '';
    if (!groups.has(stat.ino)) groups.set(stat.ino, path);
    if (stat.isSymbolicLink())
      found.set(path, `symlink${owner}${time} -> ${readlinkSync(at, { encoding: 'latin1' })}${group}`);
    else if (stat.isFile())
      found.set(path, `file ${mode}${owner}${time} ${String(stat.size)} ${sha(readFileSync(at))}${group}`);
    else if (stat.isFIFO()) found.set(path, `fifo ${mode}${owner}${time}${group}`);
    else
      found.set(
        path,
        `${stat.isBlockDevice() ? 'block' : 'char'} ${mode}${owner}${time} ${String(stat.rdev)}${group}`,
      );
  };
  visit('');
  return found;
}

/** A snapshot with the attributes of the `user.` namespace, as GNU tar reads them. */
export function withXattrs(found: ReadonlyMap<string, string>, root: string): Map<string, string> {
  const flags = ['--format=pax', '--xattrs', '--xattrs-include=user.*', '--hard-dereference', '--no-recursion'];
  const names = Buffer.from([...found.keys()].map((path) => `./${path}\0`).join(''), 'latin1');
  const tar = execFileSync('tar', [...flags, '-C', root, '-c', '--null', '--files-from=-'], { input: names, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });
  const seen = new Map(found);
  const parser = new TarParser(
    {
      entry({ name, xattrs }) {
        const path = name.replace(/^\.\//, '').replace(/\/$/, '');
        if (xattrs.size > 0) seen.set(path, `${found.get(path) ?? ''} ${JSON.stringify([...xattrs].sort())}`);
        return false;
      },
    },
    { paxBytes: 1 << 20, longNameBytes: 1 << 16 },
  );
  parser.write(tar);
  parser.end();
  return seen;
}

/** What differs between two snapshots, one line each. */
export function differences(
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
): string[] {
  const lines: string[] = [];
  for (const path of new Set([...ours.keys(), ...theirs.keys()])) {
    const a = ours.get(path) ?? 'missing';
    const b = theirs.get(path) ?? 'missing';
    if (a !== b) lines.push(`${JSON.stringify(path)}: ours ${a}; theirs ${b}`);
  }
  return lines.sort();
}

export function sha(data: Buffer | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
