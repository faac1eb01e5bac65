import { posix } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { GatewayError, messageOf } from '../lib/errors.js';
import { paddingOf, TarParser, type TarParserLimits } from '../rootfs/tar-parser.js';
import { BLOCK, isZeroBlock } from '../rootfs/tar-entry.js';
import type { ArchiveFiles, Extent } from './archive-files.js';
import { shown, type OpenedPath } from './open-beneath.js';

export interface TarFilesLimits extends TarParserLimits {
  /** Entries of one archive. */
  readonly members: number;
}

/** Links in an archive that lead to one another. */
const MAX_LINKS = 8;

/**
 * Reads the headers of a tar, not its bodies.
 *
 * @throws GatewayError BAD_MANIFEST when it is cut, damaged, or names a file twice; TOO_LARGE with too many entries; the
 *   reason of `signal`.
 */
export async function tarFiles(path: string, { handle, size }: OpenedPath, limits: TarFilesLimits, signal: AbortSignal): Promise<ArchiveFiles> {
  const members = new Map<string, Extent | string>();
  const bad = (why: string, cause?: unknown): GatewayError =>
    new GatewayError('BAD_MANIFEST', `The archive ${shown(path)} can't be read: ${why}.`, cause === undefined ? {} : { cause });
  // Bytes of the body that the parser has just told of.
  let body = 0;
  let count = 0;
  let zeros = 0;
  const parser = new TarParser(
    {
      entry({ name, type, size: stored, linkName, sparse }, offset) {
        if (++count > limits.members) throw new GatewayError('TOO_LARGE', `The archive ${shown(path)} has more than ${String(limits.members)} entries, the limit here ("ImportMembers").`);
        if (sparse !== undefined) throw bad(`${shown(name)} is a sparse file`);
        body = stored;
        const plain = posix.normalize(name);
        if (type === 'file') note(plain, { handle, start: offset, size: stored });
        else if (type === 'hardlink') note(plain, posix.normalize(linkName));
        else if (type === 'symlink') note(plain, posix.normalize(posix.join(posix.dirname(plain), linkName)));
        return false;
      },
    },
    limits,
  );
  function note(name: string, member: Extent | string): void {
    // Two files of one name could be read as two images.
    if (members.has(name)) throw bad(`${shown(name)} is in it twice`);
    members.set(name, member);
  }

  const block = Buffer.alloc(BLOCK);
  try {
    for (let at = 0; at < size;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, BLOCK, at);
      if (bytesRead < BLOCK) throw bad('it is cut in the middle of a header');
      body = 0;
      parser.write(block);
      at += BLOCK;
      // Two of them end an archive (POSIX); what is behind them is nobody's.
      zeros = isZeroBlock(block) ? zeros + 1 : 0;
      if (zeros === 2) break;
      if (body === 0) continue;
      if (at + body > size) throw bad('it is cut in the middle of an entry');
      parser.skip(body);
      const padding = Math.min(paddingOf(body), size - at - body);
      parser.skip(padding);
      at += body + padding;
    }
    parser.end();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'BAD_LAYER') throw bad(messageOf(error), error);
    throw error;
  }

  return {
    find(name) {
      let found = members.get(name);
      // A target outside of the archive is in no map.
      for (let links = 0; typeof found === 'string' && links < MAX_LINKS; links++) found = members.get(found);
      return Promise.resolve(typeof found === 'string' ? undefined : found);
    },
    close: () => handle.close(),
  };
}

/** True when the file begins like a tar. */
export async function looksLikeTar(handle: FileHandle): Promise<boolean> {
  const block = Buffer.alloc(BLOCK);
  const { bytesRead } = await handle.read(block, 0, BLOCK, 0);
  return bytesRead === BLOCK && block.toString('latin1', 257, 262) === 'ustar';
}
