/**
 * A squashfs that was imported: unpacked to a tar that is read and packed as a layer is, or published as it is where the
 * site says so.
 *
 * The program that unpacks it reads a hostile file: it gets no privileges, a bound for its memory and for what it writes,
 * and a time limit. What it writes is trusted no more than any layer.
 */
import { chmod, constants, copyFile, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readSuperblock, SUPERBLOCK_BYTES, type ImageSource } from '../../archives/index.js';
import { findProgram, startChild } from '../../lib/child.js';
import type { Digest } from '../../lib/digest.js';
import { errnoOf, GatewayError } from '../../lib/errors.js';
import { hashOfFile } from '../../lib/file-hash.js';
import { admission, roomAt, type CachedBlob, type LayerDescriptor } from '../../registry/index.js';
import { scanLayer, type LayerIndex } from '../../rootfs/index.js';
import type { PullContext } from './context.js';
import { convert } from './convert.js';
import type { Conversion } from './results.js';
import { fetchOne, scanning, type FetchedLayers } from './fetch-layers.js';
import type { Making } from './making.js';

/** Beside what the packer may take: the program, its libraries and its tables. */
const PROGRAM_BYTES = 256 * 2 ** 20;

export function fromSquashfs(context: PullContext, source: ImageSource): Making {
  const { image } = source;
  const [file] = image.layers;
  if (file === undefined) throw new GatewayError('INTERNAL', 'An imported squashfs without a file.');
  let said = '';
  let blob: CachedBlob | undefined;

  async function unpacked(from: CachedBlob): Promise<LayerIndex> {
    const { services, workDirectory, onEntry, signal } = context;
    const tar = join(workDirectory, 'imported.tar');
    const { productBytes } = await admission(image, () => Promise.resolve(true));
    said = await unpack(context, from.path, tar, productBytes);
    const { size } = await stat(tar);
    const digest = await digestOf(tar, size);
    const { segment } = scanning(context);
    return scanLayer(
      { path: tar, digest, diffId: digest, size },
      {
        tools: services.tools,
        limits: services.config.rootfsLimits,
        onEntry,
        signal,
        segment: segment === undefined ? undefined : { path: join(workDirectory, 'imported.segment'), ...segment },
      },
    );
  }

  return {
    async fetch(): Promise<FetchedLayers> {
      blob = await fetchOne(context, image, file, source, context.signal);
      const held = blob;
      const release = (): Promise<void> => held.release();
      try {
        const indexes = context.services.config.importSquashfsRepack ? [await unpacked(blob)] : [];
        // No other image can have it in it.
        await context.services.blobs.makeLast(file.digest);
        context.progress.layer(file.digest, { state: 'DONE', bytesDone: file.size });
        return { indexes, release };
      } catch (error) {
        await release();
        throw error;
      }
    },
    async convert({ indexes }) {
      if (blob === undefined) throw new GatewayError('INTERNAL', 'An imported squashfs that was not fetched.');
      if (indexes.length === 0) return asItIs(context, file, blob);
      const conversion = await convert(context, image, indexes);
      const notes = said === '' ? [] : [`Unpacking the imported squashfs said: ${said}`];
      return { ...conversion, changes: [...conversion.changes, 'The imported squashfs was packed anew.', ...notes] };
    },
  };
}

/**
 * Gives what the program said. How much it is going to write can't be known, so it is stopped before it takes the room that
 * was admitted for the product.
 */
async function unpack({ services, signal, workDirectory }: PullContext, squashfs: string, tar: string, productBytes: number): Promise<string> {
  const { packer, rootfsLimits } = services.config;
  const program = findProgram('sqfs2tar');
  if (program === undefined) {
    throw new GatewayError('PACKER_MISSING', 'An imported squashfs is packed anew, and the program sqfs2tar that unpacks it is not installed here: install squashfs-tools-ng, or import an archive.');
  }
  const { freeBytes } = await roomAt(workDirectory);
  const most = Math.min(rootfsLimits.layerBytes, Math.max(0, freeBytes - productBytes));
  const limits = [`--as=${String(packer.memoryBytes + PROGRAM_BYTES)}`, `--fsize=${String(most)}`, '--core=0'];
  // Only root has privileges to give up.
  const unprivileged = ['setpriv', '--no-new-privs', ...(process.geteuid?.() === 0 ? ['--inh-caps=-all', '--bounding-set=-all'] : [])];
  const output = await open(tar, 'wx', 0o600);
  try {
    const child = startChild({
      command: 'prlimit',
      args: [...limits, '--', ...unprivileged, '--', program, '--root-becomes', '.', squashfs],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdout: output.fd,
      signal,
      timeLimitMs: packer.timeLimitMs,
      errorCode: 'BAD_LAYER',
      missingCode: 'PACKER_MISSING',
    });
    await child.done;
    return child.stderrTail().trim().slice(-1000);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'BAD_LAYER') throw error;
    const isBeyond = /SIGXFSZ|File too large/.test(error.message);
    if (isBeyond && most < rootfsLimits.layerBytes) {
      throw new GatewayError(
        'NO_SPACE',
        `There is too little room at ${workDirectory} to unpack the imported squashfs: ${String(freeBytes)} bytes were free, of which its product may need ${String(productBytes)}. Free some, and import it again.`,
        { cause: error },
      );
    }
    if (/No space left on device/.test(error.message)) throw new GatewayError('NO_SPACE', `The disk of ${tar} was filled by others while the imported squashfs was unpacked. Free some room, and import it again.`, { cause: error });
    if (isBeyond) throw new GatewayError('TOO_LARGE', `The imported squashfs has more than ${String(rootfsLimits.layerBytes)} bytes unpacked.`, { cause: error });
    throw new GatewayError('BAD_LAYER', `The imported squashfs can't be unpacked: ${error.message}`, { cause: error });
  } finally {
    await output.close();
  }
}

async function digestOf(path: string, size: number): Promise<Digest> {
  const file = await open(path, 'r');
  try {
    return await hashOfFile(file, 'sha256').digest(size);
  } finally {
    await file.close();
  }
}

/** A copy, because the file of the cache must not become a published one. */
async function asItIs({ services, system, workDirectory, progress }: PullContext, file: LayerDescriptor, blob: CachedBlob): Promise<Conversion> {
  if (services.config.examiner !== undefined) {
    throw new GatewayError('POLICY_REFUSED', 'This site examines images, and a squashfs that is published as it is can\'t be examined: set "ImportSquashfsRepack", or import an archive.');
  }
  progress.enter('CONVERTING', 'CONVERT');
  const path = join(workDirectory, 'image.squashfs');
  try {
    await copyFile(blob.path, path, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (errnoOf(error) === 'ENOSPC') throw new GatewayError('NO_SPACE', `The disk of ${path} is too full for ${String(file.size)} bytes. Free some room, and import it again.`, { cause: error });
    throw error;
  }
  await chmod(path, system.delivery.fileMode);
  const start = await open(path, 'r');
  try {
    const { buffer } = await start.read(Buffer.alloc(SUPERBLOCK_BYTES), 0, SUPERBLOCK_BYTES, 0);
    const { compressor, inodeCount } = readSuperblock(buffer, file.size);
    return {
      product: { path, size: file.size, sha256: file.digest, packer: `imported (${compressor})`, entryCount: inodeCount },
      tree: undefined,
      changes: ['The squashfs was imported and published as it is: no rule of the system was applied to it.'],
      rules: undefined,
    };
  } finally {
    await start.close();
  }
}
