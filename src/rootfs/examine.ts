/**
 * The site's own check of an image, after conversion and before anybody can use it.
 *
 * `classic` is what Shifter sites have: `<program> <directory> <image id>`, with the image unpacked. `hook` needs no
 * unpacking: `<program> <squashfs> <image id>`, and on its standard input the listing, one JSON object a line
 * (ListedEntry; names that are not UTF-8 carry one character for each byte). Any exit status but 0 refuses the image.
 */
import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { runChild, startChild, type ChildOptions } from '../lib/child.js';
import { abortReason, GatewayError } from '../lib/errors.js';
import { removeTree } from '../lib/remove-tree.js';
import { listing } from './listing.js';
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
  /** Room that unpacking must leave free, in bytes. Default 0. */
  readonly reserveBytes?: number;
  readonly signal: AbortSignal;
}

/** What is told of the program's words. */
const TAIL_CHARACTERS = 2000;

/**
 * @throws GatewayError EXAMINATION_FAILED with the program's last lines; NO_SPACE when the image can't be unpacked;
 *   INTERNAL when the unpacked image can't be removed; the reason of `signal`. Nothing of the unpacked image is left.
 */
export async function runExaminer(examination: Examination): Promise<void> {
  if (examination.kind === 'hook') return runProgram(examination, examination.product.path, true);
  await requireRoom(examination);
  try {
    await mkdir(examination.unpackInto, { mode: 0o700 });
    await runChild({
      command: 'unsquashfs',
      args: [
        '-quiet',
        '-no-progress',
        '-no-xattrs',
        '-force',
        '-d',
        examination.unpackInto,
        examination.product.path,
      ],
      signal: examination.signal,
      timeLimitMs: examination.timeLimitMs,
      errorCode: 'EXAMINATION_FAILED',
      missingCode: 'PACKER_MISSING',
    });
    await runProgram(examination, examination.unpackInto, false);
  } catch (error) {
    // The verdict is what is to be told; the directory of the pull is removed again at its end.
    await removeTree(examination.unpackInto).catch(() => {});
    throw error;
  }
  await removeTree(examination.unpackInto);
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
      if (stdin.write(`${JSON.stringify(entry)}\n`)) continue;
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

async function requireRoom({ unpackInto, tree, reserveBytes = 0 }: Examination): Promise<void> {
  let need = reserveBytes;
  for (const { size } of listing(tree)) need += size;
  const { bavail, bsize } = await statfs(dirname(unpackInto));
  const have = bavail * bsize;
  if (have >= need) return;
  throw new GatewayError(
    'NO_SPACE',
    `The image can't be unpacked for the examiner: ${unpackInto} needs ${String(need)} bytes, and ${String(have)} are free. Free some room there and pull again.`,
  );
}
