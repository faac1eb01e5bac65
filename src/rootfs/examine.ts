/**
 * The site's own check of an image, after conversion and before anybody can use it.
 *
 * `classic` is what Shifter sites have: `<program> <directory> <image id>`, with the image unpacked. `hook` needs no
 * unpacking: `<program> <squashfs> <image id>`, and on its standard input the listing, one JSON object a line
 * (WrittenEntry: names in UTF-8, or one character for each byte). Any exit status but 0 refuses the image.
 */
import { mkdir } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { runChild, startChild, type ChildOptions } from '../lib/child.js';
import { abortReason, GatewayError, messageOf } from '../lib/errors.js';
import { removeTree } from '../lib/remove-tree.js';
import { fullDisk, saysFullDisk } from './full-disk.js';
import { listing, listingLine } from './listing.js';
import { Pacer } from './pacer.js';
import type { Tree } from './tree.js';

export interface Examination {
  readonly kind: 'classic' | 'hook';
  readonly command: string;
  readonly timeLimitMs: number;
  readonly imageId: string;
  readonly product: { readonly path: string };
  readonly tree: Tree;
  /** Where a classic examiner finds the image unpacked; made, and removed after. */
  readonly unpackInto: string;
  /** Bounds of the unpacking. */
  readonly unpacking: { readonly processors: number; readonly timeLimitMs: number };
  readonly signal: AbortSignal;
}

/** What is told of the program's words. */
const TAIL_CHARACTERS = 2000;

/** Of most file systems. */
const BLOCK_BYTES = 4096;
/** What a directory needs for an entry, beside its name. */
const ENTRY_BYTES = 24;
/** MiB that unsquashfs keeps of blocks on their way; it would take 256 for each of two queues. */
const QUEUE_MIB = '64';

/** Bytes that the image takes on a disk when it is unpacked: all that a file system stores takes whole blocks. */
export async function unpackedBytes(tree: Tree, signal: AbortSignal): Promise<number> {
  const pacer = new Pacer(signal);
  const seen = new Set<number>();
  let bytes = 0;
  for (const node of tree.walk()) {
    if (pacer.isDue()) await pacer.rest();
    bytes += ENTRY_BYTES + tree.name(node).length;
    const { id, type, size, links } = tree.inode(node);
    if (links > 1 && seen.has(id)) continue;
    if (links > 1) seen.add(id);
    bytes += Math.ceil((type === 'file' ? size : BLOCK_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return bytes;
}

/**
 * @throws GatewayError EXAMINATION_FAILED with the program's last lines; NO_SPACE (naming the directory) or
 *   CONVERSION_FAILED when the image can't be unpacked; INTERNAL when the unpacked image can't be removed; the reason of `signal`. Nothing of the unpacked image is left.
 */
export async function runExaminer(examination: Examination): Promise<void> {
  if (examination.kind === 'hook') return runProgram(examination, examination.product.path, true);
  try {
    await unpack(examination);
    await runProgram(examination, examination.unpackInto, false);
  } catch (error) {
    // The verdict is what is to be told; the directory of the pull is removed again at its end.
    await removeTree(examination.unpackInto).catch(() => {});
    throw error;
  }
  await removeTree(examination.unpackInto);
}

async function unpack({ unpackInto, product, unpacking, signal }: Examination): Promise<void> {
  const bounds = [
    '-processors',
    String(unpacking.processors),
    '-data-queue',
    QUEUE_MIB,
    '-frag-queue',
    QUEUE_MIB,
  ];
  try {
    await mkdir(unpackInto, { mode: 0o700 });
    await runChild({
      command: 'unsquashfs',
      args: ['-quiet', '-no-progress', '-no-xattrs', '-force', ...bounds, '-d', unpackInto, product.path],
      env: { ...process.env, LC_ALL: 'C' },
      signal,
      timeLimitMs: unpacking.timeLimitMs,
      errorCode: 'CONVERSION_FAILED',
      missingCode: 'PACKER_MISSING',
    });
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (saysFullDisk(messageOf(error))) throw await fullDisk(unpackInto, error);
    throw error;
  }
}

async function runProgram(examination: Examination, subject: string, wantsListing: boolean): Promise<void> {
  const { command, imageId, timeLimitMs, signal } = examination;
  const options: ChildOptions = {
    command,
    args: [subject, imageId],
    timeLimitMs,
    signal,
    errorCode: 'EXAMINATION_FAILED',
    stdout: 'pipe',
  };
  const child = startChild({ ...options, stdin: wantsListing ? 'pipe' : 'ignore' });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-TAIL_CHARACTERS);
  });
  if (child.stdin !== null) await sendListing(child.stdin, examination.tree);
  try {
    await child.done;
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    const words = [said.trim(), child.stderrTail().trim().slice(-TAIL_CHARACTERS)]
      .filter((text) => text !== '')
      .join('\n');
    const why = words === '' ? (error as Error).message : words;
    throw new GatewayError('EXAMINATION_FAILED', `The site's examiner refuses this image: ${why}`, {
      cause: error,
    });
  }
}

/** A program that does not read its input to the end is not at fault. */
async function sendListing(stdin: NodeJS.WritableStream, tree: Tree): Promise<void> {
  try {
    for (const entry of listing(tree)) {
      if (stdin.write(listingLine(entry))) continue;
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve);
        stdin.once('close', resolve);
      });
      if (!stdin.writable) return;
    }
    stdin.end();
    await finished(stdin);
  } catch {
    // Its end is told by its exit status.
  }
}
