/** The merged image as a list, for examiners and reports. */
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
  /** Of symbolic links; else empty. */
  readonly linkTarget: string;
}

/** Every path, parents first, in the order of the bytes. The root is not among them. */
export function* listing(tree: Tree): Generator<ListedEntry, void, undefined> {
  for (const node of tree.walk()) {
    const { type, mode, uid, gid, size, linkTarget } = tree.inode(node);
    yield { path: tree.path(node), type, mode, uid, gid, size: type === 'file' ? size : 0, linkTarget };
  }
}
