/** The merged image as a list, for examiners and reports. */
import { isUtf8 } from 'node:buffer';
import type { InodeType } from './inodes.js';
import type { Tree } from './tree.js';

export interface ListedEntry {
  /** From the root, without a leading `/`; bytes, one unit each. */
  readonly path: string;
  readonly type: InodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes, 0 for what is no file. */
  readonly size: number;
  /** Of symbolic links, bytes as the path; else empty. */
  readonly linkTarget: string;
}

/** As a program gets it. */
export interface WrittenEntry extends ListedEntry {
  /** `bytes`: the path or the target is no UTF-8, and both have one character for each byte. */
  readonly encoding: 'utf-8' | 'bytes';
}

/** Every path, parents first, in the order of the bytes. The root is not among them. */
export function* listing(tree: Tree): Generator<ListedEntry, void, undefined> {
  for (const node of tree.walk()) {
    const { type, mode, uid, gid, size, linkTarget } = tree.inode(node);
    yield { path: tree.path(node), type, mode, uid, gid, size: type === 'file' ? size : 0, linkTarget };
  }
}

/** The line of an entry: a JSON object (WrittenEntry), in UTF-8. */
export function listingLine(entry: ListedEntry): string {
  const path = Buffer.from(entry.path, 'latin1');
  const target = Buffer.from(entry.linkTarget, 'latin1');
  const written: WrittenEntry =
    isUtf8(path) && isUtf8(target)
      ? { ...entry, path: path.toString('utf8'), linkTarget: target.toString('utf8'), encoding: 'utf-8' }
      : { ...entry, encoding: 'bytes' };
  return `${JSON.stringify(written)}\n`;
}
